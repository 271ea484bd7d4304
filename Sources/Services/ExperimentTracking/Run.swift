// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The name of a run: 32 hexadecimal digits, made here.
package struct RunID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// - Returns: `nil` for what is no 32 lower-case hexadecimal digits.
    package init?(_ text: String) {
        guard isHexadecimal(text.utf8, count: 32) else { return nil }
        self.text = text
    }

    package init(random generator: inout some RandomNumberGenerator) { text = randomHexadecimal(&generator) }

    package var description: String { text }
}

/// One training, or anything else that was recorded.
package struct RunInfo: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        case running = "RUNNING"
        case scheduled = "SCHEDULED"
        case finished = "FINISHED"
        case failed = "FAILED"
        case killed = "KILLED"
    }

    package let id: RunID
    package let experiment: ExperimentID
    package var name: String
    /// Who the client says that it is.
    package let user: String
    package var status: Status
    /// Milliseconds since 1970, as the client says.
    package let startedAt: Int64
    package var endedAt: Int64?
    package let isDeleted: Bool

    package init(
        id: RunID, experiment: ExperimentID, name: String, user: String, status: Status, startedAt: Int64,
        endedAt: Int64?, isDeleted: Bool
    ) {
        self.id = id
        self.experiment = experiment
        self.name = name
        self.user = user
        self.status = status
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.isDeleted = isDeleted
    }
}

/// A run with what was recorded in it.
package struct Run: Sendable {
    package let info: RunInfo
    /// The latest point of each metric, by key: that of the greatest step, then time, then value.
    package var metrics: [MetricPoint] = []
    package var params: [KeyedText] = []
    package var tags: [KeyedText] = []
    package var datasets: [DatasetInput] = []
    package var inputModels: [LoggedModelID] = []
    package var outputModels: [ModelOutput] = []

    package init(info: RunInfo) { self.info = info }
}

/// One measurement of one metric.
package struct MetricPoint: Sendable, Hashable {
    package let key: String
    /// Any number, NaN and the infinities among them.
    package let value: Double
    /// Milliseconds since 1970, as the client says.
    package let timestamp: Int64
    /// May be negative.
    package let step: Int64
    /// The logged model that was measured.
    package var model: LoggedModelID?
    /// What it was measured on.
    package var dataset: DatasetKey?

    package init(
        key: String, value: Double, timestamp: Int64, step: Int64, model: LoggedModelID? = nil,
        dataset: DatasetKey? = nil
    ) {
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
        self.model = model
        self.dataset = dataset
    }

    /// Whether this is the point to show for its metric, when `other` is the one so far.
    package func isNewer(than other: MetricPoint) -> Bool {
        if step != other.step { return step > other.step }
        if timestamp != other.timestamp { return timestamp > other.timestamp }
        return value > other.value || other.value.isNaN
    }
}

/// What tells the data sets of an experiment apart.
package struct DatasetKey: Sendable, Hashable {
    package let name: String
    package let digest: String

    package init(name: String, digest: String) {
        self.name = name
        self.digest = digest
    }
}

/// A data set that a run read, as the client describes it.
package struct DatasetInput: Sendable, Hashable {
    package let key: DatasetKey
    package let sourceType: String
    package let source: String
    package let schema: String?
    package let profile: String?
    /// By key; `mlflow.data.context` says what it was read for.
    package let tags: [KeyedText]

    package init(
        key: DatasetKey, sourceType: String, source: String, schema: String?, profile: String?, tags: [KeyedText]
    ) {
        self.key = key
        self.sourceType = sourceType
        self.source = source
        self.schema = schema
        self.profile = profile
        self.tags = tags
    }

    /// The tag that says what a data set was read for.
    package static let contextTag = "mlflow.data.context"
}

/// A logged model that a run made, and at which step.
package struct ModelOutput: Sendable, Hashable {
    package let model: LoggedModelID
    package let step: Int64

    package init(model: LoggedModelID, step: Int64) {
        self.model = model
        self.step = step
    }
}

func isHexadecimal(_ digits: some Collection<UInt8>, count: Int) -> Bool {
    digits.count == count && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

func randomHexadecimal(_ generator: inout some RandomNumberGenerator) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let random = (0..<32).map { _ in digits[Int(generator.next(upperBound: UInt(16)))] }
    return String(decoding: random, as: UTF8.self)
}

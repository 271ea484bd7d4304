// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The name of a logged model: `m-` and 32 hexadecimal digits, made here.
package struct LoggedModelID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        guard text.hasPrefix("m-"), isHexadecimal(text.utf8.dropFirst(2), count: 32) else { return nil }
        self.text = text
    }

    package init(random generator: inout some RandomNumberGenerator) { text = "m-" + randomHexadecimal(&generator) }

    package var description: String { text }
}

/// A model that a run logged, with its files, before or without being registered.
package struct LoggedModel: Sendable {
    package enum Status: String, Sendable, CaseIterable {
        case pending = "LOGGED_MODEL_PENDING"
        case ready = "LOGGED_MODEL_READY"
        case uploadFailed = "LOGGED_MODEL_UPLOAD_FAILED"
    }

    package let id: LoggedModelID
    package let experiment: ExperimentID
    package let name: String
    package let type: String
    package let sourceRun: RunID?
    package let status: Status
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package var isDeleted = false
    package var params: [KeyedText] = []
    package var tags: [KeyedText] = []
    /// Each with the run that measured it; the latest for each metric and data set.
    package var metrics: [(point: MetricPoint, run: RunID)] = []

    package init(
        id: LoggedModelID, experiment: ExperimentID, name: String, type: String, sourceRun: RunID?, status: Status,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.experiment = experiment
        self.name = name
        self.type = type
        self.sourceRun = sourceRun
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

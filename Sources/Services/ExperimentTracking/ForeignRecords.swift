// SPDX-License-Identifier: Apache-2.0

/// What another store has recorded, as it is brought here: with its ids and its times, which are milliseconds since 1970.
///
/// The command that reads it sends it to the server as it is.
package struct ForeignExperiment: Sendable, Codable, Equatable {
    package var name: String
    package var createdAt: Int64
    package var updatedAt: Int64
    package var isDeleted: Bool
    package var tags: [String: String]

    package init(name: String, createdAt: Int64, updatedAt: Int64, isDeleted: Bool, tags: [String: String]) {
        self.name = name
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.isDeleted = isDeleted
        self.tags = tags
    }
}

/// A run without the points of its metrics, which come by themselves.
package struct ForeignRun: Sendable, Codable, Equatable {
    package var id: String
    /// The number of its experiment here.
    package var experiment: Int64 = 0
    package var name = ""
    package var user = ""
    package var status = RunInfo.Status.finished.rawValue
    package var startedAt: Int64 = 0
    package var endedAt: Int64?
    package var isDeleted = false
    package var params: [String: String] = [:]
    package var tags: [String: String] = [:]
    package var datasets: [ForeignDataset] = []
    package var inputModels: [String] = []
    package var outputModels: [ForeignOutput] = []

    package init(id: String) { self.id = id }
}

package struct ForeignDataset: Sendable, Codable, Equatable {
    package var name: String
    package var digest: String
    package var sourceType: String
    package var source: String
    package var schema: String?
    package var profile: String?
    package var tags: [String: String]

    package init(
        name: String, digest: String, sourceType: String, source: String, schema: String?, profile: String?,
        tags: [String: String]
    ) {
        self.name = name
        self.digest = digest
        self.sourceType = sourceType
        self.source = source
        self.schema = schema
        self.profile = profile
        self.tags = tags
    }
}

package struct ForeignOutput: Sendable, Codable, Equatable {
    package var model: String
    package var step: Int64

    package init(model: String, step: Int64) {
        self.model = model
        self.step = step
    }
}

/// One measurement; its value is a text, because JSON has no NaN.
package struct ForeignPoint: Sendable, Codable, Equatable {
    package var value: String
    package var timestamp: Int64
    package var step: Int64

    package init(value: Double, timestamp: Int64, step: Int64) {
        self.value = value.description
        self.timestamp = timestamp
        self.step = step
    }
}

/// Points of one metric, and how many of it come before them.
package struct ForeignPoints: Sendable, Codable, Equatable {
    package var key: String
    package var offset: Int
    package var points: [ForeignPoint]

    package init(key: String, offset: Int, points: [ForeignPoint]) {
        self.key = key
        self.offset = offset
        self.points = points
    }
}

package struct ForeignLoggedModel: Sendable, Codable, Equatable {
    package var id: String
    /// The number of its experiment here.
    package var experiment: Int64 = 0
    package var name = ""
    package var type = ""
    package var sourceRun: String?
    package var status = LoggedModel.Status.ready.rawValue
    package var createdAt: Int64 = 0
    package var updatedAt: Int64 = 0
    package var params: [String: String] = [:]
    package var tags: [String: String] = [:]
    package var metrics: [Metric] = []

    package struct Metric: Sendable, Codable, Equatable {
        package var run: String
        package var key: String
        package var point: ForeignPoint
        package var datasetName: String?
        package var datasetDigest: String?

        package init(run: String, key: String, point: ForeignPoint, datasetName: String?, datasetDigest: String?) {
            self.run = run
            self.key = key
            self.point = point
            self.datasetName = datasetName
            self.datasetDigest = datasetDigest
        }
    }

    package init(id: String) { self.id = id }
}

/// A registered model with all its versions.
package struct ForeignModel: Sendable, Codable, Equatable {
    package var name: String
    package var description: String?
    package var createdAt: Int64 = 0
    package var updatedAt: Int64 = 0
    package var tags: [String: String] = [:]
    /// Numbers of versions.
    package var aliases: [String: Int] = [:]
    package var versions: [ForeignVersion] = []

    package init(name: String) { self.name = name }
}

package struct ForeignVersion: Sendable, Codable, Equatable {
    package var number: Int
    package var description: String?
    package var createdAt: Int64 = 0
    package var updatedAt: Int64 = 0
    package var stage = "None"
    /// As it is there; what is sent here is a place of this server, or of a remote store.
    package var source: String?
    package var run: String?
    package var runLink: String?
    package var loggedModel: String?
    package var tags: [String: String] = [:]

    package init(number: Int) { self.number = number }
}

/// Names of files, whose contents are here already.
package struct ForeignArtifacts: Sendable, Codable, Equatable {
    package var artifacts: [File]

    package struct File: Sendable, Codable, Equatable {
        package var path: String
        package var digest: String
        package var byteCount: Int

        package init(path: String, digest: String, byteCount: Int) {
            self.path = path
            self.digest = digest
            self.byteCount = byteCount
        }
    }

    package init(artifacts: [File]) { self.artifacts = artifacts }
}

/// What came of something that was brought.
package struct ImportOutcome: Sendable, Codable, Equatable {
    /// Whether it was not here before.
    package var isNew: Bool
    /// The number that an experiment has here, or how many points, files or versions are new.
    package var number: Int64

    package init(isNew: Bool, number: Int64 = 0) {
        self.isNew = isNew
        self.number = number
    }
}

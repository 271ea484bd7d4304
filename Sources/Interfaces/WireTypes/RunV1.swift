// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
internal import ModelDomain

/// What runs are grouped by.
package struct ExperimentV1: Codable, Sendable, Equatable {
    package let id: String
    package let name: String
    package let project: String
    package let deleted: Bool
    /// RFC 3339.
    package let createdAt: String
    package let updatedAt: String
    package let tags: [String: String]

    package init(_ experiment: Experiment) {
        id = experiment.id.description
        name = experiment.name
        project = experiment.project.rawValue
        deleted = experiment.isDeleted
        createdAt = experiment.createdAt.text
        updatedAt = experiment.updatedAt.text
        tags = experiment.tags.byKey
    }
}

/// A run with what was recorded in it.
package struct RunV1: Codable, Sendable, Equatable {
    package let id: String
    package let name: String
    package let experiment: String
    package let user: String
    package let status: String
    package let deleted: Bool
    /// RFC 3339, as the client said.
    package let startedAt: String
    package let endedAt: String?
    package let params: [String: String]
    /// The latest point of each.
    package let metrics: [Metric]
    package let tags: [String: String]
    package let datasets: [Dataset]
    /// Logged models that it made.
    package let models: [String]

    package struct Metric: Codable, Sendable, Equatable {
        package let key: String
        /// `nil` for what is not finite: then `text` says what it is.
        package let value: Double?
        package let text: String
        package let step: Int64
    }

    package struct Dataset: Codable, Sendable, Equatable {
        package let name: String
        package let digest: String
        package let context: String?
    }

    package init(_ run: Run) {
        id = run.info.id.text
        name = run.info.name
        experiment = run.info.experiment.description
        user = run.info.user
        status = run.info.status.rawValue
        deleted = run.info.isDeleted
        startedAt = Timestamp(milliseconds: run.info.startedAt).text
        endedAt = run.info.endedAt.map { Timestamp(milliseconds: $0).text }
        params = run.params.byKey
        metrics = run.metrics.map {
            Metric(key: $0.key, value: $0.value.isFinite ? $0.value : nil, text: "\($0.value)", step: $0.step)
        }
        tags = run.tags.byKey
        datasets = run.datasets.map { dataset in
            Dataset(
                name: dataset.key.name, digest: dataset.key.digest,
                context: dataset.tags.first { $0.key == DatasetInput.contextTag }?.value)
        }
        models = run.outputModels.map(\.model.text)
    }
}

/// Part of a search for runs.
package struct RunsV1: Codable, Sendable, Equatable {
    package let runs: [RunV1]
    /// Where the next part begins; `nil` at the end.
    package let nextOffset: Int?

    package init(_ page: SearchPage<Run>) {
        runs = page.items.map(RunV1.init)
        nextOffset = page.nextOffset
    }
}

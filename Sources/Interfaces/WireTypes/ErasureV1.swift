// SPDX-License-Identifier: Apache-2.0

/// Whom to erase: what is sent to `/v1/erasures`.
package struct EraseSubjectV1: Codable, Sendable {
    /// As requests had it.
    package let subject: String
    package let project: String?
    /// Only say what there is.
    package let dryRun: Bool?

    package init(subject: String, project: String?, dryRun: Bool?) {
        self.subject = subject
        self.project = project
        self.dryRun = dryRun
    }
}

/// Where somebody was found, and what became of it.
package struct ErasureV1: Codable, Sendable {
    package struct Predictions: Codable, Sendable {
        package let endpoint: String
        package let predictions: Int
        package let rows: Int
        package let first: String
        package let last: String

        package init(endpoint: String, predictions: Int, rows: Int, first: String, last: String) {
            self.endpoint = endpoint
            self.predictions = predictions
            self.rows = rows
            self.first = first
            self.last = last
        }
    }

    /// A file that has the value, and is not changed.
    package struct Finding: Codable, Sendable {
        /// `dataset` or `bundle`.
        package let kind: String
        package let name: String
        package let path: String?

        package init(kind: String, name: String, path: String?) {
            self.kind = kind
            self.name = name
            self.path = path
        }
    }

    /// A version that was trained on data which has the value.
    package struct Model: Codable, Sendable {
        package let name: String
        package let dataset: String
        package let endpoint: String?

        package init(name: String, dataset: String, endpoint: String?) {
            self.name = name
            self.dataset = dataset
            self.endpoint = endpoint
        }
    }

    package let applied: Bool
    package let reference: String?
    package let predictions: [Predictions]
    package let labels: Int
    package let waitingLabels: Int
    package let alerts: [Int]
    package let findings: [Finding]
    package let models: [Model]
    package let gaps: [String]

    package init(
        applied: Bool, reference: String?, predictions: [Predictions], labels: Int, waitingLabels: Int, alerts: [Int],
        findings: [Finding], models: [Model], gaps: [String]
    ) {
        self.applied = applied
        self.reference = reference
        self.predictions = predictions
        self.labels = labels
        self.waitingLabels = waitingLabels
        self.alerts = alerts
        self.findings = findings
        self.models = models
        self.gaps = gaps
    }
}

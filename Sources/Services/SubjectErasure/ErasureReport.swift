// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where somebody was found, and what became of it.
package struct ErasureReport: Sendable {
    /// Predictions of one endpoint in the log of this server.
    package struct Predictions: Sendable {
        package let endpoint: EndpointName
        package internal(set) var count = 0
        package internal(set) var rowCount = 0
        package internal(set) var first: Timestamp
        package internal(set) var last: Timestamp
    }

    /// A file that has the value, and is not changed: what it belongs to says what it is by its digest.
    package struct Finding: Sendable, Hashable {
        package enum Kind: String, Sendable {
            case dataset, bundle
        }

        package let kind: Kind
        /// `churn@3`.
        package let name: String
        /// Inside a bundle.
        package let path: String?
    }

    /// A version that was trained on data which has the value.
    package struct Model: Sendable, Hashable {
        package let name: String
        package let dataset: String
        /// Where it answers now.
        package let endpoint: String?
    }

    /// Whether nothing was changed.
    package let isDryRun: Bool
    /// What stood for the subject; `nil` where nothing was kept under a key of its own.
    package internal(set) var reference: String?
    /// By endpoint.
    package internal(set) var predictions: [Predictions] = []
    package internal(set) var labelCount = 0
    package internal(set) var waitingLabelCount = 0
    /// Alerts that name the value, by number.
    package internal(set) var alerts: [Int] = []
    package internal(set) var findings: [Finding] = []
    package internal(set) var models: [Model] = []
    /// What could not be looked into, and why.
    package internal(set) var gaps: [String] = []
}

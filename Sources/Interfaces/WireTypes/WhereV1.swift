// SPDX-License-Identifier: Apache-2.0

/// `GET /v1/where`: what contains a file, a library or training data.
package struct WhereV1: Codable, Sendable, Equatable {
    /// A version that answers at an endpoint, or that is registered.
    package struct Place: Codable, Sendable, Equatable {
        /// Absent for a version that answers nowhere.
        package let endpoint: String?
        package let project: String
        package let model: String
        package let version: Int
        /// `live`, `cold`, `wanted` or `registered`.
        package let state: String

        package init(endpoint: String?, project: String, model: String, version: Int, state: String) {
            self.endpoint = endpoint
            self.project = project
            self.model = model
            self.version = version
            self.state = state
        }
    }

    package struct Finding: Codable, Sendable, Equatable {
        /// `file`, `library`, `engine`, `data` or `dataset`.
        package let kind: String
        /// In the bundle, or of the document that says so.
        package let path: String
        package let what: String
        package let why: String

        package init(kind: String, path: String, what: String, why: String) {
            self.kind = kind
            self.path = path
            self.what = what
            self.why = why
        }
    }

    package struct Match: Codable, Sendable, Equatable {
        package let place: Place
        /// `sha256:…`
        package let bundle: String?
        package let findings: [Finding]

        package init(place: Place, bundle: String?, findings: [Finding]) {
            self.place = place
            self.bundle = bundle
            self.findings = findings
        }
    }

    /// What could not be looked into, so that it may contain what was looked for.
    package struct Gap: Codable, Sendable, Equatable {
        package let place: Place
        package let reason: String

        package init(place: Place, reason: String) {
            self.place = place
            self.reason = reason
        }
    }

    package let matches: [Match]
    package let notExamined: [Gap]
    /// How many versions were looked into; one counts for each endpoint that it answers at.
    package let examined: Int

    package init(matches: [Match], notExamined: [Gap], examined: Int) {
        self.matches = matches
        self.notExamined = notExamined
        self.examined = examined
    }
}

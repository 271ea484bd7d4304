// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A version that answers somewhere, or that only is registered.
package struct ExaminedPlace: Sendable, Hashable {
    package enum State: String, Sendable {
        /// It answers.
        case live
        /// The first request has it loaded.
        case cold
        /// It is wanted there, and does not answer: the next start may bring it back.
        case wanted
        /// It answers nowhere.
        case registered
    }

    /// `nil` for what answers nowhere.
    package let endpoint: EndpointName?
    package let model: ModelReference
    package let number: Int
    package let state: State

    package init(endpoint: EndpointName?, model: ModelReference, number: Int, state: State) {
        self.endpoint = endpoint
        self.model = model
        self.number = number
        self.state = state
    }
}

/// What was found in a version, and what tells so.
package struct ContentFinding: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case file, library, engine, data, dataset
    }

    package let kind: Kind
    /// In the bundle, or of the document that says so.
    package let path: String
    /// `sha256:…`, `numpy 1.26.4`, `churn-train@0a1b2c3d`.
    package let what: String
    /// In words.
    package let why: String
}

/// What a search came to. What could not be looked into is said, and never left out silently.
package struct ContentReport: Sendable {
    package struct Match: Sendable {
        package let place: ExaminedPlace
        package let bundle: Digest?
        /// For everything that was looked for at least one.
        package let findings: [ContentFinding]
    }

    package struct Gap: Sendable {
        package let place: ExaminedPlace
        package let reason: String
    }

    /// By endpoint, then model and version.
    package let matches: [Match]
    package let gaps: [Gap]
    /// How many versions were looked into, those with gaps among them; one counts for each endpoint that it answers at.
    package let examined: Int
}

// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain

/// What happened to an endpoint, for the log.
package struct RolloutEvent: Sendable {
    package enum Kind: String, Sendable {
        case proven, refused, switched, drained, fellBack, removed, configured, repacked, evicted
    }

    package let kind: Kind
    /// `nil` for what concerns a model only.
    package let endpoint: EndpointName?
    package let model: ModelReference
    package let version: Int
    /// The verdict, or the reason.
    package let summary: String
    /// The rows that differ.
    package let details: [String]
}

/// What a deployment or a rollback did.
package struct DeploymentOutcome: Sendable {
    package let state: EndpointState
    package let deployment: Deployment
    /// The version that answered before; `nil` for a new endpoint.
    package let replaced: Int?
    /// Whether the endpoint answered with this version already, so that nothing was changed.
    package let unchanged: Bool
    /// What became of that version; `nil` when nothing was replaced.
    package private(set) var drained: DrainedVersion?

    func with(_ drained: DrainedVersion?) -> DeploymentOutcome {
        var outcome = self
        outcome.drained = drained
        return outcome
    }
}

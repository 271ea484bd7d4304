// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

package struct DeploymentV1: Codable, Sendable, Equatable {
    package let generation: Int
    package let model: String
    package let version: Int
    /// The generation that a rollback brought back.
    package let restores: Int?
    package let createdAt: String
    package let createdBy: String

    package init(_ deployment: Deployment) {
        generation = deployment.generation
        model = deployment.model.description
        version = deployment.version
        restores = deployment.restores
        createdAt = deployment.createdAt.text
        createdBy = deployment.createdBy
    }
}

/// `POST /v1/endpoints/{name}/deployments`.
package struct DeployV1: Codable, Sendable, Equatable {
    package let project: String?
    package let model: String
    /// A number, `@alias`, or the digest of a bundle.
    package let version: String
    package let reason: String?
    /// Settings of the endpoint to change with it, as people write them; others stay.
    package let settings: [String: String]?

    package init(
        project: String?, model: String, version: String, reason: String?, settings: [String: String]? = nil
    ) {
        self.project = project
        self.model = model
        self.version = version
        self.reason = reason
        self.settings = settings
    }
}

/// `PATCH /v1/endpoints/{name}`.
package struct ConfigureEndpointV1: Codable, Sendable, Equatable {
    /// As people write them; those that are not given stay.
    package let settings: [String: String]
    /// Whether those that are not given become the standard ones instead.
    package let reset: Bool?
    package let reason: String?

    package init(settings: [String: String], reset: Bool?, reason: String?) {
        self.settings = settings
        self.reset = reset
        self.reason = reason
    }
}

/// `POST /v1/endpoints/{name}/rollback`.
package struct RollBackV1: Codable, Sendable, Equatable {
    package let reason: String?

    package init(reason: String?) { self.reason = reason }
}

/// What a deployment or a rollback did.
package struct DeployedV1: Codable, Sendable, Equatable {
    package let endpoint: EndpointV1
    package let deployment: DeploymentV1
    /// The version that answered before; absent for a new endpoint.
    package let replacedVersion: Int?
    /// Whether the endpoint answered with this version already, so that nothing was changed.
    package let unchanged: Bool
    /// How that version ended; absent when nothing was replaced.
    package let drained: DrainedV1?

    package init(
        endpoint: EndpointV1, deployment: DeploymentV1, replacedVersion: Int?, unchanged: Bool,
        drained: DrainedV1? = nil
    ) {
        self.endpoint = endpoint
        self.deployment = deployment
        self.replacedVersion = replacedVersion
        self.unchanged = unchanged
        self.drained = drained
    }
}

/// How a version ended that was replaced.
package struct DrainedV1: Codable, Sendable, Equatable {
    package let version: Int
    /// Predictions that it took while it was live.
    package let accepted: Int
    /// Those of them that were answered, failures included.
    package let answered: Int
    /// From the switch to the last answer.
    package let milliseconds: Int
    /// Whether its model is gone and the system has the memory back.
    package let memoryReturned: Bool
    /// All of this as a sentence.
    package let summary: String

    package init(
        version: Int, accepted: Int, answered: Int, milliseconds: Int, memoryReturned: Bool, summary: String
    ) {
        self.version = version
        self.accepted = accepted
        self.answered = answered
        self.milliseconds = milliseconds
        self.memoryReturned = memoryReturned
        self.summary = summary
    }

    /// For people.
    package var line: String { "version \(version): \(summary)" }
}

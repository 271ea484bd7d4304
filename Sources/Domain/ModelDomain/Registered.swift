// SPDX-License-Identifier: Apache-2.0

/// A model of a project, by name.
package struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    package let project: ProjectName
    package let name: ModelName

    package init(project: ProjectName = .standard, name: ModelName) {
        self.project = project
        self.name = name
    }

    package var description: String { project == .standard ? "\(name)" : "\(project)/\(name)" }
}

/// A namespace for models and endpoints, and what tokens can be confined to.
package struct ProjectRecord: Sendable, Hashable {
    package let name: ProjectName
    package let createdAt: Timestamp
    package let modelCount: Int
    package let endpointCount: Int
    /// Tokens that are for this project and no other.
    package let tokenCount: Int
    /// Experiments that somebody made, or in which something was recorded.
    package let experimentCount: Int
    package let datasetCount: Int

    package init(
        name: ProjectName, createdAt: Timestamp, modelCount: Int, endpointCount: Int, tokenCount: Int,
        experimentCount: Int = 0, datasetCount: Int = 0
    ) {
        self.name = name
        self.createdAt = createdAt
        self.modelCount = modelCount
        self.endpointCount = endpointCount
        self.tokenCount = tokenCount
        self.experimentCount = experimentCount
        self.datasetCount = datasetCount
    }

    /// Whether nothing is in it.
    package var isEmpty: Bool {
        [modelCount, endpointCount, tokenCount, experimentCount, datasetCount].allSatisfy { $0 == 0 }
    }
}

/// A number of a model that points to an immutable bundle.
package struct ModelVersion: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable { case pending, ready, failed }

    package let model: ModelReference
    /// From 1; never used again.
    package let number: Int
    /// `nil` for a version that has no bundle yet.
    package let bundle: Digest?
    package let provenance: Digest?
    package let status: Status
    package let origin: ExampleOrigin?
    package let createdAt: Timestamp
    package let createdBy: String

    package init(
        model: ModelReference, number: Int, bundle: Digest?, provenance: Digest?, status: Status,
        origin: ExampleOrigin?, createdAt: Timestamp, createdBy: String
    ) {
        self.model = model
        self.number = number
        self.bundle = bundle
        self.provenance = provenance
        self.status = status
        self.origin = origin
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}

/// A name that answers, and the deployment that is wanted there.
package struct EndpointRecord: Sendable, Hashable {
    package let project: ProjectName
    package let name: EndpointName
    package let createdAt: Timestamp
    /// The newest deployment; generations count from 1 and only grow.
    package let current: Deployment
    /// Limits and placement: of the endpoint, whichever version answers.
    package let settings: EndpointSettings

    package init(
        project: ProjectName, name: EndpointName, createdAt: Timestamp, current: Deployment,
        settings: EndpointSettings = .standard
    ) {
        self.project = project
        self.name = name
        self.createdAt = createdAt
        self.current = current
        self.settings = settings
    }
}

/// One revision of an endpoint: which version it answers with.
package struct Deployment: Sendable, Hashable {
    package let generation: Int
    package let model: ModelReference
    package let version: Int
    /// The generation that a rollback brought back; `nil` for a plain deployment.
    package let restores: Int?
    /// The generation whose state this one replaced as the way back; `nil` when there is none.
    package let base: Int?
    package let createdAt: Timestamp
    package let createdBy: String

    package init(
        generation: Int, model: ModelReference, version: Int, restores: Int?, base: Int?, createdAt: Timestamp,
        createdBy: String
    ) {
        self.generation = generation
        self.model = model
        self.version = version
        self.restores = restores
        self.base = base
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    /// The generation whose state this deployment has.
    package var effective: Int { restores ?? generation }
}

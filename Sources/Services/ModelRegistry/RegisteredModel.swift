// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What people say of a model, beside its versions.
package struct RegisteredModel: Sendable, Hashable {
    package let reference: ModelReference
    package let description: String?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// By key.
    package let tags: [KeyedText]

    package init(
        reference: ModelReference, description: String?, createdAt: Timestamp, updatedAt: Timestamp, tags: [KeyedText]
    ) {
        self.reference = reference
        self.description = description
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tags = tags
    }
}

/// A version, and what people say of it: where its files are from, what stage it is in.
package struct VersionRecord: Sendable, Hashable {
    package let version: ModelVersion
    package let registration: Registration
    package let updatedAt: Timestamp
    package let stage: Stage
    package let description: String?
    /// By key.
    package let tags: [KeyedText]
    /// By name.
    package let aliases: [AliasName]

    package init(
        version: ModelVersion, registration: Registration, updatedAt: Timestamp, stage: Stage, description: String?,
        tags: [KeyedText], aliases: [AliasName]
    ) {
        self.version = version
        self.registration = registration
        self.updatedAt = updatedAt
        self.stage = stage
        self.description = description
        self.tags = tags
        self.aliases = aliases
    }
}

/// Where a version comes from that a client of MLflow registered.
package struct Registration: Sendable, Hashable {
    /// `models:/m-…`, `runs:/…/model` or `mlflow-artifacts:/…`, as the client said.
    package var source: String?
    /// The run that made it.
    package var run: String?
    package var runLink: String?
    package var loggedModel: String?

    package init(source: String? = nil, run: String? = nil, runLink: String? = nil, loggedModel: String? = nil) {
        self.source = source
        self.run = run
        self.runLink = runLink
        self.loggedModel = loggedModel
    }
}

/// MLflow's word for how far a version is; aliases have taken its place.
package enum Stage: String, Sendable, CaseIterable {
    case none = "None"
    case staging = "Staging"
    case production = "Production"
    case archived = "Archived"

    /// In any case.
    package init?(anyCase text: String) {
        guard let stage = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            return nil
        }
        self = stage
    }
}

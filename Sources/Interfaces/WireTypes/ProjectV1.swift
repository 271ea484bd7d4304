// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A namespace for models and endpoints.
package struct ProjectV1: Codable, Sendable, Equatable {
    package let name: String
    /// RFC 3339.
    package let createdAt: String
    /// How many models, endpoints, and tokens for it alone there are.
    package let models: Int
    package let endpoints: Int
    package let tokens: Int

    package init(_ project: ProjectRecord) {
        name = project.name.rawValue
        createdAt = project.createdAt.text
        models = project.modelCount
        endpoints = project.endpointCount
        tokens = project.tokenCount
    }
}

/// `POST /v1/projects`.
package struct CreateProjectV1: Codable, Sendable, Equatable {
    package let name: String

    package init(name: String) { self.name = name }
}

// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

/// Tokens and projects.
extension SlipwayClient {
    /// Oldest first: those that this client's own token may see.
    package func tokens() async throws -> [TokenV1] {
        try await value([TokenV1].self, of: Call(path: "/v1/tokens"))
    }

    package func createToken(_ token: CreateTokenV1) async throws -> IssuedTokenV1 {
        try await value(IssuedTokenV1.self, of: try Call(path: "/v1/tokens").posting(token))
    }

    package func revokeToken(_ id: TokenID) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/tokens/\(id)"))
    }

    /// - Parameter grace: How long the old token holds on; `nil` for not at all.
    package func rotateToken(_ id: TokenID, grace: Lifetime?) async throws -> IssuedTokenV1 {
        let body = RotateTokenV1(grace: grace?.description)
        return try await value(IssuedTokenV1.self, of: try Call(path: "/v1/tokens/\(id)/rotation").posting(body))
    }

    /// By name.
    package func projects() async throws -> [ProjectV1] {
        try await value([ProjectV1].self, of: Call(path: "/v1/projects"))
    }

    /// The project, whether or not it was there.
    package func createProject(_ name: ProjectName) async throws -> ProjectV1 {
        try await value(
            ProjectV1.self, of: try Call(path: "/v1/projects").posting(CreateProjectV1(name: name.rawValue)))
    }

    package func removeProject(_ name: ProjectName) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/projects/\(name)"))
    }
}

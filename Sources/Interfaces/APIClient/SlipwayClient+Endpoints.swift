// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

extension SlipwayClient {
    package func endpoints() async throws -> [EndpointV1] {
        try await value([EndpointV1].self, of: Call(path: "/v1/endpoints"))
    }

    package func endpoint(_ name: EndpointName) async throws -> EndpointHistoryV1 {
        try await value(EndpointHistoryV1.self, of: Call(path: "/v1/endpoints/\(name)"))
    }

    /// Has an endpoint answer with a version, once it has proved itself there. May take minutes.
    package func deploy(_ deployment: DeployV1, to endpoint: EndpointName) async throws -> DeployedV1 {
        try await value(
            DeployedV1.self,
            of: try Call(path: "/v1/endpoints/\(endpoint)/deployments").posting(deployment, patience: .minutes(30)))
    }

    /// Goes back to the version before. May take minutes, because that one proves itself again.
    package func rollBack(_ endpoint: EndpointName, reason: String?) async throws -> DeployedV1 {
        try await value(
            DeployedV1.self,
            of: try Call(path: "/v1/endpoints/\(endpoint)/rollback")
                .posting(RollBackV1(reason: reason), patience: .minutes(30)))
    }

    package func configureEndpoint(
        _ name: EndpointName, _ configuration: ConfigureEndpointV1
    ) async throws -> EndpointV1 {
        var call = try Call(path: "/v1/endpoints/\(name)").posting(configuration)
        call.method = .PATCH
        return try await value(EndpointV1.self, of: call)
    }

    package func removeEndpoint(_ name: EndpointName) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/endpoints/\(name)"))
    }
}

extension SlipwayClient {
    /// The manifest of the version that answers, and rows that it was proven with.
    ///
    /// - Parameter count: The most examples, 1 to 1000.
    /// - Returns: JSON as it came: `{"manifest": …, "examples": [{"inputs": …, "outputs": …}, …]}`.
    package func examples(of endpoint: EndpointName, count: Int) async throws -> [UInt8] {
        try await answer(to: Call(path: "/v1/endpoints/\(endpoint)/examples", query: [("count", String(count))])).body
    }
}

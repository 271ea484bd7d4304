// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

extension SlipwayClient {
    package func models() async throws -> [ModelV1] {
        try await value([ModelV1].self, of: Call(path: "/v1/registry/models"))
    }

    package func model(_ model: ModelReference) async throws -> ModelV1 {
        try await value(ModelV1.self, of: Call(path: "/v1/registry/models/\(model.name)", query: query(model.project)))
    }

    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func version(_ version: String, of model: ModelReference) async throws -> ModelVersionV1 {
        try await value(
            ModelVersionV1.self,
            of: Call(path: "/v1/registry/models/\(model.name)/versions/\(version)", query: query(model.project)))
    }

    /// `graph.json` of a version.
    ///
    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func graph(of model: ModelReference, version: String) async throws -> [UInt8] {
        try await answer(
            to: Call(
                path: "/v1/registry/models/\(model.name)/versions/\(version)/graph", query: query(model.project))
        ).body
    }

    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func provenance(of model: ModelReference, version: String) async throws -> ProvenanceV1 {
        try await value(
            ProvenanceV1.self,
            of: Call(
                path: "/v1/registry/models/\(model.name)/versions/\(version)/provenance", query: query(model.project)))
    }

    /// Makes a bundle whose contents are on the server already a version of `model`.
    package func registerVersion(
        of model: ModelReference, manifest: Digest, provenance: Digest
    ) async throws -> ModelVersionV1 {
        let body = RegisterVersionV1(
            project: model.project.rawValue, manifest: manifest.description, provenance: provenance.description)
        return try await value(
            ModelVersionV1.self,
            of: try Call(path: "/v1/registry/models/\(model.name)/versions")
                .posting(body, patience: .minutes(10)))
    }

    package func setAlias(_ alias: AliasName, of model: ModelReference, to version: Int) async throws {
        var call = try Call(path: aliasPath(alias, of: model), query: query(model.project))
            .posting(SetAliasV1(version: version))
        call.method = .PUT
        _ = try await answer(to: call)
    }

    package func removeAlias(_ alias: AliasName, of model: ModelReference) async throws {
        _ = try await answer(
            to: Call(method: .DELETE, path: aliasPath(alias, of: model), query: query(model.project)))
    }

    private func aliasPath(_ alias: AliasName, of model: ModelReference) -> String {
        "/v1/registry/models/\(model.name)/aliases/\(alias)"
    }

    private func query(_ project: ProjectName) -> [(name: String, value: String)] {
        project == .standard ? [] : [("project", project.rawValue)]
    }
}

extension SlipwayClient.Call {
    /// The same call with a JSON body.
    func posting(_ body: some Encodable, patience: TimeAmount? = nil) throws -> Self {
        var call = self
        call.method = .POST
        call.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        call.contentType = "application/json"
        call.patience = patience ?? self.patience
        return call
    }
}

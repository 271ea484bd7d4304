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
        try await value(
            ModelV1.self, of: Call(path: "/v1/registry/models/\(segment(model.name))", query: query(model.project)))
    }

    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func version(_ version: String, of model: ModelReference) async throws -> ModelVersionV1 {
        try await value(
            ModelVersionV1.self,
            of: Call(
                path: "/v1/registry/models/\(segment(model.name))/versions/\(version)", query: query(model.project)))
    }

    /// `graph.json` of a version.
    ///
    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func graph(of model: ModelReference, version: String) async throws -> [UInt8] {
        try await answer(
            to: Call(
                path: "/v1/registry/models/\(segment(model.name))/versions/\(version)/graph",
                query: query(model.project))
        ).body
    }

    /// - Parameter version: A number, `@alias` or `sha256:…`.
    package func provenance(of model: ModelReference, version: String) async throws -> ProvenanceV1 {
        try await value(
            ProvenanceV1.self,
            of: Call(
                path: "/v1/registry/models/\(segment(model.name))/versions/\(version)/provenance",
                query: query(model.project)))
    }

    /// The files of a version that a client of MLflow registered.
    ///
    /// - Parameter version: A number or `@alias`.
    package func registeredFiles(of model: ModelReference, version: String) async throws -> RegisteredFilesV1 {
        try await value(
            RegisteredFilesV1.self,
            of: Call(
                path: "/v1/registry/models/\(segment(model.name))/versions/\(version)/files",
                query: query(model.project)))
    }

    /// Fetches a file of a run or a logged model, piece by piece.
    ///
    /// - Parameter place: As ``registeredFiles(of:version:)`` names it.
    package func artifact(_ place: String, _ take: (_ piece: [UInt8]) throws -> Void) async throws {
        let path = place.split(separator: "/").map { segment(String($0)) }.joined(separator: "/")
        try await stream(Call(path: "/api/2.0/mlflow-artifacts/artifacts/\(path)", patience: .hours(24)), take)
    }

    /// Makes a bundle whose contents are on the server already a version of `model`.
    ///
    /// - Parameters:
    ///   - number: A version that was registered without a bundle; the next one when `nil`.
    ///   - run: The run that it came of.
    package func registerVersion(
        of model: ModelReference, manifest: Digest, provenance: Digest, as number: Int? = nil, run: String? = nil
    ) async throws -> ModelVersionV1 {
        let body = RegisterVersionV1(
            project: model.project.rawValue, manifest: manifest.description, provenance: provenance.description,
            version: number, run: run)
        return try await value(
            ModelVersionV1.self,
            of: try Call(path: "/v1/registry/models/\(segment(model.name))/versions")
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
        "/v1/registry/models/\(segment(model.name))/aliases/\(segment(alias))"
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

/// A name as it stands in a path.
func segment(_ name: some GivenName) -> String { segment(name.rawValue) }

func segment(_ text: String) -> String {
    text.utf8.reduce(into: "") { path, byte in
        let isPlain =
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "-_.~".utf8.contains(byte)
        path +=
            isPlain
            ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

/// Versions with their lineage.
extension SlipwayClient {
    /// `model.json` of a version.
    ///
    /// - Parameter version: A number or `@alias`.
    package func exportDocument(of model: ModelReference, version: String) async throws -> [UInt8] {
        try await answer(
            to: Call(
                path: "\(place(model, version))/export", query: [("project", model.project.rawValue)],
                patience: .minutes(30), answerLimit: 1 << 30)
        ).body
    }

    /// A content that it names, piece by piece.
    package func exported(
        _ digest: Digest, of model: ModelReference, version: String, _ take: (_ piece: [UInt8]) throws -> Void
    ) async throws {
        try await stream(
            Call(
                path: "\(place(model, version))/export/\(digest)", query: [("project", model.project.rawValue)],
                patience: .hours(24)), take)
    }

    /// Has the server take in a version whose document and contents it holds.
    package func importModel(_ document: Digest, as model: ModelReference) async throws -> ImportedModelV1 {
        var call = try Call(path: "/v1/registry/models/\(segment(model.name))/imports").posting(
            ImportModelV1(document: document.description), patience: .minutes(30))
        call.query = [("project", model.project.rawValue)]
        return try await value(ImportedModelV1.self, of: call)
    }

    private func place(_ model: ModelReference, _ version: String) -> String {
        "/v1/registry/models/\(segment(model.name))/versions/\(version)"
    }
}

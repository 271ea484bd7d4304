// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import NIOCore

/// `/v1/endpoints/{endpoint}/examples`: rows that the live version was proven with, to try it and to measure it.
struct EndpointExamplesRoute: Sendable {
    /// The most bytes of examples in an answer.
    private static let byteLimit = 16 << 20

    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/endpoints/:endpoint/examples", needs: .view, of: .endpoint,
                "The manifest and the first examples of the version that answers.",
                query: [("count", "How many, 1 to 1000; 100 without it.")], use: list)
        ]
    }

    /// `GET /v1/endpoints/{endpoint}/examples?count=100` → `{"manifest": …, "examples": […]}`, both as the bundle has
    /// them; problem `REG-003` or `SRV-001`.
    @Sendable private func list(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let count = try request.queryNumber("count", in: 1...1000, standard: 100)
        let state = try administration.inference.table.endpoint(name.rawValue)
        guard let bundle = try await version(of: state).bundle else {
            throw Refusal(
                .contentMissing, .notFound, "The version that answers at “\(name)” has no bundle.",
                hint: "Deploy it again.")
        }
        let bytes = try await administration.blobs.read(bundle, limit: Self.byteLimit)
        let manifest = try BundleManifest(manifest: bytes)
        var body = ByteBuffer(string: "{\"manifest\":")
        body.writeBytes(bytes)
        body.writeString(",\"examples\":[")
        if let proof = manifest.proof, let file = manifest.file(proof.examples) {
            let lines = try await administration.blobs.read(file.digest, limit: ExampleFormat.byteLimit)
            let start = body.readableBytes
            var isFirst = true
            for line in lines.split(separator: 0x0A, maxSplits: count).prefix(count) {
                guard body.readableBytes - start + line.count <= Self.byteLimit else { break }
                if !isFirst { body.writeString(",") }
                body.writeBytes(line)
                isFirst = false
            }
        }
        body.writeString("]}")
        return Response(
            status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
    }

    /// Examples are in the bundle: no model is loaded to read them.
    private func version(of state: EndpointState) async throws -> ModelVersion {
        guard state.isCold else { return try state.ready().version }
        let current = state.record.current
        return try await administration.registry.version(.number(current.version), of: current.model)
    }
}

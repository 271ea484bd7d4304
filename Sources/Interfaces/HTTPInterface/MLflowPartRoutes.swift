// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import MLflowInterface
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// `/api/2.0/mlflow-artifacts/mpu/…`: large files in parts, which MLflow's client sends side by side.
struct MLflowPartRoutes: Sendable {
    let parts: MLflowParts
    let gate: MLflowGate
    let maxByteCount: Int

    private static let roots = ["/api/2.0/mlflow-artifacts/mpu", "/ajax-api/2.0/mlflow-artifacts/mpu"]

    /// Whether bodies sent to a path may be as large as contents.
    static func isUpload(_ path: Substring) -> Bool { roots.contains { path.hasPrefix($0 + "/parts/") } }

    var routes: [AdministrationRoute] {
        Self.roots.flatMap { root in
            [
                post(root, "create") { folder, fields, caller, request in
                    .mlflow(
                        try await parts.begin(
                            in: folder, fields, at: address(of: request), project: caller.project))
                },
                post(root, "complete") { folder, fields, caller, _ in
                    try await parts.complete(in: folder, fields, project: caller.project)
                    return .mlflow([:])
                },
                post(root, "abort") { folder, fields, caller, _ in
                    try await parts.abort(in: folder, fields, project: caller.project)
                    return .mlflow([:])
                },
                // The client sends no token to these addresses, but what it was told with them.
                AdministrationRoute(.put, "\(root)/parts/:upload/:number", access: .open, "", use: part),
            ]
        }
    }

    private func post(
        _ root: String, _ step: String,
        _ answer:
            @escaping @Sendable (String, MLflowFields, MLflowGate.Caller, Request) async throws -> Response
    ) -> AdministrationRoute {
        AdministrationRoute(.post, "\(root)/\(step)/**", access: .open, "") { request, context in
            let caller = try gate.caller(of: request, context, needs: .develop)
            let folder = try artifactPath(of: request, below: "\(root)/\(step)")
            return try await answer(folder, try await mlflowFields(of: request), caller, request)
        }
    }

    @Sendable private func part(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let secret = HTTPField.Name(MLflowParts.secretHeader).flatMap { request.headers[$0] }
        let ticket = PartUploads.Ticket(
            upload: try context.parameters.require("upload"), secret: secret ?? "")
        let digest = try await parts.take(
            Int(try context.parameters.require("number")) ?? 0, of: ticket,
            BlobChunks(body: request.body, maxByteCount: maxByteCount))
        var response = Response.mlflow([:])
        response.headers[.eTag] = "\"\(digest.hex)\""
        return response
    }

    /// Where the client reaches this server, as it says itself: it is told so, and nobody else.
    private func address(of request: Request) throws -> String {
        let proxy = ["X-Forwarded-Proto", "X-Forwarded-Host"].map { name in
            HTTPField.Name(name).flatMap { request.headers[$0] }
        }
        let scheme = proxy[0] ?? request.head.scheme ?? "http"
        guard let host = proxy[1] ?? request.head.authority, ["http", "https"].contains(scheme), !host.isEmpty,
            host.utf8.count <= 255,
            host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-:[]_".contains($0)) })
        else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "The request does not say how this server is reached.",
                hint: "Send a Host header; a proxy may send X-Forwarded-Host and X-Forwarded-Proto.")
        }
        return "\(scheme)://\(host)"
    }
}

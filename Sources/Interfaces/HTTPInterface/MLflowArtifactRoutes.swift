// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import MLflowInterface
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// `/api/2.0/mlflow-artifacts/…`: files of runs and logged models, streamed into the store of contents and out of it.
struct MLflowArtifactRoutes: Sendable {
    let artifacts: MLflowArtifacts
    let gate: MLflowGate
    let maxByteCount: Int

    /// Below it a path follows, which the framework is not asked about: it is read from the target as it came.
    private static let roots = ["/api/2.0/mlflow-artifacts/artifacts", "/ajax-api/2.0/mlflow-artifacts/artifacts"]

    /// Whether bodies sent to a path may be as large as contents.
    static func isUpload(_ path: Substring) -> Bool { roots.contains { path.hasPrefix($0 + "/") } }

    var routes: [AdministrationRoute] {
        Self.roots.flatMap { root in
            [
                AdministrationRoute(.get, root, access: .open, "", use: list),
                AdministrationRoute(.get, "\(root)/**", access: .open, "") { request, context in
                    let caller = try gate.caller(of: request, context, needs: .view)
                    return try await download(artifactPath(of: request, below: root), caller, request)
                },
                AdministrationRoute(.put, "\(root)/**", access: .open, "") { request, context in
                    let caller = try gate.caller(of: request, context, needs: .develop)
                    try await artifacts.upload(
                        artifactPath(of: request, below: root),
                        BlobChunks(body: request.body, maxByteCount: maxByteCount), in: caller.project)
                    return .mlflow([:])
                },
                AdministrationRoute(.delete, "\(root)/**", access: .open, "") { request, context in
                    let caller = try gate.caller(of: request, context, needs: .develop)
                    try await artifacts.delete(artifactPath(of: request, below: root), in: caller.project)
                    return .mlflow([:])
                },
            ]
        } + pages
    }

    /// What MLflow's own pages ask for.
    private var pages: [AdministrationRoute] {
        ["/get-artifact", "/model-versions/get-artifact"].map { path in
            AdministrationRoute(.get, path, access: .open, "") { request, context in
                let caller = try gate.caller(of: request, context, needs: .view)
                let fields = try MLflowFields(query: request.uri.query)
                return try await download(artifacts.path(fields, in: caller.project), caller, request)
            }
        }
            + ["/api", "/ajax-api"].flatMap { root in
                [
                    AdministrationRoute(
                        .get, "\(root)/2.0/mlflow/logged-models/:model_id/artifacts/files", access: .open, ""
                    ) { request, context in
                        let caller = try gate.caller(of: request, context, needs: .view)
                        let fields = try MLflowFields(query: request.uri.query)
                        let path = try await artifacts.path(
                            fields, model: context.parameters.get("model_id"), in: caller.project)
                        return try await download(path, caller, request)
                    },
                    AdministrationRoute(.post, "\(root)/2.0/mlflow/upload-artifact", access: .open, "") {
                        request, context in
                        let caller = try gate.caller(of: request, context, needs: .develop)
                        let fields = try MLflowFields(query: request.uri.query)
                        try await artifacts.upload(
                            artifacts.path(fields, in: caller.project),
                            BlobChunks(body: request.body, maxByteCount: MLflowRoutes.bodyLimit), in: caller.project)
                        return .mlflow([:])
                    },
                ]
            }
    }

    @Sendable private func list(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let caller = try gate.caller(of: request, context, needs: .view)
        return .mlflow(
            try await artifacts.list(MLflowFields(query: request.uri.query), in: caller.project))
    }

    private func download(
        _ path: String, _ caller: MLflowGate.Caller, _ request: Request
    ) async throws -> Response {
        let (artifact, pieces) = try await artifacts.download(path, in: caller.project)
        let count = artifact.byteCount
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .eTag: "\"\(artifact.content.hex)\"",
            .contentDisposition: "attachment", .acceptRanges: "bytes",
        ]
        // Somebody's page among the files must not run as one of ours.
        if let name = HTTPField.Name("X-Content-Type-Options") { headers[name] = "nosniff" }
        let range = askedRange(request.headers[.range], of: count)
        if let range { headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)" }
        let wanted = range ?? 0..<count
        headers[.contentLength] = String(wanted.count)
        return Response(
            status: range == nil ? .ok : .partialContent, headers: headers,
            body: ResponseBody(contentLength: wanted.count) { writer in
                var position = 0
                while position < wanted.upperBound, let piece = try await pieces() {
                    let part = wanted.clamped(to: position..<position + piece.count)
                    if !part.isEmpty {
                        let bytes = piece[part.lowerBound - position..<part.upperBound - position]
                        try await writer.write(ByteBuffer(bytes: bytes))
                    }
                    position += piece.count
                }
                try await writer.finish(nil)
            })
    }
}

/// What stands behind `root` in the target, decoded once.
func artifactPath(of request: Request, below root: String) throws -> String {
    guard let path = String(request.uri.path.dropFirst(root.count + 1)).removingPercentEncoding else {
        throw Refusal(
            .artifactUnknown, .invalidInput, "The path of the artifact is not encoded as UTF-8.",
            hint: "Encode it with percent signs.")
    }
    return path
}

/// `bytes=2-5`, `bytes=2-` or `bytes=-4` of so many bytes; `nil` for everything, also where several parts are asked for, as
/// a server may answer (RFC 9110, 14.2).
private func askedRange(_ header: String?, of count: Int) -> Range<Int>? {
    guard let header, header.hasPrefix("bytes=") else { return nil }
    let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.isEmpty || Int($0) != nil }), ends != ["", ""] else { return nil }
    let range: (Int, Int) =
        if ends[0].isEmpty {
            (max(0, count - (Int(ends[1]) ?? 0)), count)
        } else {
            (Int(ends[0]) ?? 0, min(count, (Int(ends[1]) ?? count - 1).addingReportingOverflow(1).partialValue))
        }
    return range.0 >= 0 && range.0 < range.1 ? range.0..<range.1 : nil
}

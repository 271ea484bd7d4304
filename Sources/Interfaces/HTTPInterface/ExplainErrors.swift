// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import Logging
internal import MLflowInterface
internal import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import Tensors
internal import WireTypes

/// Answers every failure of administration with `application/problem+json` (RFC 9457), or in the words of the Open
/// Inference Protocol under its own paths, and logs each request once.
struct ExplainErrors: RouterMiddleware {
    typealias Context = AdministrationContext

    let routes: [AdministrationRoute]
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            // The framework answers what is no HTTP, and closes.
            throw error
        } catch {
            response = try answer(error, to: request)
        }
        let duration = start.duration(to: .now) / .milliseconds(1)
        logger.info(
            "request",
            metadata: [
                "http.method": "\(request.method.rawValue)", "http.path": "\(loggedPath(of: request))",
                "http.status": "\(response.status.code)", "actor": "\(context.requester.name ?? "-")",
                "duration.ms": "\(duration)",
            ])
        return response
    }

    /// Without what stands where the id of a token belongs, unless it is one: it may be the token itself.
    private func loggedPath(of request: Request) -> String {
        let parts = request.uri.path.split(separator: "/")
        guard parts.count > 2, parts[0] == "v1", parts[1] == "tokens", TokenID(String(parts[2])) == nil else {
            return String(request.uri.path.prefix(500))
        }
        return "/v1/tokens/…"
    }

    private func answer(_ error: any Error, to request: Request) throws -> Response {
        if let error = error as? HTTPError, error.status == .notFound { return unknown(request) }
        let explanation = explain(error)
        if explanation.kind == .bug {
            logger.error(
                "request failed",
                metadata: [
                    "http.path": "\(loggedPath(of: request))", "error.code": "\(explanation.code.rawValue)",
                    "error.detail": "\(String(reflecting: error))",
                ])
        }
        return failure(explanation, at: request.uri.path)
    }

    private func explain(_ error: any Error) -> Explanation {
        switch error {
        case is NIOTooManyBytesError:
            Explanation(
                .limitExceeded, .tooLarge, "The body is larger than \(Request.administrationBodyLimit) bytes.",
                hint: "Contents go to /v1/blobs; administration bodies are small.")
        case let error as DecodingError:
            Explanation(
                .bodySyntax, .invalidInput, "The body is not the JSON that this call takes: \(error.place).",
                hint: "See the reference of this call.")
        default: explanation(of: error)
        }
    }

    /// No route has this path, or none this method.
    private func unknown(_ request: Request) -> Response {
        let path = request.uri.path
        let methods = routes.filter { $0.matches(path) }.map(\.method.rawValue).sorted()
        guard !methods.isEmpty else {
            if isMLflow(path) { return mlflowFailure(explainUnknownCall(path)) }
            return failure(
                Explanation(
                    .routeUnknown, .notFound, "Nothing is at \(path.prefix(200)).",
                    hint: "See /openapi.json. Administration is under /v1: status, registry, endpoints, blobs, tokens, "
                        + "projects, ledger, logs."
                ),
                at: path)
        }
        let allowed = methods.joined(separator: ", ")
        var response = failure(
            Explanation(
                .methodNotAllowed, .invalidInput, "\(path.prefix(200)) does not take \(request.method.rawValue).",
                hint: "It takes \(allowed)."),
            status: .methodNotAllowed, at: path)
        response.headers[.allow] = allowed
        return response
    }

    /// A failure in the words of those who call `path`.
    private func failure(
        _ explanation: Explanation, status: HTTPResponse.Status? = nil, at path: String
    ) -> Response {
        if isMLflow(path) { return mlflowFailure(explanation, status: status?.code) }
        let status = status ?? HTTPResponse.Status(code: explanation.kind.httpStatus)
        let isProblem = !path.hasPrefix("/v2/")
        var headers: HTTPFields = [.contentType: isProblem ? "application/problem+json" : "application/json"]
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if status == .serviceUnavailable { headers[.retryAfter] = "1" }
        let body =
            isProblem
            ? problemBody(explanation, status: status.code)
            : [UInt8](JSONValue.object(explanation.inferenceProtocolMembers).text.utf8)
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}

private func isMLflow(_ path: String) -> Bool {
    ["/api/", "/ajax-api/"].contains { path.hasPrefix($0) }
        || ["/get-artifact", "/model-versions/get-artifact"].contains(path)
}

/// A failure in the words of MLflow's clients.
private func mlflowFailure(_ explanation: Explanation, status: Int? = nil) -> Response {
    let failure = MLflowFailure(explanation, status: status)
    let status = HTTPResponse.Status(code: failure.status)
    var headers: HTTPFields = [.contentType: "application/json"]
    if status == .unauthorized { headers[.wwwAuthenticate] = "Basic realm=\"mlflow\"" }
    if status == .serviceUnavailable { headers[.retryAfter] = "1" }
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: failure.body)))
}

extension DecodingError {
    /// Where decoding stopped, and why, without the body.
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, _): "“\(key.stringValue)” is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "“\(context.codingPath.map(\.stringValue).joined(separator: "."))” has another type"
        case .dataCorrupted: "it is no JSON"
        @unknown default: "it cannot be read"
        }
    }
}

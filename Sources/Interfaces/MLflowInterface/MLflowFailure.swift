// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// A failure in MLflow's words.
package struct MLflowFailure: Sendable {
    package let status: Int
    package let body: [UInt8]

    /// The client repeats what is answered with 408, 429, 500, 502, 503 or 504 for minutes: only what may do better later
    /// is answered so.
    ///
    /// - Parameter status: Where it says more than the kind of the failure does.
    package init(_ explanation: Explanation, status: Int? = nil) {
        let (name, usual) = mlflowCode(explanation)
        self.status = status ?? usual
        let message = explanation.hint.map { "\(explanation.message) \($0)" } ?? explanation.message
        body = [UInt8](
            JSONValue.record([
                ("error_code", .string(name)), ("message", .string(message)),
                ("code", .string(explanation.code.rawValue)), ("page", .string(explanation.code.page)),
            ]).text.utf8)
    }
}

private func mlflowCode(_ explanation: Explanation) -> (name: String, status: Int) {
    switch (explanation.code, explanation.kind) {
    case (.nameTaken, _): ("RESOURCE_ALREADY_EXISTS", 400)
    // Asking for an alias that is not there is a mistake in the call, as MLflow has it.
    case (.aliasUnknown, _): ("INVALID_PARAMETER_VALUE", 400)
    case (.notImplemented, _): ("NOT_IMPLEMENTED", 501)
    case (.routeUnknown, _): ("ENDPOINT_NOT_FOUND", 404)
    case (.bodySyntax, .invalidInput): ("BAD_REQUEST", 400)
    case (.tokenRefused, _) where explanation.details.contains { $0.name == "needs" }: ("PERMISSION_DENIED", 403)
    case (.diskFull, _), (.notWritable, _): ("RESOURCE_EXHAUSTED", 507)
    case (_, .notFound): ("RESOURCE_DOES_NOT_EXIST", 404)
    case (_, .invalidInput): ("INVALID_PARAMETER_VALUE", 400)
    case (_, .tooLarge): ("REQUEST_LIMIT_EXCEEDED", 413)
    case (_, .conflict): ("RESOURCE_CONFLICT", 409)
    case (_, .denied): ("UNAUTHENTICATED", 401)
    case (_, .callerLimited): ("REQUEST_LIMIT_EXCEEDED", 429)
    case (_, .overloaded), (_, .unavailable), (_, .deadlineExceeded), (_, .memoryShort):
        ("TEMPORARILY_UNAVAILABLE", 503)
    case (_, .bug): ("INTERNAL_ERROR", 500)
    }
}

/// Parts of MLflow's API that this server knows of and does not have, by the beginning of their paths.
private let unsupportedCalls = [
    "traces", "unified-traces", "get-online-trace-details", "datasets", "scorers", "webhooks", "review-queues",
    "issues",
    "label-schemas", "gateway", "workspaces", "prompt-optimization", "jobs", "artifacts/presigned-upload-url",
    "artifacts/presigned-download-url",
]

/// Why nothing answers at a path of MLflow's API.
///
/// - Parameter path: `/api/2.0/mlflow/traces/search`
package func explainUnknownCall(_ path: String) -> Explanation {
    let parts = path.split(separator: "/", maxSplits: 3)
    let call = parts.count == 4 && parts[2] == "mlflow" ? String(parts[3]) : ""
    let isKnown =
        unsupportedCalls.contains { call == $0 || call.hasPrefix($0 + "/") }
        || path.contains("/mlflow-artifacts/presigned/")
    guard isKnown else {
        return Explanation(
            .routeUnknown, .notFound, "Nothing is at \(path.prefix(200)).",
            hint: "docs/reference/mlflow.md lists the calls that are there.")
    }
    return Explanation(
        .notImplemented, .invalidInput, "\(path.prefix(200)) is not implemented by this server.",
        hint: "docs/reference/mlflow.md lists what is there, and what is not.")
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import Tensors

/// What was asked and answered.
extension SlipwayClient {
    /// Which predictions are wanted. As texts, since the server reads and refuses them.
    package struct PredictionSearch: Sendable {
        package var endpoint: EndpointName?
        package var from: Timestamp?
        package var to: Timestamp?
        package var version: Int?
        package var status: String?
        package var key: String?
        package var principal: String?

        package init() {}

        fileprivate var options: [(name: String, value: String)] {
            [
                ("endpoint", endpoint?.rawValue), ("from", from?.text), ("to", to?.text),
                ("version", version.map(String.init)), ("status", status), ("key", key), ("principal", principal),
            ].compactMap { name, value in value.map { (name, $0) } }
        }
    }

    /// A page of them, newest first.
    ///
    /// - Parameters:
    ///   - before: The `next` of the page before.
    ///   - withTypes: Whether to say what types their columns have: each way once in which those differ.
    package func predictions(
        _ search: PredictionSearch, limit: Int, before: String? = nil, withTypes: Bool = false
    ) async throws -> (predictions: [JSONValue], next: String?, types: [JSONValue]) {
        let place = [("before", before), ("types", withTypes ? "true" : nil)].compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        let page = try await document(
            Call(
                path: "/v1/predictions", query: search.options + [("limit", String(limit))] + place,
                patience: .minutes(10), answerLimit: 1 << 30))
        return (page["predictions"]?.elements ?? [], page["next"]?.string, page["types"]?.elements ?? [])
    }

    /// A prediction by its id: JSON, as it came.
    package func prediction(_ id: PredictionID) async throws -> JSONValue {
        try await document(Call(path: "/v1/predictions/\(id)", patience: .minutes(10)))
    }

    /// What a prediction came of.
    package func receipt(_ id: PredictionID) async throws -> JSONValue {
        try await document(Call(path: "/v1/predictions/\(id)/receipt", patience: .minutes(10)))
    }

    /// Computes a prediction again.
    ///
    /// - Parameter other: `MODEL@VERSION` to compute with, in the place of what answered.
    package func replay(_ id: PredictionID, with other: String?) async throws -> JSONValue {
        try await document(
            Call(
                method: .POST, path: "/v1/predictions/\(id)/replay", query: other.map { [("with", $0)] } ?? [],
                patience: .minutes(30)))
    }

    /// Computes predictions again, newest first.
    package func replay(_ search: PredictionSearch, limit: Int, with other: String?) async throws -> JSONValue {
        try await document(
            Call(
                method: .POST, path: "/v1/replays",
                query: search.options + [("limit", String(limit))] + (other.map { [("with", $0)] } ?? []),
                patience: .minutes(60), answerLimit: 1 << 30))
    }

    private func document(_ call: Call) async throws -> JSONValue {
        var limits = CodecLimits.standard
        (limits.maxBodyBytes, limits.maxElements) = (1 << 30, 1 << 28)
        return try JSONValue.parse(try await answer(to: call).body, limits: limits)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import Tensors

/// Labels, and what they say.
extension SlipwayClient {
    /// Sends labels: a part of a file in its own form.
    ///
    /// - Parameters:
    ///   - type: `text/csv` or `application/jsonl`.
    ///   - endpoint: For labels that do not name theirs.
    /// - Returns: Counts and problems, as the server answers.
    package func sendFeedback(_ bytes: [UInt8], type: String, endpoint: EndpointName?) async throws -> JSONValue {
        let call = Call(
            method: .POST, path: "/v1/feedback", query: endpoint.map { [("endpoint", $0.rawValue)] } ?? [],
            body: .bytes(ByteBuffer(bytes: bytes)), contentType: type, patience: .minutes(30))
        return try JSONValue.parse(try await answer(to: call).body)
    }

    /// Rows worth labelling.
    package func labelSample(of endpoint: EndpointName, by choice: String, count: Int, since: Timestamp?) async throws
        -> [JSONValue]
    {
        var query = [("by", choice), ("count", String(count))]
        if let since { query.append(("since", since.text)) }
        let call = Call(
            path: "/v1/endpoints/\(endpoint)/sample", query: query.map { (name: $0.0, value: $0.1) },
            patience: .minutes(30), answerLimit: 1 << 30)
        var limits = CodecLimits.standard
        (limits.maxBodyBytes, limits.maxElements) = (1 << 30, 1 << 28)
        return try JSONValue.parse(try await answer(to: call).body, limits: limits)["rows"]?.elements ?? []
    }

    /// Quality for the time of the predictions.
    package func quality(
        of endpoint: EndpointName, version: Int?, since: Timestamp?, by period: String
    ) async throws -> JSONValue {
        let query = [("version", version.map(String.init)), ("since", since?.text), ("by", period)]
        let call = Call(
            path: "/v1/endpoints/\(endpoint)/quality",
            query: query.compactMap { name, value in value.map { (name: name, value: $0) } }, patience: .minutes(30),
            answerLimit: 1 << 28)
        return try JSONValue.parse(try await answer(to: call).body)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1

extension SlipwayClient {
    static let predictionIDHeader = "slipway-prediction-id"

    /// An answer to rows, as it came: numbers that nobody decoded are exact.
    package struct Prediction: Sendable {
        /// Leads to everything about this answer.
        package let id: String?
        /// JSON: `{"id": …, "model": …, "version": …, "proven": …, "predictions": […]}`.
        package let body: [UInt8]
    }

    /// - Parameter rows: JSON: an array of objects, or one object.
    package func predict(_ endpoint: EndpointName, rows: [UInt8]) async throws -> Prediction {
        try await predict(endpoint, rows, contentType: "application/json")
    }

    /// - Parameter rows: A table with a header.
    package func predictCSV(_ endpoint: EndpointName, rows: [UInt8]) async throws -> Prediction {
        try await predict(endpoint, rows, contentType: "text/csv")
    }

    /// What each column of rows contributed to the answers: JSON, as `docs/how-to/explain-a-prediction.md` shows it.
    ///
    /// - Parameter options: `output`, `method` and `budget`.
    package func explain(
        _ endpoint: EndpointName, rows: [UInt8], isCSV: Bool, options: [(name: String, value: String)]
    ) async throws -> [UInt8] {
        try await answer(
            to: Call(
                method: .POST, path: "/v1/endpoints/\(endpoint)/explain", query: options,
                body: .bytes(ByteBuffer(bytes: rows)), contentType: isCSV ? "text/csv" : "application/json",
                patience: .minutes(10), answerLimit: 1 << 30)
        ).body
    }

    private func predict(
        _ endpoint: EndpointName, _ rows: [UInt8], contentType: String
    ) async throws -> Prediction {
        let answer = try await answer(
            to: Call(
                method: .POST, path: "/v1/endpoints/\(endpoint)/predict", body: .bytes(ByteBuffer(bytes: rows)),
                contentType: contentType, patience: .minutes(10), answerLimit: 1 << 30))
        return Prediction(id: answer.headers.first(name: Self.predictionIDHeader), body: answer.body)
    }
}

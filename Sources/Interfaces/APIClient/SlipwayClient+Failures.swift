// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
internal import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import WireTypes

extension SlipwayClient {
    /// Why there is no answer.
    func failure(_ error: any Error, during call: Call) -> Refusal {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded:
            Refusal(
                .serverUnreachable, .unavailable,
                "The server at \(url) did not answer within \(call.patience.nanoseconds / 1_000_000_000) seconds.",
                hint: "See what it does with `slipway logs`; what was asked for may still be done.")
        case let error as HTTPClientError where error == .bodyLengthMismatch:
            Refusal(
                .contentDiffers, .conflict, "A file changed while it was sent.",
                hint: "Try again when nothing writes to it.")
        case is NIOTooManyBytesError:
            Refusal(
                .limitExceeded, .tooLarge, "The answer of \(url) has more than \(call.answerLimit) bytes.",
                hint: "Ask for less at a time.")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            Refusal(
                .serverUnreachable, .unavailable, "The server at \(url) closed the connection before it answered.",
                hint: "See `slipway status`, and try again.")
        default:
            Refusal(
                .serverUnreachable, .unavailable, "No server answers at \(url).",
                hint: "Start one with `slipway serve`, or name another with --server.",
                details: [.init("reason", reason(error))])
        }
    }

    /// What a failure says of itself. The address of a failed connection is in it; a token never is.
    private func reason(_ error: any Error) -> String {
        guard let failed = error as? NIOConnectionError else { return String(String(describing: error).prefix(300)) }
        let first = failed.connectionErrors.first.map { String(describing: $0.error) }
        return String((first ?? failed.dnsAError.map { String(describing: $0) } ?? "the name is not known").prefix(300))
    }

    /// What the server says went wrong.
    func refusal(in answer: Answer) -> Refusal {
        guard let problem = try? JSONDecoder().decode(ProblemV1.self, from: Data(answer.body)) else {
            return Refusal(
                .serverUnreachable, .unavailable,
                "\(url) answered with status \(answer.status) and no explanation.",
                hint: "Check that a Slipway server is there, and nothing in between answers for it.")
        }
        let explanation = problem.explanation
        guard let id = answer.headers.first(name: Self.predictionIDHeader) else { return Refusal(explanation) }
        return Refusal(
            explanation.code, explanation.kind, explanation.message, hint: explanation.hint,
            details: explanation.details + [.init("prediction id", id)])
    }

    /// Decodes a success.
    func value<Value: Decodable>(_ type: Value.Type, of call: Call) async throws -> Value {
        let answer = try await answer(to: call)
        do {
            return try JSONDecoder().decode(type, from: Data(answer.body))
        } catch {
            throw Refusal(
                .serverUnreachable, .unavailable, "The answer of \(url) cannot be read.",
                hint: "This is \(Product.nameAndVersion); see with `slipway doctor` which version the server is.",
                details: [.init("asked for", call.path)])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import Synchronization

/// A server, as seen by those who call it: one method for each route.
///
/// Every method throws what the server explained, in its words; `SYS-005` when nothing answers there.
package struct SlipwayClient: Sendable {
    /// `http://127.0.0.1:8080`, without a slash at its end.
    package let url: String
    /// What is shown to the server; letters, digits and signs only.
    package let token: String?
    private let http: HTTPClient

    /// - Throws: `SYS-008` when `url` is no http or https address, or the certificates to trust cannot be read.
    package init(url: String, token: String?, trust: ServerTrust = .system) throws(Refusal) {
        let trimmed = String(url.reversed().drop { $0 == "/" }.reversed())
        guard let parts = URLComponents(string: trimmed), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw Refusal(
                .optionRefused, .invalidInput, "“\(url.prefix(200))” is no server address.",
                hint: "Write it as http://HOST:PORT.")
        }
        self.url = trimmed
        // A line break in a header would let a token write further headers.
        guard token.map({ !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }) ?? true else {
            throw Refusal(
                .optionRefused, .invalidInput, "The token has characters that no token has.",
                hint: "Take it as it stands in the file `token` of the data folder, without spaces or line breaks.")
        }
        self.token = token
        http = try Self.client(trusting: trust)
    }

    /// One for each trust, never shut down: they live as long as the process, and waiting for their threads would only
    /// delay the exit.
    private static let clients = Mutex<[ServerTrust: HTTPClient]>([:])

    private static func client(trusting trust: ServerTrust) throws(Refusal) -> HTTPClient {
        if let known = clients.withLock({ $0[trust] }) { return known }
        // A token goes to the server it was given for and to no other, so redirects are not followed. How long an
        // answer may take is each call's own deadline: a deployment is silent for as long as its proof takes.
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try trust.configuration, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: nil))
        // A server that is not there is told at once, not after retries.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        let made = configuration
        return clients.withLock { clients in
            let client =
                clients[trust] ?? HTTPClient(eventLoopGroupProvider: .singleton, configuration: made)
            clients[trust] = client
            return client
        }
    }

    /// What to ask for, and how long to wait for the answer.
    struct Call {
        var method: HTTPMethod = .GET
        let path: String
        var query: [(name: String, value: String)] = []
        var body: HTTPClientRequest.Body?
        var contentType: String?
        var patience: TimeAmount = .seconds(60)
        var answerLimit = 64 << 20
    }

    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// - Returns: The answer, which is a success.
    func answer(to call: Call) async throws -> Answer {
        let answer = try await exchange(call)
        guard (200..<300).contains(answer.status) else { throw refusal(in: answer) }
        return answer
    }

    /// Hands the body of a success out piece by piece.
    func stream(_ call: Call, _ take: (_ piece: [UInt8]) throws -> Void) async throws {
        let (response, status) = try await response(to: call)
        do {
            guard (200..<300).contains(status) else {
                let body = try await response.body.collect(upTo: call.answerLimit)
                throw refusal(
                    in: Answer(status: status, headers: response.headers, body: Array(body.readableBytesView)))
            }
            for try await piece in response.body { try take(Array(piece.readableBytesView)) }
        } catch let error as any ExplainedError {
            throw error
        } catch {
            throw failure(error, during: call)
        }
    }

    /// - Returns: The answer, whatever its status.
    func exchange(_ call: Call) async throws -> Answer {
        let (response, status) = try await response(to: call)
        do {
            let body = try await response.body.collect(upTo: call.answerLimit)
            return Answer(status: status, headers: response.headers, body: Array(body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw failure(error, during: call)
        }
    }

    private func response(to call: Call) async throws -> (HTTPClientResponse, status: Int) {
        var request = HTTPClientRequest(url: url + call.path + queryText(call.query))
        request.method = call.method
        request.headers.add(name: "user-agent", value: Product.nameAndVersion)
        request.headers.add(name: "accept", value: "application/json, application/problem+json")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let contentType = call.contentType { request.headers.add(name: "content-type", value: contentType) }
        request.body = call.body
        do {
            let response = try await http.execute(request, deadline: .now() + call.patience)
            return (response, Int(response.status.code))
        } catch let error as any ExplainedError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw failure(error, during: call)
        }
    }

    private func queryText(_ items: [(name: String, value: String)]) -> String {
        guard !items.isEmpty else { return "" }
        var parts = URLComponents()
        parts.queryItems = items.map { URLQueryItem(name: $0.name, value: $0.value) }
        return "?" + (parts.percentEncodedQuery ?? "")
    }
}

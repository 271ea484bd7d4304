// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
internal import ModelDomain
internal import ModelMonitoring
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import Synchronization

/// Posts one body, and follows nobody elsewhere.
struct HTTPDelivery: Sendable {
    private let authorities: String?

    init(authorities: String?) { self.authorities = authorities }

    /// - Throws: ``DeliveryFailure`` unless the answer's status says that it was taken.
    func post(
        _ body: [UInt8], to address: URLComponents, headers: [(name: String, value: String)]
    ) async throws {
        guard let url = address.string else { throw DeliveryFailure("its address is none") }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: Product.nameAndVersion)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let deadline = NIODeadline.now() + .nanoseconds(Int64(AlertDelivery.patience / .nanoseconds(1)))
        let status: UInt
        do {
            // What else it says is not read: the connection ends with the answer's head.
            status = try await Self.client(trusting: authorities).execute(request, deadline: deadline).status.code
        } catch let error as CancellationError {
            throw error
        } catch {
            throw DeliveryFailure(reason(error))
        }
        switch status {
        case 200..<300: return
        case 300..<400: throw DeliveryFailure("it answers \(status), and redirects are not followed")
        default: throw DeliveryFailure("it answers \(status)")
        }
    }

    /// Never shut down: they live as long as the process.
    private static let clients = Mutex<[String?: HTTPClient]>([:])

    private static func client(trusting authorities: String?) throws -> HTTPClient {
        try clients.withLock { clients in
            if let known = clients[authorities] { return known }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: try clientTLS(authorities), redirectConfiguration: .disallow,
                timeout: .init(connect: .seconds(5), read: .seconds(10)))
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.httpVersion = .http1Only
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[authorities] = client
            return client
        }
    }
}

func clientTLS(_ authorities: String?) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let authorities {
        configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(authorities))]
    }
    return configuration
}

/// In words that tell nothing of the address.
func reason(_ error: any Error) -> String {
    if let error = error as? HTTPClientError {
        let isLate = [.deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout]
            .contains(error)
        return isLate ? "it did not answer within 10 s" : "it does not speak HTTP as it should"
    }
    if error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError {
        return "its certificate is not trusted, or it does not speak TLS"
    }
    return "it cannot be reached"
}

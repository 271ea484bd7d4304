// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import TestSupport
import Testing

/// The Swift client of gRPC against the real program, on the port that also answers REST.
struct GRPCClientTests {
    @Test func aCallIsAnswered() async throws {
        try await withClient { client, _ in
            let answer = try await client.infer(message(endpoint: "scale", values: [1.5, -2]))
            #expect(floats(atTheEndOf: answer, count: 2) == [3, -4])
        }
    }

    @Test(arguments: [CompressionAlgorithm.gzip, .deflate])
    func aCompressedCallIsAnswered(_ algorithm: CompressionAlgorithm) async throws {
        try await withClient { client, _ in
            var options = CallOptions.defaults
            options.compression = algorithm
            let values = (0..<4000).map { Float($0 % 7) }
            let answer = try await client.infer(message(endpoint: "scale", values: values), options: options)
            #expect(floats(atTheEndOf: answer, count: values.count) == values.map { 2 * $0 })
        }
    }

    /// Larger than every window on the way, in both directions.
    @Test func aLargeCallIsAnswered() async throws {
        try await withClient { client, _ in
            let values = (0..<3_000_000).map { Float($0 % 1000) }
            var options = CallOptions.defaults
            (options.maxRequestMessageBytes, options.maxResponseMessageBytes) = (64 << 20, 64 << 20)
            let answer = try await client.infer(message(endpoint: "scale", values: values), options: options)
            #expect(floats(atTheEndOf: answer, count: values.count) == values.map { 2 * $0 })
        }
    }

    @Test func manyCallsShareAConnection() async throws {
        try await withClient { client, _ in
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for number in 0..<500 {
                    tasks.addTask {
                        let answer = try await client.infer(message(endpoint: "scale", values: [Float(number)]))
                        return floats(atTheEndOf: answer, count: 1) == [Float(2 * number)]
                    }
                }
                for try await isRight in tasks { #expect(isRight) }
            }
        }
    }

    @Test func answersOfAStreamComeInOrder() async throws {
        try await withClient { client, _ in
            let answers = try await client.bidirectionalStreaming(
                request: StreamingClientRequest { writer in
                    for number in 0..<200 {
                        try await writer.write(message(endpoint: "scale", values: [Float(number)]))
                    }
                }, descriptor: method("ModelStreamInfer"), serializer: Raw(), deserializer: Raw(), options: .defaults
            ) { response in
                var answers: [[Float]] = []
                for try await answer in response.messages { answers.append(floats(atTheEndOf: answer, count: 1)) }
                return answers
            }
            #expect(answers == (0..<200).map { [Float(2 * $0)] })
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await withClient { client, _ in
            let error = await #expect(throws: RPCError.self) {
                try await client.infer(message(endpoint: "scala", values: [1]))
            }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("Did you mean “scale”?") == true)
            let unimplemented = await #expect(throws: RPCError.self) {
                try await client.call("CudaSharedMemoryStatus", [])
            }
            #expect(unimplemented?.code == .unimplemented)
        }
    }
}

/// A server with the model that doubles, and a client of it.
private func withClient(
    _ body: @Sendable @escaping (GRPCClient<HTTP2ClientTransport.Posix>, RunningPlatform) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        try await RunningPlatform.with(data: folder + "/data") { platform in
            let deployed = try await platform.program.run(
                "deploy", "\(repositoryRoot)/Tests/Fixtures/models/scale.onnx", "--name", "scale")
            #expect(deployed.exitCode == 0, "\(deployed.errors)")
            let port = try #require(URL(string: platform.url)?.port)
            let transport = try HTTP2ClientTransport.Posix(
                target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext,
                config: .defaults { $0.compression.enabledAlgorithms = [.gzip, .deflate] })
            try await withGRPCClient(transport: transport) { client in try await body(client, platform) }
        }
    }
}

private func method(_ name: String) -> MethodDescriptor {
    MethodDescriptor(service: ServiceDescriptor(package: "inference", service: "GRPCInferenceService"), method: name)
}

extension GRPCClient {
    fileprivate func infer(_ message: [UInt8], options: CallOptions = .defaults) async throws -> [UInt8] {
        try await call("ModelInfer", message, options: options)
    }

    fileprivate func call(
        _ name: String, _ message: [UInt8], options: CallOptions = .defaults
    ) async throws -> [UInt8] {
        try await unary(
            request: ClientRequest(message: message), descriptor: method(name), serializer: Raw(), deserializer: Raw(),
            options: options
        ) { try $0.message }
    }
}

/// Messages as the bytes that they are.
private struct Raw: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    }
}

/// A `ModelInferRequest` with rows of one value.
private func message(endpoint: String, values: [Float]) -> [UInt8] {
    let shape = varint(values.count) + varint(1)
    let input = field(1, [UInt8]("values".utf8)) + field(2, [UInt8]("FP32".utf8)) + field(3, shape)
    let raw = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    return field(1, [UInt8](endpoint.utf8)) + field(5, input) + field(7, raw)
}

private func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
}

private func varint(_ number: Int) -> [UInt8] {
    number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7F) | 0x80] + varint(number >> 7)
}

/// The raw contents of the only output, which an answer ends with.
private func floats(atTheEndOf answer: [UInt8], count: Int) -> [Float] {
    let bytes = answer.suffix(4 * count)
    guard bytes.count == 4 * count else { return [] }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Tensors

/// gRPC's reflection protocol: clients ask what there is to be called.
extension GRPCCall {
    /// Answers one question.
    func reflect(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        let question = message
        var answer: (ByteWriter) -> Void = { $0.appendReflectionError(3, "Nothing was asked.") }
        while let (number, wire) = try message.nextField() {
            guard wire == .bytes else {
                try message.skip(wire)
                continue
            }
            switch number {
            case 3:
                let name = try message.readString()
                answer = { $0.append(files: protoDescriptors.filter { $0.file == name }, asked: name) }
            case 4:
                let name = try message.readString()
                answer = { $0.append(files: protoDescriptors.filter { $0.symbols.contains(name) }, asked: name) }
            case 7:
                _ = try message.readString()
                answer = { $0.appendServices() }
            case 5, 6:
                _ = try message.readMessage()
                answer = { $0.appendReflectionError(5, "There are no extensions.") }
            default: try message.skip(wire)
            }
        }
        // The question as it came, for clients that ask several at a time.
        question.append(to: writer, field: 2)
        answer(writer)
    }
}

/// The services that there are.
private let serviceNames = protoDescriptors.flatMap(\.symbols).filter {
    ["inference.GRPCInferenceService", "grpc.health.v1.Health"].contains($0)
        || ($0.hasPrefix("grpc.reflection.") && $0.hasSuffix(".ServerReflection"))
}

extension ByteWriter {
    fileprivate func append(files: [(file: String, symbols: [String], base64: String)], asked name: String) {
        guard let data = files.first.flatMap({ Data(base64Encoded: $0.base64) }) else {
            return appendReflectionError(5, "There is no “\(name.prefix(100))”.")
        }
        append(message: 4) { $0.append(1, byteCount: data.count) { [writer = $0] in writer.append([UInt8](data)) } }
    }

    fileprivate func appendServices() {
        append(message: 6) { list in
            for name in serviceNames { list.append(message: 1) { $0.append(1, name) } }
        }
    }

    fileprivate func appendReflectionError(_ code: Int, _ message: String) {
        append(message: 7) { writer in
            writer.append(1, code)
            writer.append(2, message)
        }
    }
}

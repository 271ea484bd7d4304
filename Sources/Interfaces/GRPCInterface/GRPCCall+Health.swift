// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import NIOCore
internal import Tensors

/// gRPC's health protocol. The server is asked for by no name or by that of its service, an endpoint by its own.
extension GRPCCall {
    private enum Health: Int {
        case serving = 1
        case notServing = 2
        case unknownService = 3
    }

    func checkHealth(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        let name = try serviceName(&message)
        let health = health(of: name)
        guard health != .unknownService else {
            throw GRPCStatus(.notFound, "There is no service and no endpoint “\(name.prefix(100))”.")
        }
        writer.append(1, health.rawValue)
    }

    /// Tells the health now, and whenever it changes.
    func watchHealth(_ message: ByteBuffer) {
        let name: String
        do {
            name = try unsafe message.withUnsafeReadableBytes { bytes in
                var reader = unsafe ProtobufReader(bytes)
                return try serviceName(&reader)
            }
        } catch {
            return end(GRPCStatus(explanation(of: error)))
        }
        var told: Health?
        let tell = { [weak self] in
            guard let self, health(of: name) != told else { return }
            let health = health(of: name)
            told = health
            send(reply: reserveReply()) { $0.append(1, health.rawValue) }
        }
        slot.watch(self, tell)
        tell()
    }

    /// The last that a watcher is told.
    func tellUnhealthy() { send(reply: reserveReply()) { $0.append(1, Health.notServing.rawValue) } }

    private func health(of name: String) -> Health {
        switch name {
        case "", "inference.GRPCInferenceService": return slot.table.isComplete ? .serving : .notServing
        default:
            guard let state = slot.table.endpoints[name] else { return .unknownService }
            return state.answers ? .serving : .notServing
        }
    }
}

private func serviceName(_ message: inout ProtobufReader) throws(CodecError) -> String {
    var name = ""
    while let (number, wire) = try message.nextField() {
        if number == 1, wire == .bytes { name = try message.readString() } else { try message.skip(wire) }
    }
    return name
}

// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// gRPC's health protocol. The server is asked for by no name or by that of its service, an endpoint by its own.
///
/// Whether the server is up is told to anybody: what watches over machines has no token to show. An endpoint is told of
/// to who may ask it.
extension GRPCCall {
    private enum Health: Int {
        case serving = 1
        case notServing = 2
        case unknownService = 3
    }

    func checkHealth(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        let name = try serviceName(&message)
        if !isServer(name) { try admit(needs: [.view, .predict], of: slot.table.resource(of: name)) }
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
            if !isServer(name) { try admit(needs: [.view, .predict], of: slot.table.resource(of: name)) }
        } catch {
            return end(status(of: error))
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
        guard !isServer(name) else { return slot.table.isComplete ? .serving : .notServing }
        guard let state = slot.table.endpoints[name] else { return .unknownService }
        return state.answers ? .serving : .notServing
    }

    private func isServer(_ name: String) -> Bool { name.isEmpty || name == "inference.GRPCInferenceService" }
}

private func serviceName(_ message: inout ProtobufReader) throws(CodecError) -> String {
    var name = ""
    while let (number, wire) = try message.nextField() {
        if number == 1, wire == .bytes { name = try message.readString() } else { try message.skip(wire) }
    }
    return name
}

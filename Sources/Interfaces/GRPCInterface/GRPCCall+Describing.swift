// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Glibc
internal import HTTP2Connections
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelRollouts
internal import NIOCore
internal import Tensors

/// The calls that are no predictions.
extension GRPCCall {
    /// Answers one message of whichever call this is.
    func answer(_ message: ByteBuffer) {
        switch method {
        case .infer, .streamInfer: predict(message)
        case .healthWatch: watchHealth(message)
        case .repositoryModelLoad, .repositoryModelUnload: change(message)
        case .reflection: reply(to: message) { message, writer in try reflect(&message, into: writer) }
        case .healthCheck: reply(to: message, checkHealth)
        case .serverLive: reply(to: message) { _, writer in try tellAnybody { writer.append(1, true) } }
        case .serverReady:
            reply(to: message) { _, writer in try tellAnybody { writer.append(1, slot.table.isComplete) } }
        case .serverMetadata: reply(to: message) { _, writer in try tellAnybody { describeServer(into: writer) } }
        case .modelReady: reply(to: message, describeReadiness)
        case .modelMetadata: describeAwake(message, describeModel)
        case .modelConfig: describeAwake(message, describeConfiguration)
        case .modelStatistics: reply(to: message, describeStatistics)
        case .repositoryIndex: reply(to: message, describeRepository)
        }
    }

    private func reply(
        to message: ByteBuffer, _ body: (inout ProtobufReader, ByteWriter) throws -> Void
    ) { reply(to: message, at: reserveReply(), body) }

    private func reply(
        to message: ByteBuffer, at reply: Int, _ body: (inout ProtobufReader, ByteWriter) throws -> Void
    ) {
        send(reply: reply) { (writer) throws(GRPCStatus) in
            do {
                try unsafe message.withUnsafeReadableBytes { bytes in
                    var reader = unsafe ProtobufReader(bytes)
                    try body(&reader, writer)
                }
            } catch {
                throw status(of: error)
            }
        }
    }

    func status(of error: any Error) -> GRPCStatus {
        switch error {
        case let status as GRPCStatus: status
        case let denial as AccessDenial: GRPCStatus(denial)
        default: GRPCStatus(explanation(of: error))
        }
    }

    // MARK: Who may

    /// Refuses who may not ask this, as over HTTP.
    func admit(needs permission: Permission, of resource: @autoclosure () -> Resource) throws(AccessDenial) {
        let denial = service.gate.refusal(
            authorization: head.authorization, host: authority, isForwarded: head.isForwarded, needs: permission,
            of: resource())
        if let denial { throw denial }
    }

    private func tellAnybody(_ body: () -> Void) throws {
        try admit(needs: [.view, .predict], of: .common)
        body()
    }

    private func admit(to name: String) throws {
        try admit(needs: [.view, .predict], of: slot.table.resource(of: name))
    }

    /// Describes a model, which may have to be loaded first.
    private func describeAwake(
        _ message: ByteBuffer, _ body: @escaping (LiveVersion, String, ByteWriter) -> Void
    ) {
        let index = reserveReply()
        do {
            let (name, version) = try unsafe message.withUnsafeReadableBytes { bytes in
                var reader = unsafe ProtobufReader(bytes)
                return try nameAndVersion(&reader)
            }
            try admit(to: name)
            let live = try slot.table.endpoint(name).ready(version: version)
            send(reply: index) { body(live, name, $0) }
        } catch ServingError.cold(let state) {
            awaitDescription(of: state, index, body)
        } catch {
            end(status(of: error))
        }
    }

    private func awaitDescription(
        of state: EndpointState, _ index: Int, _ body: @escaping (LiveVersion, String, ByteWriter) -> Void
    ) {
        let terms = RequestTerms(caller: service.gate.caller, deadline: deadline)
        do throws(ServingError) {
            try wait(for: state, terms, reply: index) { [self] result in
                do throws(ServingError) {
                    let live = try result.get().state.ready()
                    send(reply: index) { body(live, state.record.name.rawValue, $0) }
                } catch {
                    end(GRPCStatus(error.explanation))
                }
            }
        } catch {
            end(GRPCStatus(error.explanation))
        }
    }

    private func describeServer(into writer: ByteWriter) {
        writer.append(1, "slipway")
        writer.append(2, slot.version)
        for name in protocolExtensions { writer.append(element: 3, name) }
    }

    private func describeReadiness(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        let (name, version) = try nameAndVersion(&message)
        try admit(to: name)
        // Clients ask before there is anything: no is an answer, and no error.
        writer.append(1, (try? slot.table.endpoint(name).requireAnswer(version: version)) != nil)
    }

    private func describeModel(_ live: LiveVersion, _ name: String, into writer: ByteWriter) {
        writer.append(1, name)
        writer.append(element: 2, live.versionText)
        writer.append(3, platformName)
        for (field, specs) in [(4, live.signature.inputs), (5, live.signature.outputs)] {
            for spec in specs {
                writer.append(message: field) { writer in
                    writer.append(1, spec.name)
                    writer.append(2, spec.datatype.rawValue)
                    writer.append(3, packed: spec.sizes)
                }
            }
        }
    }

    private func describeConfiguration(_ live: LiveVersion, _ name: String, into writer: ByteWriter) {
        writer.append(message: 1) { writer in
            writer.append(1, name)
            writer.append(2, platformName)
            for input in live.signature.inputs {
                writer.append(message: 5) { writer in
                    writer.append(1, input.name)
                    writer.append(2, input.datatype.configurationNumber)
                    writer.append(4, packed: input.sizes)
                }
            }
            for output in live.signature.outputs {
                writer.append(message: 6) { writer in
                    writer.append(1, output.name)
                    writer.append(2, output.datatype.configurationNumber)
                    writer.append(3, packed: output.sizes)
                }
            }
            writer.append(17, "onnxruntime")
        }
    }

    private func describeStatistics(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        let (name, version) = try nameAndVersion(&message)
        guard !name.isEmpty else {
            try admit(needs: [.view, .predict], of: .common)
            for (name, state) in slot.table.endpoints(for: service.gate.principal) {
                writer.append(message: 1) { describe(name, state, into: $0) }
            }
            return
        }
        try admit(to: name)
        let state = try slot.table.endpoint(name)
        if let version { try state.requireAnswer(version: version) }
        writer.append(message: 1) { describe(name, state, into: $0) }
    }

    private func describe(_ name: String, _ state: EndpointState, into writer: ByteWriter) {
        let statistics = InferenceStatistics(state.counters)
        writer.append(1, name)
        writer.append(2, state.versionText)
        if let nanoseconds = statistics.nanosecondsSinceLast {
            writer.append(3, Int(time(nil)) * 1000 - nanoseconds / 1_000_000)
        }
        writer.append(4, statistics.inferenceCount)
        writer.append(5, statistics.executionCount)
        writer.append(message: 6) { writer in
            append(
                [
                    statistics.success, statistics.failure, statistics.queue, statistics.computeInput,
                    statistics.computeInfer, statistics.computeOutput, statistics.cacheHit, statistics.cacheMiss,
                ], from: 1, into: writer)
        }
        for batch in statistics.batches {
            writer.append(message: 7) { writer in
                writer.append(1, batch.rowCount)
                append([batch.input, batch.compute, batch.output], from: 2, into: writer)
            }
        }
    }

    private func append(_ times: [InferenceStatistics.Times], from first: Int, into writer: ByteWriter) {
        for (index, times) in times.enumerated() {
            writer.append(message: first + index) { writer in
                writer.append(1, times.count)
                writer.append(2, times.nanoseconds)
            }
        }
    }

    private func describeRepository(_ message: inout ProtobufReader, into writer: ByteWriter) throws {
        var onlyReady = false
        while let (number, wire) = try message.nextField() {
            if number == 2, wire == .varint { onlyReady = try message.readBool() } else { try message.skip(wire) }
        }
        try admit(needs: [.view, .predict], of: .common)
        for (name, state) in slot.table.endpoints(for: service.gate.principal)
        where !onlyReady || state.stateWord == "READY" {
            writer.append(message: 1) { writer in
                writer.append(1, name)
                writer.append(2, state.versionText)
                writer.append(3, state.stateWord)
                writer.append(4, state.stateReason)
            }
        }
    }

    // MARK: Changes

    /// Takes an endpoint out of service, or back: for who decides what answers, wherever they ask from.
    private func change(_ message: ByteBuffer) {
        let reply = reserveReply()
        do {
            let endpoint = try EndpointName(changedName(message))
            let actor = try slot.authority.authorize(
                presentedToken(inHeader: head.authorization), needs: .decide,
                of: slot.table.resource(of: endpoint.rawValue)
            ).name.rawValue
            guard let loop = stream.eventLoop else { return }
            let (call, isLoad, rollouts) = (
                NIOLoopBound(self, eventLoop: loop), method == .repositoryModelLoad, service.rollouts
            )
            Task {
                let status: GRPCStatus?
                do {
                    if isLoad {
                        _ = try await rollouts.load(endpoint, by: actor)
                    } else {
                        try await rollouts.unload(endpoint, by: actor)
                    }
                    status = nil
                } catch {
                    let reason = explanation(of: error)
                    status = GRPCStatus(
                        isLoad
                            ? Explanation(
                                reason.code, reason.kind, "failed to load “\(endpoint)”: \(reason.message)",
                                hint: reason.hint) : reason)
                }
                loop.execute {
                    if let status { call.value.end(status) } else { call.value.send(reply: reply) { _ in } }
                }
            }
        } catch {
            end(status(of: error))
        }
    }

    private func changedName(_ message: ByteBuffer) throws -> String {
        try unsafe message.withUnsafeReadableBytes { bytes in
            var reader = unsafe ProtobufReader(bytes)
            var name = ""
            while let (number, wire) = try reader.nextField() {
                switch (number, wire) {
                case (2, .bytes): name = try reader.readString()
                case (3, .bytes):
                    var entry = try reader.readMessage()
                    try refuseParameter(&entry)
                default: try reader.skip(wire)
                }
            }
            return name
        }
    }

    /// Refuses what would load something else than what is deployed.
    private func refuseParameter(_ entry: inout ProtobufReader) throws {
        while let (number, wire) = try entry.nextField() {
            guard number == 1, wire == .bytes else {
                try entry.skip(wire)
                continue
            }
            let name = try entry.readString()
            if name != "unload_dependents" { throw unsupportedRepositoryParameter(name) }
        }
    }
}

/// The fields 1 and 2 of many requests: an endpoint, and `nil` for any version of it.
private func nameAndVersion(_ message: inout ProtobufReader) throws(CodecError) -> (name: String, version: String?) {
    var (name, version) = ("", String?.none)
    while let (number, wire) = try message.nextField() {
        switch (number, wire) {
        case (1, .bytes): name = try message.readString()
        case (2, .bytes): version = try message.readString()
        default: try message.skip(wire)
        }
    }
    return (name, version.flatMap { $0.isEmpty ? nil : $0 })
}

extension TensorSpec {
    /// The sizes of the dimensions, −1 where each request decides.
    fileprivate var sizes: [Int] { shape.map { $0.size ?? -1 } }
}

extension Datatype {
    /// As Triton's configuration numbers it.
    fileprivate var configurationNumber: Int {
        switch self {
        case .bool: 1
        case .uint8: 2
        case .uint16: 3
        case .uint32: 4
        case .uint64: 5
        case .int8: 6
        case .int16: 7
        case .int32: 8
        case .int64: 9
        case .float16: 10
        case .float32: 11
        case .float64: 12
        case .bytes: 13
        case .bfloat16: 14
        }
    }
}

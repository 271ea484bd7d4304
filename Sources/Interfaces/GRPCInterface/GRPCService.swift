// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
package import HTTP2Connections
package import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
package import ModelRollouts
internal import NIOCore

/// The calls of one connection.
package final class GRPCService: HTTP2Service {
    let slot: ServingSlot
    let rollouts: Rollouts
    var gate: ConnectionGate
    /// Predictions of this read that run together, and whose they are.
    private var gathered = GatheredCalls()
    private var gatheredFor: [(call: GRPCCall, prediction: Prediction, reply: Int)] = []
    /// What the last call's head says.
    private var known: (head: HTTP2RequestHead, method: GRPCMethod, request: GRPCRequestHead)?

    package init(_ slot: ServingSlot, rollouts: Rollouts, gate: ConnectionGate) {
        self.slot = slot
        self.rollouts = rollouts
        self.gate = gate
    }

    /// Whether a request is a call of gRPC.
    package func takes(_ head: HTTP2RequestHead) -> Bool { known?.head === head || Self.takes(head) }

    private static func takes(_ head: HTTP2RequestHead) -> Bool {
        guard let type = head.fields.first(where: { $0.name == "content-type" })?.value,
            type.hasPrefix("application/grpc")
        else { return false }
        let rest = type.utf8.dropFirst("application/grpc".utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: ";")
    }

    package func begin(_ head: HTTP2RequestHead, on stream: HTTP2Stream) -> (any HTTP2Exchange)? {
        guard takes(head) else {
            stream.send(HeaderBlock(status: 415), endsStream: true)
            return nil
        }
        do throws(GRPCStatus) {
            let (method, request) = try read(head)
            if method.isPrediction { try refuseStrangers(request, head) }
            if method.streamsRequests { stream.arrivalDeadline = .distantFuture }
            return GRPCCall(method, request, authority: head.authority, on: stream, for: self)
        } catch {
            refuse(error, on: stream)
            return nil
        }
    }

    /// Has a prediction wait for those that arrive with it, where it pays to run them together.
    func gather(_ prediction: Prediction, of call: GRPCCall, reply: Int) -> Bool {
        guard call.stream.isInRead, slot.service.gathers(prediction.inference) else { return false }
        if !gathered.take(prediction.inference, for: slot.service) {
            readEnded()
            guard gathered.take(prediction.inference, for: slot.service) else { return false }
        }
        gatheredFor.append((call, prediction, reply))
        return true
    }

    package func readEnded() {
        guard let first = gatheredFor.first else { return }
        guard gatheredFor.count > 1 else {
            forgetGathered()
            return first.call.answer(first.prediction, first.reply)
        }
        let owners = gatheredFor
        let results = slot.service.answerNow(gathered)
        forgetGathered()
        for (owner, result) in zip(owners, results) {
            owner.call.write(result, of: owner.prediction, owner.reply)
        }
    }

    private func forgetGathered() {
        gathered.removeAll()
        gatheredFor.removeAll(keepingCapacity: true)
    }

    private func read(_ head: HTTP2RequestHead) throws(GRPCStatus) -> (method: GRPCMethod, request: GRPCRequestHead) {
        if let known, known.head === head { return (known.method, known.request) }
        guard head.method == "POST", let method = GRPCMethod.byPath[head.path] else {
            throw GRPCMethod.refusal(of: head.path)
        }
        let request = try GRPCRequestHead(head)
        known = (head, method, request)
        return (method, request)
    }

    /// Who needs a token and sends none is not listened to any further.
    private func refuseStrangers(_ request: GRPCRequestHead, _ head: HTTP2RequestHead) throws(GRPCStatus) {
        guard request.authorization == nil else { return }
        let denial = gate.refusal(
            authorization: nil, host: head.authority, isForwarded: request.isForwarded, needs: .predict, of: .common)
        if let denial { throw GRPCStatus(denial) }
    }

    /// Answers with a status and nothing else.
    func refuse(_ status: GRPCStatus, on stream: HTTP2Stream) {
        var block = GRPCAnswer.header
        status.write(into: &block)
        if status.code == .unimplemented { block.append("grpc-accept-encoding", "identity, gzip, deflate") }
        stream.send(block, endsStream: true)
        stream.flush()
    }
}

/// What every answer begins with.
enum GRPCAnswer {
    static let header = {
        var block = HeaderBlock(status: 200)
        block.append("content-type", "application/grpc")
        return block
    }()

    static func header(coding: String) -> HeaderBlock {
        var block = header
        block.append("grpc-encoding", coding)
        return block
    }
}

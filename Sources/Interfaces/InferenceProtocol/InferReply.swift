// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
internal import ModelDomain
package import Tensors

/// What an answer of the Open Inference Protocol takes from its request.
package struct InferReply: Sendable {
    package var id: String?
    /// The outputs asked for; `nil` for all.
    package var outputs: [InferRequest.RequestedOutput]?
    /// Whether outputs shall be binary where JSON carries the answer.
    package var wantsBinary = false

    package init(
        id: String? = nil, outputs: [InferRequest.RequestedOutput]? = nil, wantsBinary: Bool = false
    ) {
        self.id = id
        self.outputs = outputs
        self.wantsBinary = wantsBinary
    }

    /// The outputs of `call` as they were asked for: some of them, or their highest values as classes.
    package func outputs(of answers: [Tensor], to call: InferenceCall) throws(CodecError) -> [NamedTensor] {
        let specs = call.live.signature.outputs
        guard let outputs else { return answers.indices.map { NamedTensor(specs[$0].name, answers[$0]) } }
        var chosen: [NamedTensor] = []
        for output in outputs {
            // Names were checked before the model ran.
            guard let index = specs.firstIndex(where: { $0.name == output.name }) else { continue }
            let tensor = NamedTensor(output.name, answers[index])
            chosen.append(
                try output.classCount.map { count throws(CodecError) in try classes(of: tensor, count, call) } ?? tensor
            )
        }
        return chosen
    }

    private func classes(
        of output: NamedTensor, _ count: Int, _ call: InferenceCall
    ) throws(CodecError) -> NamedTensor {
        let tensor = output.tensor
        // One value a row is no choice of classes: then the rows themselves would be.
        let isBatched =
            call.live.signature.isBatched && tensor.shape.count > 1 && tensor.shape.first == call.rowCount
        do throws(CodecError) {
            return NamedTensor(output.name, try tensor.classified(top: count, isBatched: isBatched))
        } catch {
            throw CodecError(error.rule, error.message, field: output.name)
        }
    }
}

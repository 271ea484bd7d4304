// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// Whether the rows of a model may travel with rows of others: they get, in one call, the answers that each gets alone.
///
/// Models whose rows influence one another exist, some on purpose (a mean over the batch) and some by mistake. What was
/// not shown here is never joined, whatever the settings say.
struct Company {
    /// The most bytes of inputs that are put together.
    private static let byteLimit = 64 << 20
    /// How long all of it may take, beside the smallest call.
    private static let patience = 1_000_000_000

    private let model: ProvenModel
    private let oneRowNanoseconds: Int
    /// Different rows of one shape, at most as many as are ever joined.
    private let examples: [Example]

    init(_ model: ProvenModel, oneRowNanoseconds: Int) {
        self.model = model
        self.oneRowNanoseconds = oneRowNanoseconds
        var different: [Example] = []
        for example in model.examples where different.count < EndpointSettings.largestBatch {
            let fits = different.isEmpty || Tensor.canJoin(example.inputs, different[0].inputs)
            if fits, !different.contains(where: { $0.hasSameInputs(as: example) }) { different.append(example) }
        }
        examples = different
    }

    /// So many rows, one behind another; the same ones again where there are not as many.
    func inputs(rows: Int, from start: Int = 0) -> [Tensor]? {
        let chosen = (0..<rows).map { examples[(start + $0) % examples.count] }
        let joined = model.manifest.signature.inputs.indices.compactMap { index in
            Tensor.joined(chosen.map { $0.inputs[index] })
        }
        return joined.count == model.manifest.signature.inputs.count ? joined : nil
    }

    /// Runs examples alone and then 2, 4, 8 … of them together, each time beginning with others.
    func joinability() -> Joinability {
        guard model.manifest.signature.isBatched else { return .never(.oneRowOnly) }
        guard examples.count > 1 else { return .never(.fewExamples) }
        let begun = Moment.now
        var alone: [Int: Example] = [:]
        var shown = 1
        var start = 0
        while shown < EndpointSettings.largestBatch, shown == 1 || Moment.now.since(begun) < Self.patience,
            shown == 1 || byteCount * shown * 2 <= Self.byteLimit
        {
            let rows = shown * 2
            if let reason = trouble(rows: rows, from: start, alone: &alone) {
                // A model that bounds its rows is safe below.
                if case .failed = reason, shown > 1 { break }
                return .never(reason)
            }
            shown = rows
            start += rows / 2 + 1
        }
        return .shown(rows: shown)
    }

    /// What is wrong with the answers to so many rows together; `nil` when nothing is.
    private func trouble(rows: Int, from start: Int, alone: inout [Int: Example]) -> Joinability.Reason? {
        guard let inputs = self.inputs(rows: rows, from: start) else { return .failed("they differ in shape") }
        let replay = Replay(
            signature: model.manifest.signature, tolerance: model.manifest.proof?.tolerance ?? .standard,
            task: model.manifest.task)
        do throws(EngineError) {
            let together = try model.engine.run(inputs)
            guard together.allSatisfy({ $0.shape.first == rows }) else {
                return .failed("there is not one answer for each row")
            }
            for row in 0..<rows {
                let place = (start + row) % examples.count
                let expected = if let known = alone[place] { known } else { try answered(place) }
                alone[place] = expected
                if let difference = replay.difference(of: together.map { $0.row(row, of: rows) }, from: expected) {
                    return .answersDiffer(difference)
                }
            }
            return nil
        } catch {
            return .failed(error.explanation.message)
        }
    }

    /// An example with what the model answers to it alone.
    private func answered(_ place: Int) throws(EngineError) -> Example {
        let answers = try model.engine.run(examples[place].inputs)
        return Example(
            inputs: examples[place].inputs,
            outputs: zip(model.manifest.signature.outputs, answers).map { NamedTensor($0.name, $1) })
    }

    private var byteCount: Int { examples[0].inputs.reduce(0) { $0 + $1.storage.byteCount } }
}

extension Tensor {
    /// Whether rows of these shapes can be one call.
    fileprivate static func canJoin(_ left: [Tensor], _ right: [Tensor]) -> Bool {
        zip(left, right).allSatisfy { $0.shape.dropFirst() == $1.shape.dropFirst() }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelExecution
import Synchronization
package import Tensors

/// An engine whose model is a Swift function of one matrix: `[batch, 2]` floats in, `[batch]` scores out.
package final class FakeEngine: InferenceEngine {
    package let inputs = [
        TensorSpec(name: "features", datatype: .float32, shape: [.symbolic("batch"), .fixed(2)])
    ]
    package let outputs = [TensorSpec(name: "score", datatype: .float32, shape: [.symbolic("batch")])]
    private let score: @Sendable (Float, Float) -> Float
    private let callCount = Atomic<Int>(0)

    package init(score: @escaping @Sendable (Float, Float) -> Float = { $0 + 10 * $1 }) { self.score = score }

    package var calls: Int { callCount.load(ordering: .relaxed) }

    package func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        callCount.add(1, ordering: .relaxed)
        let values = inputs[0].elements(as: Float.self)
        let scores = stride(from: 0, to: values.count, by: 2).map { score(values[$0], values[$0 + 1]) }
        return [Tensor(.float32, shape: [scores.count], elements: scores)]
    }
}

/// Opens ``FakeEngine``s, whatever the file says; a file whose path contains “broken” is refused.
package struct FakeRuntime: EngineRuntime {
    package let identity = EngineIdentity(name: "fake", version: "1", build: "test")
    private let score: @Sendable (Float, Float) -> Float

    package init(score: @escaping @Sendable (Float, Float) -> Float = { $0 + 10 * $1 }) { self.score = score }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        guard !file.path.contains("broken") else { throw .modelRefused(reason: "it is broken") }
        return FakeEngine(score: score)
    }
}

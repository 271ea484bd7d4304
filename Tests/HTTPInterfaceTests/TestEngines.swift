// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import Tensors

/// `x`, any number of rows of three floats, comes back doubled as `y`; their sums as `total`.
final class DoublingEngine: InferenceEngine {
    let inputs = [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("batch"), .fixed(3)])]
    let outputs = [
        TensorSpec(name: "y", datatype: .float32, shape: [.symbolic("batch"), .fixed(3)]),
        TensorSpec(name: "total", datatype: .float32, shape: [.symbolic("batch")]),
    ]
    /// Runs before each call, on the thread of the call.
    private let before: @Sendable () -> Void

    init(before: @escaping @Sendable () -> Void = {}) { self.before = before }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        before()
        let values = inputs[0].elements(as: Float.self)
        guard !values.contains(-999) else { throw .runFailed(reason: "minus 999 came in") }
        let totals = stride(from: 0, to: values.count, by: 3).map { values[$0..<$0 + 3].reduce(0, +) }
        return [
            Tensor(.float32, shape: inputs[0].shape, elements: values.map { $0 * 2 }),
            Tensor(.float32, shape: [totals.count], elements: totals),
        ]
    }

    /// Three columns that are named in rows.
    static var signature: Signature {
        let engine = DoublingEngine()
        return Signature(
            inputs: engine.inputs, outputs: engine.outputs,
            fields: ["a", "b", "c"].enumerated().map { RowField(name: $1, input: 0, offset: $0) })
    }
}

/// Gives back what it gets, of any type: here texts and 64-bit integers.
final class EchoEngine: InferenceEngine {
    let inputs: [TensorSpec]
    var outputs: [TensorSpec] { inputs }

    /// - Parameter texts: What the texts are called.
    init(texts: String = "text") {
        inputs = [
            TensorSpec(name: texts, datatype: .bytes, shape: [.symbolic("n")]),
            TensorSpec(name: "id", datatype: .int64, shape: [.symbolic("n")]),
        ]
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { inputs }

    static var signature: Signature { Signature(inputs: EchoEngine().inputs, outputs: EchoEngine().outputs) }
}

/// Holds back whoever passes until it is opened.
final class Barrier: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let arrivals = DispatchSemaphore(value: 0)

    func pass() {
        arrivals.signal()
        semaphore.wait()
    }

    func open(for count: Int = 1) { for _ in 0..<count { semaphore.signal() } }

    /// Waits until somebody stands at the barrier.
    func waitForArrival() async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [arrivals] in
                arrivals.wait()
                continuation.resume()
            }
        }
    }
}

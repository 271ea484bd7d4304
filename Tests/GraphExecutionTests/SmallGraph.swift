// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import Testing

/// An engine whose model is a Swift function; counts what it is asked.
final class StubEngine: InferenceEngine {
    typealias Answer = @Sendable (_ inputs: [Tensor], _ deadline: Moment) throws(EngineError) -> [Tensor]

    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    let runsElsewhere: Bool
    private let answer: Answer
    private let seen = Mutex<[[Shape]]>([])

    init(_ inputs: [TensorSpec], _ outputs: [TensorSpec], runsElsewhere: Bool = false, answer: @escaping Answer) {
        self.inputs = inputs
        self.outputs = outputs
        self.runsElsewhere = runsElsewhere
        self.answer = answer
    }

    /// The shapes of every call.
    var calls: [[Shape]] { seen.withLock(\.self) }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { try run(inputs, until: .never) }

    func run(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try requireFit(inputs)
        seen.withLock { $0.append(inputs.map(\.shape)) }
        return try answer(inputs, deadline)
    }

    /// `score` FP32 `[rows]` of a matrix `[rows, width]`: what `score` makes of each row; `nil` for a row fails the call.
    static func scoring(_ width: Int = 2, _ score: @escaping @Sendable ([Float]) -> Float?) -> StubEngine {
        StubEngine(
            [spec("features", .float32, nil, width)], [spec("score", .float32, nil)]
        ) { inputs, _ throws(EngineError) in
            let values = inputs[0].elements(as: Float.self)
            var scores: [Float] = []
            for first in stride(from: 0, to: values.count, by: width) {
                guard let score = score(Array(values[first..<first + width])) else {
                    throw .inputsRefused(reason: "a row is bad")
                }
                scores.append(score)
            }
            return [Tensor(.float32, shape: [scores.count], elements: scores)]
        }
    }
}

/// `nil` is a size that each request decides.
func spec(_ name: String, _ datatype: Datatype, _ shape: Int?...) -> TensorSpec {
    TensorSpec(name: name, datatype: datatype, shape: shape.map { $0.map(Dimension.fixed) ?? .symbolic("") })
}

func numbers(_ values: [Double]) -> Tensor { Tensor(.float64, shape: [values.count], elements: values) }

func texts(_ values: [String]) -> Tensor { Tensor(strings: values, shape: [values.count]) }

func integers(_ values: [Int64]) -> Tensor { Tensor(.int64, shape: [values.count], elements: values) }

/// A graph.json of some inputs, steps and outputs; inputs as `age FP64` or `m FP32 -1 3`, outputs as `label=trees.score`.
func graph(_ inputs: String..., steps: String, outputs: String...) -> String {
    let specs = inputs.map { input in
        let parts = input.split(separator: " ")
        let shape = parts.count > 2 ? parts.dropFirst(2).joined(separator: ",") : "-1"
        return #"{"name":"\#(parts[0])","datatype":"\#(parts[1])","shape":[\#(shape)]}"#
    }
    let taken = outputs.map { output in
        let parts = output.split(separator: "=")
        return #"{"name":"\#(parts[0])","from":"\#(parts.last ?? "")"}"#
    }
    return """
        {"schema":"slipway.graph/1","inputs":[\(specs.joined(separator: ","))],"steps":[\(steps)],
        "outputs":[\(taken.joined(separator: ","))]}
        """
}

func open(_ document: String, models: [String: any InferenceEngine] = [:]) throws -> GraphEngine {
    try GraphEngine(try GraphDescriptor(file: Array(document.utf8)), models: models)
}

/// What is wrong with a graph, in its own words.
func fault(_ document: String, models: [String: any InferenceEngine] = [:]) -> String {
    do {
        _ = try open(document, models: models)
        return "nothing"
    } catch {
        return (error as? GraphFault)?.reason ?? "\(error)"
    }
}

extension GraphEngine {
    /// The first output of floating point, as doubles.
    func doubles(_ inputs: Tensor...) throws -> [Double] { try #require(try run(inputs)[0].doubles) }

    func strings(_ inputs: Tensor...) throws -> [String] { try run(inputs)[0].strings }
}

/// Everything that tells two tensors apart.
func contents(_ tensors: [Tensor]) -> [[[Int]]] {
    tensors.map { tensor in
        let bytes = unsafe tensor.storage.withUnsafeBytes { unsafe $0.map(Int.init) }
        let start = tensor.offsets.first ?? 0
        let text = tensor.datatype == .bytes ? Array(bytes[start..<(tensor.offsets.last ?? start)]) : bytes
        return [tensor.shape, tensor.offsets.map { $0 - start }, text]
    }
}

/// A row of every tensor, as its caller would send it alone.
func row(_ index: Int, of tensors: [Tensor]) -> [Tensor] {
    tensors.map { tensor in
        let size = tensor.shape.dropFirst().reduce(1, *)
        return tensor.slice(index * size..<(index + 1) * size, shape: [1] + tensor.shape.dropFirst())
    }
}

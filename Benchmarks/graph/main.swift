// SPDX-License-Identifier: Apache-2.0
// What a graph costs around the work of its steps, in this process.
//
//     make bench-graph
//
// 20 numbers are imputed and scaled, 5 texts become 50 columns of 0 and 1, a stub that stands for trees takes the 70 of them
// and answers at once, and its score and one of the columns are weighed and judged. Prints microseconds of the whole, of
// each step, and what is left; then how many nanoseconds a row of 10,000 takes.
import Foundation
import GraphExecution
import ModelExecution
import Tensors

/// Trees without trees: the sum of a few columns, so that the answer depends on what was prepared.
final class StubTrees: InferenceEngine {
    let inputs = [TensorSpec(name: "rows", datatype: .float32, shape: [.symbolic(""), .fixed(70)])]
    let outputs = [TensorSpec(name: "probabilities", datatype: .float32, shape: [.symbolic(""), .fixed(2)])]

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        let count = inputs[0].shape[0]
        let scores = inputs[0].withElements(as: Float.self) { values in
            (0..<count).flatMap { row -> [Float] in
                let score = 0.5 + 0.01 * (values[row * 70] + values[row * 70 + 19] + values[row * 70 + 69])
                return [1 - score, score]
            }
        }
        return [Tensor(.float32, shape: [count, 2], elements: scores)]
    }
}

let numbers = (0..<20).map { "n\($0)" }
let texts = (0..<5).map { "t\($0)" }
let plans = (0..<10).map { "plan \($0)" }
let list = { (values: [String]) in "[" + values.joined(separator: ",") + "]" }
let quoted = { (values: [String]) in list(values.map { "\"\($0)\"" }) }
let prepared = list((0..<20).map { String(Double($0) / 4) })
let document = """
    {"schema":"slipway.graph/1","inputs":[
    \((numbers.map { "{\"name\":\"\($0)\",\"datatype\":\"FP64\",\"shape\":[-1]}" }
        + texts.map { "{\"name\":\"\($0)\",\"datatype\":\"BYTES\",\"shape\":[-1]}" }).joined(separator: ",\n"))],
    "steps":[
    {"name":"filled","in":["input"],"transform":[
    {"op":"impute","columns":\(quoted(numbers)),"fill":\(prepared)},
    {"op":"scale","columns":\(quoted(numbers)),"subtract":\(prepared),"divide":\(list(numbers.map { _ in "2.5" }))}]},
    {"name":"coded","in":["filled"],"transform":[
    {"op":"one_hot","columns":\(quoted(texts)),"categories":\(list(texts.map { _ in quoted(plans) })),"unseen":"zeros"}]},
    {"name":"trees","in":["coded"],"model":{"engine":"stub","file":"trees"}},
    {"name":"score","in":["trees.probabilities[1]","filled.n3"],"combine":{"by":"weighted","weights":[0.9,0.1]}},
    {"name":"label","in":["score"],"combine":{"by":"threshold","at_least":0.42,"then":"yes","else":"no"}}],
    "outputs":[{"name":"label","from":"label"},{"name":"score","from":"score"}]}
    """
let engine = try GraphEngine(
    try GraphDescriptor(file: Array(document.utf8)), models: ["trees": StubTrees()])

func rows(_ count: Int, from first: Int) -> [Tensor] {
    let indices = first..<first + count
    let given = (0..<20).map { column in
        let values = indices.map { row -> Double in
            (row + column) % 7 == 0 ? .nan : Double(row * 31 % 100 + column) / 10
        }
        return Tensor(.float64, shape: [count], elements: values)
    }
    let plans = (0..<5).map { column in
        Tensor(strings: indices.map { "plan \(($0 + column) % 11)" }, shape: [count])
    }
    return given + plans
}

func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

/// Nanoseconds of calls; and of each step, by position.
func measure(_ batches: [[Tensor]], seconds: Double) throws -> (calls: [Int], steps: [[Int]]) {
    var calls: [Int] = []
    var steps = [[Int]](repeating: [], count: engine.steps.count)
    let end = Moment.now.after(Int(seconds * 1e9))
    var turn = 0
    while Moment.now < end {
        let batch = batches[turn % batches.count]
        let start = Moment.now
        _ = try engine.run(batch)
        calls.append(Moment.now.since(start))
        let clock = StepClock()
        _ = try engine.run(batch, until: .never, timing: clock)
        for (index, time) in clock.times.enumerated() { steps[index].append(time.nanoseconds) }
        turn += 1
    }
    return (calls, steps)
}

let singles = (0..<500).map { rows(1, from: $0) }
_ = try measure(singles, seconds: 0.5)
let (calls, steps) = try measure(singles, seconds: 2)
let whole = median(calls)
let parts = steps.map(median)
let microseconds = { (nanoseconds: Int) in String(format: "%.2f", Double(nanoseconds) / 1000) }
print("one row: \(microseconds(whole)) us, p99 \(microseconds(calls.sorted()[calls.count * 99 / 100])) us")
for (step, part) in zip(engine.steps, parts) { print("  \(step.name) (\(step.kind)): \(microseconds(part)) us") }
let around = whole - parts.reduce(0, +)
print("  around them: \(microseconds(around)) us, \(microseconds(around / parts.count)) us a step")
let native = zip(engine.steps, parts).filter { $0.0.kind != "model" }.map(\.1)
print("  a native step, all in: \(microseconds((whole - parts[2]) / native.count)) us")
let (large, _) = try measure([rows(10_000, from: 0)], seconds: 3)
print("10,000 rows: \(microseconds(median(large))) us, \(median(large) / 10_000) ns a row")

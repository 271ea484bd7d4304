// SPDX-License-Identifier: Apache-2.0
import Foundation
import GraphExecution
import ModelExecution
import Tensors
import TestSupport
import Testing

/// Every graph.json is hostile: what is none is refused, and nothing ends, holds or fills the process.
struct FuzzTests {
    private static let seeds = [
        graph(
            "age FP64", "plan BYTES", "n INT64", "m FP32 -1 3", "at BYTES",
            steps: """
                {"name":"prep","in":["input"],"transform":[
                {"op":"impute","columns":["age","m"],"fill":[38,1,2,3],"indicator":true},{"op":"scale","columns":["age"],"subtract":[38],"divide":[12]},
                {"op":"clip","columns":["age"],"low":[-3],"high":[3]},{"op":"one_hot","columns":["plan"],"categories":[["a","b",null]],"unseen":"zeros"},
                {"op":"lookup","columns":["n"],"keys":[[1,2]],"values":[[0.5,[1]]],"unseen":-1},{"op":"parts","columns":["at"],"parts":["year","week"]},
                {"op":"cast","columns":["plan"],"to":"FP32"},{"op":"bucketise","columns":["at_year"],"edges":[[2000,2020]],"one_hot":true}]},
                {"name":"trees","in":["prep.m","prep.age"],"model":{"engine":"stub","file":"m"},"when":[{"of":"input.age","above":20}],"on_error":{"value":0.5},"cache":10},
                {"name":"label","in":["trees.scores[1]"],"combine":{"by":"threshold","at_least":0.42,"then":"yes","else":"no"}}
                """.replacing("[0.5,[1]]", with: "[0.5,1]"),
            outputs: "scores=trees.scores", "age=prep.age", "plan=prep.plan"),
        graph(
            "a FP64", "t BYTES", "c INT32",
            steps: """
                {"name":"words","in":["input.t"],"transform":[{"op":"lower","columns":["t"]},{"op":"count","columns":["t"],"buckets":8,"ngrams":[1,2],"norm":"l2"},
                {"op":"linear","columns":["t"],"coefficients":[[1,2,3,4,5,6,7,8]],"intercept":[1],"as":"y"}]},
                {"name":"power","in":["input.a","input.c"],"transform":[{"op":"power","columns":["a"],"method":"yeo-johnson","lambdas":[0.5]},
                {"op":"polynomial","columns":["a","c"],"powers":[[1,0],[1,2]],"as":"p"},{"op":"normalise","columns":["p"]},{"op":"softmax","columns":["p"]}]},
                {"name":"vote","in":["input.c","input.c"],"combine":{"by":"vote","weights":[1,2]}},
                {"name":"pick","in":["power.p[0]","words.y[0]","input.a"],"combine":{"by":"select","rules":[{"when":[{"of":"vote","one_of":[1,2]}],"take":1}],"otherwise":0}},
                {"name":"mean","in":["pick","input.a"],"combine":{"by":"weighted","weights":[1,0.5],"missing":"renormalise"}},
                {"name":"all","in":["mean","words","power"],"combine":{"by":"stack","coefficients":[[1,1,1,1]],"link":"sigmoid"}}
                """, outputs: "vote", "mean", "all"),
    ]

    /// Bytes are flipped, cut out and doubled; values are exchanged for others of the document, and for worse.
    @Test(.timeLimit(.minutes(30))) func damagedGraphsAreRefusedOrRun() throws {
        let count = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] == nil ? 4000 : 60_000
        var generator = SeededGenerator(seed: 20_261_126)
        var (refused, opened, answered) = (0, 0, 0)
        for seed in Self.seeds {
            let whole = try JSONValue.parse(seed)
            _ = try open(seed, models: models(of: try GraphDescriptor(file: Array(seed.utf8))))
            let pool = parts(of: whole) + Self.bad
            for turn in 0..<count / 2 {
                var bytes = Array(seed.utf8)
                if turn % 4 == 0 {
                    damage(&bytes, using: &generator)
                } else {
                    var changed = whole
                    for _ in 0...Int.random(in: 0..<3, using: &generator) {
                        changed = replaced(changed, pool, using: &generator)
                    }
                    bytes = Array(changed.text.utf8)
                }
                guard let descriptor = try? GraphDescriptor(file: bytes),
                    let engine = try? GraphEngine(descriptor, models: models(of: descriptor))
                else {
                    refused += 1
                    continue
                }
                opened += 1
                for rows in [1, 3, 0] {
                    let inputs = try engine.inputs.map { try values(for: $0, rows: rows, using: &generator) }
                    guard let answers = try? engine.run(inputs) else { continue }
                    answered += 1
                    #expect(zip(answers, engine.outputs).allSatisfy { $0.datatype == $1.datatype })
                    guard rows == 3, answers.allSatisfy({ $0.shape.first == 3 }) else { continue }
                    for index in 0..<3
                    where contents(try engine.run(row(index, of: inputs))) != contents(row(index, of: answers)) {
                        Issue.record(
                            "row \(index) is answered otherwise alone: \(String(decoding: bytes, as: UTF8.self))")
                    }
                }
            }
        }
        // All must happen often, or the damage was of the wrong kind.
        #expect(
            refused > count / 5 && opened > count / 20 && answered > count / 20, "\(refused), \(opened), \(answered)")
    }

    private static let bad: [JSONValue] = [
        .null, true, 0, -1, 1e300, -1e300, 0.5, "NaN", "Infinity", "", "input", "x", .array([]), .object([]),
        [.array([])],
        .integer(.max), .integer(.min), .unsigned(.max), 65_536, 65_537, 262_144, "input.age", "trees", "\u{0}", "skip",
        64,
        "FP16", "BF16", "BYTES", "INT8", "UINT64", "BOOL", 1_000_000, ["value": 1], [-1, 40_000], [-1, 2, 2], [],
    ]

    /// Engines for whatever steps ask for one: a matrix of any width in, two scores out; a row below 0 is refused.
    private func models(of descriptor: GraphDescriptor) -> [String: any InferenceEngine] {
        var models: [String: any InferenceEngine] = [:]
        for step in descriptor.steps {
            guard case .model = step.work else { continue }
            models[step.name] = StubEngine([spec("rows", .float32, nil, nil)], [spec("scores", .float32, nil, 2)]) {
                inputs, _ throws(EngineError) in
                let values = inputs[0].elements(as: Float.self)
                let (rows, width) = (inputs[0].shape[0], inputs[0].shape[1])
                let sums = (0..<rows).map { values[$0 * width..<($0 + 1) * width].reduce(0, +) }
                guard sums.allSatisfy({ !($0 < 0) }) else { throw .inputsRefused(reason: "negative") }
                return [Tensor(.float32, shape: [rows, 2], elements: sums.flatMap { [1 - $0, $0] })]
            }
        }
        return models
    }

    private func values(for spec: TensorSpec, rows: Int, using generator: inout SeededGenerator) throws -> Tensor {
        let shape = spec.shape.enumerated().map { index, dimension in dimension.size ?? (index == 0 ? rows : 2) }
        // A graph may say that it takes more than anybody can send.
        let count = try #require(elementCount(of: shape).flatMap { $0 <= 1 << 22 ? $0 : nil } ?? 0)
        let fitting = elementCount(of: shape) == count ? shape : [0]
        guard let width = spec.datatype.byteWidth else {
            let words = ["", "a", "b", "2026-11-26", "é Σ", "NaN", "1", "two words and more"]
            return Tensor(
                strings: (0..<count).map { _ in words[Int.random(in: 0..<8, using: &generator)] }, shape: fitting)
        }
        let storage = TensorStorage(byteCount: count * width)
        unsafe storage.withUnsafeMutableBytes { bytes in
            for index in bytes.indices {
                unsafe bytes[index] =
                    spec.datatype == .bool ? UInt8(index % 2) : UInt8.random(in: 0...255, using: &generator)
            }
        }
        return Tensor(spec.datatype, shape: fitting, storage: storage)
    }
}

// MARK: Mutations

private func parts(of value: JSONValue) -> [JSONValue] {
    switch value {
    case .array(let elements): [value] + elements.flatMap(parts(of:))
    case .object(let members): [value] + members.flatMap { parts(of: $0.value) }
    default: [value]
    }
}

/// One value, somewhere, becomes another, goes, or is there twice.
private func replaced(_ value: JSONValue, _ pool: [JSONValue], using generator: inout SeededGenerator) -> JSONValue {
    let stops = Int.random(in: 0..<12, using: &generator) == 0
    switch value {
    case .array(var elements) where !elements.isEmpty && !stops:
        let place = Int.random(in: 0..<elements.count, using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: elements.remove(at: place)
        case 1: elements.append(elements[place])
        case 2: elements.swapAt(place, Int.random(in: 0..<elements.count, using: &generator))
        default: elements[place] = replaced(elements[place], pool, using: &generator)
        }
        return .array(elements)
    case .object(var members) where !members.isEmpty && !stops:
        let place = Int.random(in: 0..<members.count, using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: members.remove(at: place)
        case 1:
            members[place].name =
                ["op", "by", "in", "when", "columns", "to", "as"].randomElement(using: &generator) ?? ""
        default: members[place].value = replaced(members[place].value, pool, using: &generator)
        }
        return .object(members)
    default: return pool[Int.random(in: 0..<pool.count, using: &generator)]
    }
}

/// Flips bits, overwrites with bytes and digits, cuts out, doubles or cuts off.
private func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, place + Int.random(in: 1...16, using: &generator))
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 2, 3:
        for index in place..<end where (48...57).contains(bytes[index]) {
            bytes[index] = UInt8.random(in: 48...57, using: &generator)
        }
    case 4: bytes.removeSubrange(place..<end)
    default: bytes.insert(contentsOf: bytes[place..<end], at: place)
    }
}

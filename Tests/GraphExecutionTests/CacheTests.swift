// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import Tensors
import Testing

@testable import GraphExecution

/// Answers that are kept are those that the model would give, and no more of them than was asked for.
struct CacheTests {
    private func cached(_ limit: Int, _ model: any InferenceEngine, _ inputs: String...) throws -> GraphEngine {
        try open(
            graph(
                inputs.first ?? "x FP32",
                steps: #"{"name":"m","in":["input"],"model":{"engine":"stub","file":"m"},"cache":\#(limit)}"#,
                outputs: "y=m.score"),
            models: ["m": model])
    }

    private func singles(_ values: [Float]) -> Tensor { Tensor(.float32, shape: [values.count], elements: values) }

    private func asked(_ model: StubEngine) -> [Int] { model.calls.map { $0[0][0] } }

    @Test func knownRowsAreNotAskedAgain() throws {
        let model = StubEngine.scoring(1) { $0[0] * 2 }
        let engine = try cached(10, model)
        #expect(try engine.run([singles([1, 2, 1])])[0].elements(as: Float.self) == [2, 4, 2])
        #expect(try engine.run([singles([3, 2, 1])])[0].elements(as: Float.self) == [6, 4, 2])
        #expect(try engine.run([singles([3])])[0].elements(as: Float.self) == [6])
        #expect(asked(model) == [3, 1])
        #expect(engine.steps[0].cachedRows == 3 && engine.steps[0].rows == 7)
    }

    /// NaN and the two zeros are told apart by their bits; what goes in decides, not what is equal.
    @Test func rowsAreToldApartByTheirBits() throws {
        let model = StubEngine.scoring(1) { 1 / $0[0] }
        let engine = try cached(10, model)
        for _ in 0..<2 {
            #expect(try engine.run([singles([0.0, -0.0])])[0].elements(as: Float.self) == [.infinity, -.infinity])
            #expect(try engine.run([singles([.nan])])[0].elements(as: Float.self)[0].isNaN)
        }
        #expect(asked(model) == [2, 1])
    }

    @Test func textsAreNotConfusedWithTheirNeighbours() throws {
        let model = StubEngine([spec("a", .bytes, nil), spec("b", .bytes, nil)], [spec("score", .bytes, nil)]) {
            inputs, _ in
            [texts(zip(inputs[0].strings, inputs[1].strings).map { "\($0)|\($1)" })]
        }
        let engine = try open(
            graph(
                "a BYTES", "b BYTES",
                steps: #"{"name":"m","in":["input"],"model":{"engine":"stub","file":"m"},"cache":10}"#,
                outputs: "y=m.score"),
            models: ["m": model])
        #expect(try engine.strings(texts(["ab", "a", ""]), texts(["c", "bc", "abc"])) == ["ab|c", "a|bc", "|abc"])
        #expect(try engine.strings(texts(["", "a"]), texts(["abc", "bc"])) == ["|abc", "a|bc"])
        #expect(model.calls.count == 1)
    }

    @Test(arguments: [1, 2, 3, 10, 100]) func noMoreAreKeptThanAsked(limit: Int) throws {
        let model = StubEngine.scoring(1) { $0[0] }
        let engine = try cached(limit, model)
        let rows = (0..<1000).map(Float.init)
        for value in rows { _ = try engine.run([singles([value])]) }
        var hits = 0
        for value in rows.reversed() {
            let before = engine.steps[0].cachedRows
            _ = try engine.run([singles([value])])
            guard engine.steps[0].cachedRows > before else { break }
            hits += 1
        }
        #expect(hits <= limit && hits >= max(1, limit / 2))
    }

    @Test func whatIsUsedStays() throws {
        let model = StubEngine.scoring(1) { $0[0] }
        let engine = try cached(10, model)
        for value in 0..<1000 { _ = try engine.run([singles([Float(value), -1])]) }
        // Two in the first call, one in each further one.
        #expect(asked(model) == [2] + [Int](repeating: 1, count: 999))
    }

    /// However many rows may be kept, they do not take all memory; and a kept row keeps no batch alive.
    @Test func keptRowsTakeLittleMemory() {
        let cache = RowCache(limit: 10_000_000)
        let wide = TensorStorage(byteCount: 20 << 20)
        weak let kept = wide
        for key in 0..<UInt8(10) {
            let answer = Tensor(
                .uint8, shape: [1, 20 << 20], storage: key == 0 ? wide : TensorStorage(byteCount: 20 << 20))
            cache.keep([answer], for: [key])
        }
        #expect(cache.answers(to: (0..<10).map { [UInt8($0)] }).compactMap(\.self).count <= 6)
        _ = kept
        cache.keep([Tensor(.uint8, shape: [1, 65 << 20], storage: TensorStorage(byteCount: 65 << 20))], for: [77])
        #expect(cache.answers(to: [[77]])[0] == nil)
    }

    @Test func aKeptRowKeepsNoBatchAlive() throws {
        let engine = try cached(10, StubEngine.scoring(1) { $0[0] })
        weak let batch = try engine.run([singles([Float](repeating: 3, count: 100_000))])[0].storage
        #expect(batch == nil)
    }

    /// Which rows were together last time says nothing about shapes.
    @Test func answersThatDifferInShapeAreRefused() throws {
        let ragged = StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil, nil, 1)]) { inputs, _ in
            let rows = inputs[0].elements(as: Float.self)
            let width = Int(rows.max() ?? 0)
            return [
                Tensor(
                    .float32, shape: [rows.count, width, 1], elements: [Float](repeating: 1, count: rows.count * width))
            ]
        }
        let engine = try cached(10, ragged)
        _ = try engine.run([singles([1])])
        _ = try engine.run([singles([2])])
        #expect(
            throws: EngineError.runFailed(reason: "step “m”: its answers differ in shape, so that none can be kept")
        ) {
            try engine.run([singles([1, 2])])
        }
    }

    @Test func onlyRowsAreKept() throws {
        let fixed = StubEngine([spec("x", .float32, nil), spec("t", .float32, 2)], [spec("score", .float32, nil)]) {
            inputs, _ in
            [inputs[0]]
        }
        let document = graph(
            "x FP32", "t FP32 2", steps: #"{"name":"m","in":["input"],"model":{"engine":"stub","file":"m"},"cache":3}"#,
            outputs: "y=m.score")
        #expect(
            fault(document, models: ["m": fixed])
                == "step “m”: “cache” keeps answers row by row, and “t” is FP32 [2]")
        let scalar = StubEngine([spec("x", .float32, nil), spec("t", .float32)], [spec("score", .float32, nil)]) {
            inputs, _ in
            [inputs[0]]
        }
        let engine = try open(document.replacing("\"shape\":[2]", with: "\"shape\":[]"), models: ["m": scalar])
        #expect(
            throws: EngineError.runFailed(
                reason: "step “m”: it is given what is not of rows, so that no answers can be kept")
        ) { try engine.run([singles([1, 2]), Tensor(.float32, shape: [], elements: [Float(1)])]) }
        let total = StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil, nil, 1)]) { _, _ in
            [Tensor(.float32, shape: [1, 1, 1], elements: [Float(1)])]
        }
        #expect(
            throws: EngineError.runFailed(
                reason: "step “m”: it gave no answer for each row, so that none can be kept")
        ) { try self.cached(3, total).run([singles([1, 2])]) }
    }
}

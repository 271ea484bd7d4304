// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelDomain
import ModelExecution
import Tensors
import Testing

/// What a request gets when a step fails, is skipped, or takes too long.
struct FailureTests {
    private static let bad = StubEngine.scoring(1) { $0[0] < 0 ? nil : $0[0] * 10 }

    private func failing(_ policy: String, model: any InferenceEngine = bad, outputs: String = "y=m.score") throws
        -> GraphEngine
    {
        try open(
            graph(
                "x FP32",
                steps: """
                    {"name":"m","in":["input.x"],"model":{"engine":"stub","file":"m"}\(policy)},
                    {"name":"either","in":["m.score","input.x"],"combine":{"by":"first_available"}}
                    """, outputs: outputs), models: ["m": model])
    }

    private func singles(_ values: [Float]) -> Tensor { Tensor(.float32, shape: [values.count], elements: values) }

    @Test func aFailureEndsTheRequest() throws {
        let engine = try failing("")
        #expect(throws: EngineError.inputsRefused(reason: "step “m”: a row is bad")) {
            try engine.run([singles([1, -1])])
        }
        #expect(try engine.run([singles([1, 2])])[0].elements(as: Float.self) == [10, 20])
    }

    /// A bad row spoils no other, and each row gets alone what it gets in company.
    @Test func aBadRowSpoilsNoOther() throws {
        for (policy, outputs, expected) in [
            (#","on_error":"skip""#, "y=either", [10, -1, 30, -2, 50] as [Float]),
            (#","on_error":{"value":0.5}"#, "y=m.score", [10, 0.5, 30, 0.5, 50]),
        ] {
            let engine = try failing(policy, outputs: outputs)
            let rows = singles([1, -1, 3, -2, 5])
            let together = try engine.run([rows])[0].elements(as: Float.self)
            #expect(together == expected)
            #expect(try (0..<5).map { try engine.run(row($0, of: [rows]))[0].elements(as: Float.self)[0] } == expected)
            #expect(
                try engine.run([singles([-1, -1])])[0].elements(as: Float.self)
                    == (outputs == "y=either" ? [-1, -1] : [0.5, 0.5]))
        }
    }

    /// The reason is that of the row, and so is whose fault it is.
    @Test func aRowWithoutAnAnswerSaysWhy() throws {
        let engine = try failing(#","on_error":"skip""#)
        #expect(throws: EngineError.inputsRefused(reason: "row 1 has no “y”: step “m”: a row is bad")) {
            try engine.run([singles([1, -1, 3, -1])])
        }
        #expect(throws: EngineError.inputsRefused(reason: "the row has no “y”: step “m”: a row is bad")) {
            try engine.run([singles([-1])])
        }
        let twice = try open(
            graph(
                "x FP32", "y FP32",
                steps: """
                    {"name":"a","in":["input.x"],"model":{"engine":"stub","file":"m"},"on_error":"skip"},
                    {"name":"b","in":["input.y"],"model":{"engine":"stub","file":"m"},"on_error":"skip"}
                    """, outputs: "b=b.score", "a=a.score"), models: ["a": Self.bad, "b": Self.bad])
        // Row 0 has no a, and row 1 no b: of the first output, it is row 1.
        #expect(throws: EngineError.inputsRefused(reason: "row 1 has no “b”: step “b”: a row is bad")) {
            try twice.run([singles([-1, 1]), singles([1, -1])])
        }
    }

    @Test func aRowThatNoStepIsForSaysSo() throws {
        let engine = try failing(#","when":[{"of":"input.x","above":5}]"#)
        #expect(throws: EngineError.inputsRefused(reason: "no step that gives “y” is for row 1: “m” did not run")) {
            try engine.run([singles([6, 1])])
        }
    }

    @Test func aTransformFailsRowByRow() throws {
        let steps = { (policy: String) in
            """
            {"name":"code","in":["input"],"transform":[{"op":"lookup","columns":["t"],"keys":[["a","b"]],"values":[[1,2]],"unseen":"error"}]\(policy)},
            {"name":"y","in":["code.t","input.x"],"combine":{"by":"first_available"}}
            """
        }
        let inputs = [texts(["a", "z", "b"]), numbers([7, 8, 9])]
        let failing = try open(graph("t BYTES", "x FP64", steps: steps(""), outputs: "y"))
        #expect(throws: EngineError.inputsRefused(reason: "step “code”, row 1: “z” is no known value of “t”")) {
            try failing.run(inputs)
        }
        #expect(throws: EngineError.inputsRefused(reason: "step “code”: “z” is no known value of “t”")) {
            try failing.run(row(1, of: inputs))
        }
        let skipping = try open(graph("t BYTES", "x FP64", steps: steps(#","on_error":"skip""#), outputs: "y"))
        #expect(try skipping.run(inputs)[0].elements(as: Double.self) == [1, 8, 2])
        let conditional = try open(
            graph("t BYTES", "x FP64", steps: steps(#","when":[{"of":"input.x","above":7}]"#), outputs: "y"))
        #expect(throws: EngineError.inputsRefused(reason: "step “code”, row 1: “z” is no known value of “t”")) {
            try conditional.run(inputs)
        }
    }

    /// Values stand for numbers and texts of several columns, also where nobody else reads those from slots.
    @Test func valuesStandForEverythingThatAStepGives() throws {
        let model = StubEngine([spec("x", .float32, nil)], [spec("m", .float32, nil, 2), spec("n", .int64, nil)]) {
            inputs, _ throws(EngineError) in
            let values = inputs[0].elements(as: Float.self)
            guard values.allSatisfy({ $0 >= 0 }) else { throw .runFailed(reason: "negative") }
            return [
                Tensor(.float32, shape: [values.count, 2], elements: values.flatMap { [$0, -$0] }),
                integers(values.map { Int64($0) + 1 << 60 }),
            ]
        }
        let engine = try open(
            graph(
                "x FP32",
                steps: #"{"name":"s","in":["input"],"model":{"engine":"stub","file":"m"},"on_error":{"value":3}}"#,
                outputs: "m=s.m", "n=s.n"), models: ["s": model])
        let answers = try engine.run([singles([-1, 1, 2])])
        #expect(answers[0].elements(as: Float.self) == [3, 3, 1, -1, 2, -2])
        #expect(answers[1].elements(as: Int64.self) == [3, 1 << 60 + 1, 1 << 60 + 2])
        #expect(try engine.run([singles([-1])])[1].elements(as: Int64.self) == [3])
    }

    /// Answers of different inner shapes cannot lie in one tensor.
    @Test func rowsThatDoNotGoTogetherAreRefused() throws {
        let ragged = StubEngine([spec("x", .float32, nil)], [spec("y", .float32, nil, nil, 1)]) {
            inputs, _ throws(EngineError) in
            let values = inputs[0].elements(as: Float.self)
            guard values.count == 1 else { throw .runFailed(reason: "one at a time") }
            return [
                Tensor(.float32, shape: [1, Int(values[0]), 1], elements: [Float](repeating: 1, count: Int(values[0])))
            ]
        }
        let engine = try open(
            graph(
                "x FP32", steps: #"{"name":"s","in":["input"],"model":{"engine":"stub","file":"m"},"on_error":"skip"}"#,
                outputs: "y=s.y"), models: ["s": ragged])
        #expect(try engine.run([singles([2, 2])])[0].shape == [2, 2, 1])
        #expect(throws: EngineError.runFailed(reason: "step “s”: its answers to single rows do not go together")) {
            try engine.run([singles([1, 2])])
        }
    }

    /// An engine that breaks its word is an error, not the end of the process.
    @Test func answersOfAnotherFormAreRefused() throws {
        let answers: [([Tensor], String)] = [
            ([], "it gave 0 of 1 outputs"),
            ([singles([1])], "it gave FP32 [1] for 2 rows of “score” FP32 [?]"),
            ([numbers([1, 2])], "it gave FP64 [2] for 2 rows of “score” FP32 [?]"),
            (
                [Tensor(.float32, shape: [2, 1], elements: [Float(1), 2])],
                "it gave FP32 [2, 1] for 2 rows of “score” FP32 [?]"
            ),
        ]
        for (answer, reason) in answers {
            let model = StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil)]) { _, _ in answer }
            let engine = try failing("", model: model)
            #expect(throws: EngineError.runFailed(reason: "step “m”: \(reason)")) { try engine.run([singles([1, 2])]) }
        }
    }

    // MARK: Time

    private static func slow(elsewhere: Bool, nanoseconds: Int = 20_000_000) -> StubEngine {
        StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil)], runsElsewhere: elsewhere) {
            inputs, deadline throws(EngineError) in
            let end = Moment.now.after(nanoseconds)
            while Moment.now < end { if elsewhere, Moment.now > deadline { throw .deadlinePassed } }
            return inputs
        }
    }

    @Test func onlyWhatAWorkerRunsIsGivenUp() throws {
        let reason =
            "step “m”: “timeout_ms” is for steps that a worker runs: what runs in this process cannot be stopped half way"
        #expect(throws: GraphFault(reason)) { try failing(#","timeout_ms":5"#) }
        let engine = try failing(#","timeout_ms":2"#, model: Self.slow(elsewhere: true))
        #expect(engine.runsElsewhere)
        #expect(throws: EngineError.runFailed(reason: "step “m”: it took longer than its 2 ms")) {
            try engine.run([singles([1])])
        }
        let skipping = try failing(#","timeout_ms":2,"on_error":{"value":7}"#, model: Self.slow(elsewhere: true))
        #expect(try skipping.run([singles([1])])[0].elements(as: Float.self) == [7])
        let patient = try failing(#","timeout_ms":3600000"#, model: Self.slow(elsewhere: true))
        #expect(try patient.run([singles([1])])[0].elements(as: Float.self) == [1])
    }

    @Test func aCallersDeadlineHoldsWhateverAStepMayDo() throws {
        for policy in ["", #","on_error":"skip""#, #","on_error":{"value":1},"timeout_ms":3600000"#] {
            let engine = try failing(policy, model: Self.slow(elsewhere: true))
            #expect(throws: EngineError.deadlinePassed) {
                try engine.run([singles([1, 2])], until: Moment.now.after(2_000_000))
            }
        }
        let inProcess = try failing("", model: Self.slow(elsewhere: false))
        #expect(throws: EngineError.deadlinePassed) {
            try inProcess.run([singles([1])], until: Moment.now.after(1_000_000))
        }
        #expect(try inProcess.run([singles([1])], until: Moment.now.after(3_600_000_000_000)).count == 1)
    }

    /// A hundred rows that fail one by one do not take a hundred times as long as anybody waits.
    @Test func rowsAreNotTriedWhenNobodyWaits() throws {
        let failing = StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil)]) {
            inputs, _ throws(EngineError) in
            let end = Moment.now.after(2_000_000)
            while Moment.now < end {}
            throw .runFailed(reason: "always")
        }
        let engine = try self.failing(#","on_error":"skip""#, model: failing)
        #expect(throws: EngineError.deadlinePassed) {
            try engine.run([singles([Float](repeating: 1, count: 1000))], until: Moment.now.after(20_000_000))
        }
        #expect(failing.calls.count < 30)
    }

    // MARK: Counting

    @Test func stepsCountWhatTheyDo() throws {
        let engine = try failing(#","on_error":"skip","when":[{"of":"input.x","below":100}]"#, outputs: "y=either")
        let clock = StepClock()
        _ = try engine.run([singles([1, 200, 3])], until: .never, timing: clock)
        _ = try engine.run([singles([-1, 2])])
        _ = try engine.run([singles([200])])
        let counts = engine.steps
        #expect(counts.map(\.name) == ["m", "either"] && counts.map(\.kind) == ["model", "combine"])
        #expect(counts.map(\.calls) == [2, 3] && counts.map(\.rows) == [4, 6] && counts.map(\.failures) == [1, 0])
        #expect(counts.allSatisfy { $0.nanoseconds > 0 && $0.cachedRows == 0 })
        #expect(clock.times.map(\.name) == ["m", "either"] && clock.times.map(\.rows) == [2, 3])
        #expect(clock.times.allSatisfy { $0.nanoseconds > 0 })
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import TableTransforms
import Tensors
import Testing

@testable import GraphExecution

/// Whatever a file asks for, and however many rows come, time and memory are bounded.
struct LimitTests {
    private func chain(_ count: Int, backwards: Bool = false) -> String {
        let steps = (0..<count).map { index in
            let source = index == 0 ? "input" : "s\(index - 1)"
            return #"{"name":"s\#(index)","in":["\#(source)"],"transform":[{"op":"scale","columns":["x"],"add":[1]}]}"#
        }
        return graph(
            "x FP64", steps: (backwards ? steps.reversed() : steps).joined(separator: ","), outputs: "y=s\(count - 1).x"
        )
    }

    @Test(arguments: [false, true]) func aThousandStepsMayStandInAChain(backwards: Bool) throws {
        let engine = try open(chain(1000, backwards: backwards))
        #expect(engine.plan.steps.map(\.name) == (0..<1000).map { "s\($0)" })
        #expect(try engine.doubles(numbers([0, 0.5])) == [1000, 1000.5])
    }

    @Test(.timeLimit(.minutes(10))) func moreStepsAreRefused() {
        for count in [1001, 100_000] { #expect(fault(chain(count)) == "“steps” is no list of at most 1000") }
    }

    /// Each reads all before it.
    @Test(.timeLimit(.minutes(10))) func stepsMayReadManyOthers() throws {
        let steps = (0..<400).map { index in
            let sources = ["\"input.x\""] + (0..<index).map { "\"s\($0)\"" }
            return #"{"name":"s\#(index)","in":[\#(sources.joined(separator: ","))],"combine":{"by":"average"}}"#
        }
        let engine = try open(graph("x FP64", steps: steps.reversed().joined(separator: ","), outputs: "y=s399"))
        #expect(try engine.doubles(numbers([2, 3])) == [2, 3])
    }

    @Test func nestingIsBounded() {
        for opener in ["[", #"{"a":"#] {
            let deep = String(repeating: opener, count: 100_000)
            #expect(fault(deep).hasPrefix("it is no JSON: "))
            #expect(fault(deep).count < 200)
        }
    }

    @Test func aFileIsNotLarger() {
        let bytes = [UInt8](repeating: 0x20, count: 64 << 20 + 1)
        #expect(throws: GraphFault("it is no JSON: the body has 67108865 bytes, at most 67108864 are taken")) {
            try GraphDescriptor(file: bytes)
        }
    }

    /// A word of a hundred bytes must not become a hundred million columns.
    @Test(.timeLimit(.minutes(10))) func referencesDoNotMultiply() {
        let inputs = (0..<1000).map { #"{"name":"x\#($0)","datatype":"FP64","shape":[-1]}"# }.joined(separator: ",")
        let sources = [String](repeating: "\"input\"", count: 200_000).joined(separator: ",")
        let document = """
            {"schema":"slipway.graph/1","inputs":[\(inputs)],"steps":[{"name":"a","in":[\(sources)],"combine":{"by":"average"}}],
            "outputs":[{"name":"y","from":"a"}]}
            """
        #expect(fault(document) == "step “a”: “in” brings more than 65536 columns")
    }

    @Test(.timeLimit(.minutes(10))) func stepsDoNotWorkOnTooMuchTogether() {
        let steps = (0..<1000).map { #"{"name":"s\#($0)","in":["input.m"],"combine":{"by":"average"}}"# }
        #expect(
            fault(graph("m FP32 -1 65536", steps: steps.joined(separator: ","), outputs: "y=input.m"))
                == "step “s64”: it and the steps before it work on more than 4194304 values a row")
    }

    @Test func aMatrixIsNotTooWide() throws {
        let model = StubEngine([spec("m", .float32, nil, nil)], [spec("y", .float32, nil)]) { _, _ in [] }
        let document = graph(
            "n FP32 -1 40000", steps: #"{"name":"s","in":["input.n","input.n"],"model":{"engine":"stub","file":"m"}}"#,
            outputs: "y=s.y")
        #expect(
            fault(document, models: ["s": model])
                == "step “s”: 80000 values a row are more than the 65536 that a matrix may have")
    }

    @Test func coefficientsAreNotTooMany() {
        let lists = [String](repeating: "[1]", count: 65_537).joined(separator: ",")
        #expect(
            fault(
                graph(
                    "x FP64",
                    steps: #"{"name":"s","in":["input.x"],"combine":{"by":"stack","coefficients":[\#(lists)]}}"#,
                    outputs: "y=s")) == "step “s”: “coefficients” has more than 65536 lists")
    }

    /// Two long names are not compared letter by letter, and no message repeats them.
    @Test(.timeLimit(.minutes(10))) func longNamesAreCutShort() {
        let name = String(repeating: "a", count: 1_000_000)
        let reason = fault(graph("\(name) FP64", steps: "", outputs: "y=input.\(name)b"))
        #expect(reason.hasPrefix("output “y”: “input” gives no “aaa") && reason.count < 500)
        let many = (0..<2000).map {
            #"{"name":"\#(String(repeating: "b", count: 110))\#($0)","datatype":"FP64","shape":[-1]}"#
        }
        _ = fault(
            #"{"schema":"slipway.graph/1","inputs":[\#(many.joined(separator: ","))],"steps":[],"outputs":[{"name":"y","from":"input.\#(String(repeating: "b", count: 112))"}]}"#
        )
    }

    @Test(.timeLimit(.minutes(10))) func aGraphMayHaveManyColumns() throws {
        let inputs = (0..<16_384).map { #"{"name":"x\#($0)","datatype":"FP32","shape":[-1]}"# }.joined(separator: ",")
        let names = (0..<16_384).map { "\"input.x\($0)\"" }.joined(separator: ",")
        let model = StubEngine([spec("rows", .float32, nil, nil)], [spec("y", .float32, nil)]) { inputs, _ in
            [Tensor(.float32, shape: [1], elements: [inputs[0].elements(as: Float.self).reduce(0, +)])]
        }
        let engine = try open(
            """
            {"schema":"slipway.graph/1","inputs":[\(inputs)],"steps":[{"name":"s","in":[\(names)],"model":{"engine":"stub","file":"m"}}],
            "outputs":[{"name":"y","from":"s.y"}]}
            """, models: ["s": model])
        let one = Tensor(.float32, shape: [1], elements: [Float(1)])
        #expect(try engine.run([Tensor](repeating: one, count: 16_384))[0].elements(as: Float.self) == [16_384])
    }

    // MARK: Rows

    /// 30,000 rows of 4,096 values would take a gigabyte at once.
    @Test(.timeLimit(.minutes(10))) func manyRowsOfWideStepsGoThroughInParts() throws {
        let model = StubEngine([spec("rows", .float32, nil, 4096)], [spec("score", .float32, nil)]) { inputs, _ in
            let count = inputs[0].shape[0]
            return inputs[0].withElements(as: Float.self) { values in
                [Tensor(.float32, shape: [count], elements: (0..<count).map { row in values[row * 4096 + row % 3] })]
            }
        }
        let steps = """
            {"name":"hashed","in":["input.t"],"transform":[{"op":"hash","columns":["t"],"buckets":4096}]},
            {"name":"m","in":["hashed"],"model":{"engine":"stub","file":"m"}},
            {"name":"y","in":["m.score","input.x"],"combine":{"by":"average"}}
            """
        let engine = try open(graph("t BYTES", "x FP64", steps: steps, outputs: "y", "t=input.t"), models: ["m": model])
        #expect(engine.plan.rowsAtOnce < 1100 && engine.plan.rowsAtOnce > 900)
        let count = 2500
        let inputs = [texts((0..<count).map { "text \($0)" }), numbers((0..<count).map(Double.init))]
        let clock = StepClock()
        let answers = try engine.run(inputs, until: .never, timing: clock)
        #expect(model.calls.map { $0[0][0] }.max() ?? 0 <= engine.plan.rowsAtOnce && model.calls.count == 3)
        #expect(clock.times.map(\.name) == ["hashed", "m", "y"] && clock.times.map(\.rows) == [count, count, count])
        #expect(answers.map(\.shape) == [[count], [count]] && answers[1].strings == inputs[0].strings)
        let first = try engine.run(row(0, of: inputs))
        #expect(contents(first) == contents(row(0, of: answers)))
        let batch = try engine.run(inputs.map { $0.part(700..<800) })
        // The stub looks at where a row lies among the others; the prepared values do not.
        #expect(batch[1].strings == Array(inputs[0].strings[700..<800]))
    }

    @Test func rowsAreCountedAsTheirCallerDoes() throws {
        let steps = #"{"name":"hashed","in":["input.t"],"transform":[{"op":"hash","columns":["t"],"buckets":65536}]}"#
        let engine = try open(
            graph(
                "t BYTES", "d BYTES",
                steps: steps
                    + #",{"name":"year","in":["input.d"],"transform":[{"op":"parts","columns":["d"],"parts":["year"]}]}"#
                    + #",{"name":"maybe","in":["input.d"],"transform":[{"op":"parts","columns":["d"],"parts":["year"]}],"on_error":"skip"}"#,
                outputs: "y=year.d_year"))
        #expect(engine.plan.rowsAtOnce == 63)
        var days = [String](repeating: "2026-11-26", count: 200)
        #expect(try engine.doubles(texts(days), texts(days)) == [Double](repeating: 2026, count: 200))
        days[150] = "soon"
        #expect(
            throws: EngineError.inputsRefused(reason: "step “year”, row 150: “soon” is no date in the form of ISO 8601")
        ) {
            try engine.run([texts(days), texts(days)])
        }
    }

    @Test func answersOfTooManyValuesAreRefused() throws {
        let engine = try open(
            graph(
                "t BYTES",
                steps:
                    #"{"name":"hashed","in":["input.t"],"transform":[{"op":"hash","columns":["t"],"buckets":65536}]}"#,
                outputs: "y=hashed.t"))
        #expect(
            throws: EngineError.inputsRefused(
                reason: "100000 rows with 65536 values each are too many at once; send at most 1024")
        ) { try engine.run([texts([String](repeating: "x", count: 100_000))]) }
        #expect(try engine.run([texts(["x", "y"])])[0].shape == [2, 65_536])
    }

    /// An input without rows keeps a call in one part; then rows are bounded by what the steps hold.
    @Test func callsThatCannotBePartedAreBoundedToo() throws {
        let model = StubEngine([spec("score", .float32, nil), spec("t", .float32, 2)], [spec("y", .float32, nil)]) {
            inputs, _ in
            [inputs[0]]
        }
        let engine = try open(
            graph(
                "t FP32 2", "x BYTES",
                steps: """
                    {"name":"hashed","in":["input.x"],"transform":[{"op":"hash","columns":["x"],"buckets":32768}]},
                    {"name":"score","in":["hashed"],"combine":{"by":"stack","coefficients":[\([Double](repeating: 0.5, count: 32_768))]}},
                    {"name":"m","in":["score","input.t"],"model":{"engine":"stub","file":"m"}}
                    """, outputs: "y=m.y"), models: ["m": model])
        let table = Tensor(.float32, shape: [2], elements: [Float(0), 0])
        #expect(try engine.run([table, texts(["a", "b"])])[0].elements(as: Float.self).map(abs) == [0.5, 0.5])
        #expect(throws: EngineError.self) { try engine.run([table, texts([String](repeating: "a", count: 3000))]) }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import GraphExecution
import ModelDomain
import ModelExecution
import PortContracts
import Tensors
import Testing

/// Files and bundles in a bundle: each opened on its engine, and bundles on their own proof.
struct BundleTests {
    private static let outer = graph(
        "x FP32", steps: #"{"name":"m","in":["input"],"model":{"bundle":"steps/m","version":"default/m@3"}}"#,
        outputs: "y=m.score")
    private static let examples = (1...3).map { #"{"inputs":{"x":\#($0)},"outputs":{"score":\#($0)0}}"# }

    private func bundled(examples: [String] = examples, _ change: (inout MemoryFiles) throws -> Void = { _ in }) throws
        -> MemoryFiles
    {
        var files = MemoryFiles(["graph.json": Self.outer])
        try files.add(
            bundle: "steps/m", inputs: [spec("x", .float32, nil)], outputs: [spec("score", .float32, nil)],
            examples: examples)
        try change(&files)
        return files
    }

    private func single(_ values: Float...) -> Tensor { Tensor(.float32, shape: [values.count], elements: values) }

    @Test func aBundleProvesItself() throws {
        let engine = try bundled().open()
        #expect(try engine.run([single(4, 5)])[0].elements(as: Float.self) == [40, 50])
    }

    @Test func aBundleThatAnswersOtherwiseIsNotOpened() throws {
        let wrong = [#"{"inputs":{"x":1},"outputs":{"score":11}}"#] + Self.examples
        #expect(
            try bundled(examples: wrong).refusal()
                == "Step “m”: 1 of 4 examples get other answers than were recorded.")
    }

    @Test func whatIsDamagedOrGoneIsNamed() throws {
        let changes: [(String, (inout MemoryFiles) throws -> Void)] = [
            (
                "step “m”: The bundle cannot be used: “manifest.json” cannot be read.",
                { $0.files["steps/m/manifest.json"] = nil }
            ),
            (
                "step “m”: The bundle cannot be used: its manifest is no JSON: expected a value, found the end.",
                { $0.files["steps/m/manifest.json"] = [] }
            ),
            (
                "step “m”: The bundle cannot be used: “schema” is no text.",
                { $0.files["steps/m/manifest.json"] = Array("{}".utf8) }
            ),
            (
                "Step “m”: The bundle cannot be used: “examples.jsonl” cannot be read.",
                { $0.files["steps/m/examples.jsonl"] = nil }
            ),
            ("The bundle cannot be used: “graph.json” cannot be read.", { $0.files["graph.json"] = nil }),
            (
                "step “m”: its inputs and outputs are not those of the bundle's signature",
                {
                    try $0.add(
                        bundle: "steps/m", inputs: [spec("z", .float32, nil)], outputs: [spec("score", .float32, nil)],
                        examples: [])
                }
            ),
            (
                "step “m”: it is broken",
                {
                    try $0.add(
                        bundle: "steps/m", model: "broken", inputs: [spec("x", .float32, nil)],
                        outputs: [spec("score", .float32, nil)], examples: [])
                }
            ),
            (
                "The engine tarot is not installed.",
                {
                    try $0.add(
                        bundle: "steps/m", engine: "tarot", inputs: [spec("x", .float32, nil)],
                        outputs: [spec("score", .float32, nil)], examples: [])
                }
            ),
        ]
        for (reason, change) in changes {
            let found = try bundled(examples: Self.examples, change).refusal()
            #expect(found == reason)
        }
        let cut = try bundled { $0.files["steps/m/examples.jsonl"]?.removeLast(20) }
        #expect(cut.refusal().hasPrefix("Step “m”: "))
    }

    @Test(arguments: ["../x", "/etc/passwd", "a/../../b", "", ".", "a//b", "a\\b", "./a", "a/", "a\u{0}b"])
    func pathsDoNotLeaveTheBundle(path: String) throws {
        let shown = JSONValue.string(path).text
        for model in [#"{"engine":"stub","file":\#(shown)}"#, #"{"bundle":\#(shown)}"#] {
            let files = MemoryFiles([
                "graph.json": graph(
                    "x FP32", steps: #"{"name":"m","in":["input"],"model":\#(model)}"#, outputs: "y=m.score")
            ])
            #expect(files.refusal() == "step “m”: “\(path)” is no path inside the bundle")
        }
    }

    // MARK: Graphs in graphs

    /// A chain of graphs: the innermost has the model.
    private func chain(_ depth: Int) -> MemoryFiles {
        var files = MemoryFiles()
        for level in 1...depth {
            let model =
                level == depth ? #"{"engine":"stub","file":"m"}"# : #"{"engine":"graph","file":"g\#(level + 1).json"}"#
            let output = level == depth ? "m.score" : "m.x"
            files.files["g\(level).json"] = Array(
                graph("x FP32", steps: #"{"name":"m","in":["input"],"model":\#(model)}"#, outputs: "x=\(output)").utf8)
        }
        return files
    }

    @Test func graphsLieInGraphsEightDeep() throws {
        #expect(try chain(8).open("g1.json").run([single(2)])[0].elements(as: Float.self) == [20])
        let prefix = String(repeating: "step “m”: ", count: 8)
        #expect(chain(9).refusal("g1.json") == "\(prefix)graphs lie in graphs more than 8 deep")
    }

    /// Each opens itself twice, and those twice again: refused as one, long before they are millions.
    @Test(.timeLimit(.minutes(10))) func graphsDoNotMultiply() throws {
        let steps = (0..<500).map {
            #"{"name":"m\#($0)","in":["input"],"model":{"engine":"graph","file":"graph.json"}}"#
        }
        let files = MemoryFiles(["graph.json": graph("x FP32", steps: steps.joined(separator: ","), outputs: "x=m0.x")])
        #expect(
            files.refusal()
                == "step “m0”: step “m0”: it and the graphs in it have more than 1000 steps or 64 MiB together")
        #expect(throws: EngineError.self) { try files.runtime.prepare(for: ModelFile(path: "graph.json")) }
    }

    @Test func aBundleMayBeAGraph() throws {
        var files = MemoryFiles(["graph.json": Self.outer])
        let inner = graph(
            "x FP32", steps: #"{"name":"inner","in":["input"],"model":{"engine":"stub","file":"leaf"}}"#,
            outputs: "score=inner.score")
        try files.add(
            bundle: "steps/m", engine: "graph", model: "graph.json", inputs: [spec("x", .float32, nil)],
            outputs: [spec("score", .float32, nil)], examples: Self.examples, content: inner)
        #expect(try files.open().run([single(4)])[0].elements(as: Float.self) == [40])
        try files.add(
            bundle: "steps/m", engine: "graph", model: "graph.json", inputs: [spec("x", .float32, nil)],
            outputs: [spec("score", .float32, nil)], examples: Self.examples,
            content: inner.replacing("inner.score", with: "inner.scores"))
        #expect(
            files.refusal()
                == "step “m”: output “score”: “inner” gives no “scores”; did you mean “score”?")
    }

    // MARK: The port

    @Test func keepsTheContract() throws { try contract().run() }

    /// In a process of its own, where nobody else uses memory.
    @Test func givesMemoryBack() async {
        await #expect(processExitsWith: .success) { try contract().memoryIsGivenBack() }
    }
}

private func contract() throws -> InferenceEngineContract {
    var files = MemoryFiles([
        "bundle/graph.json": graph(
            "x FP32", "plan BYTES",
            steps: """
                {"name":"coded","in":["input.plan"],"transform":[{"op":"lookup","columns":["plan"],"keys":[["a","b"]],"values":[[1,2]],"unseen":0}]},
                {"name":"m","in":["input.x"],"model":{"engine":"stub","file":"leaf"},"when":[{"of":"input.x","above":0}],"cache":8},
                {"name":"zero","in":["input.x"],"transform":[{"op":"scale","columns":["x"],"multiply":[0]}]},
                {"name":"either","in":["m.score","zero.x"],"combine":{"by":"first_available"}},
                {"name":"sum","in":["either","coded"],"combine":{"by":"stack","coefficients":[[1,1]]}},
                {"name":"label","in":["sum"],"combine":{"by":"threshold","at_least":11,"then":"high","else":"low"}}
                """, outputs: "sum", "label"),
        "bundle/empty.json": "", "bundle/list.json": "[]",
        "bundle/cut.json": #"{"schema":"slipway.graph/1","inputs":[{"na"#,
        "bundle/other.json": #"{"schema":"slipway.forest/1"}"#,
    ])
    files.files["bundle/binary.json"] = (0...255).map { UInt8($0) }
    let answer = { (xs: [Float], plans: [String], sums: [Double]) in
        GoldenModel.Answer(
            inputs: [Tensor(.float32, shape: [xs.count], elements: xs), texts(plans)],
            outputs: [numbers(sums), texts(sums.map { $0 >= 11 ? "high" : "low" })])
    }
    let rows = TensorSpec(name: "sum", datatype: .float64, shape: [.symbolic("rows")])
    return InferenceEngineContract(
        runtime: files.runtime,
        golden: GoldenModel(
            file: ModelFile(path: "bundle/graph.json"), inputs: [spec("x", .float32, nil), spec("plan", .bytes, nil)],
            outputs: [rows, TensorSpec(name: "label", datatype: .bytes, shape: [.symbolic("rows")])],
            answers: [
                answer([1], ["a"], [11]), answer([-1, 2, 0.5], ["b", "", "a"], [2, 20, 6]),
                answer(
                    (0..<40).map { Float($0) }, (0..<40).map { $0 % 2 == 0 ? "a" : "x" },
                    (0..<40).map { Double($0 * 10 + (($0 + 1) % 2)) }),
            ], tolerance: 0),
        unusable: ["empty", "list", "cut", "other", "binary"].map { ModelFile(path: "bundle/\($0).json") })
}

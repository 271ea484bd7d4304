// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelExecution
import Tensors
import Testing

/// Which rows a step runs for, and what becomes of the others.
struct ConditionTests {
    /// 1 where the condition holds, else 0.
    private func held(_ input: String, _ condition: String, _ tensor: Tensor) throws -> [Double] {
        let engine = try open(
            graph(
                "x \(input)", "zero FP64",
                steps: """
                    {"name":"one","in":["input.zero"],"transform":[{"op":"scale","columns":["zero"],"add":[1]}],"when":[{"of":"input.x",\(condition)}]},
                    {"name":"r","in":["one","input.zero"],"combine":{"by":"first_available"}}
                    """, outputs: "r"))
        return try engine.doubles(tensor, numbers([Double](repeating: 0, count: tensor.shape[0])))
    }

    @Test func numbersAreCompared() throws {
        let values = numbers([1, 2, 2.5, .nan, .infinity, -0.0])
        for (condition, expected) in [
            (#""above":2"#, [0.0, 0, 1, 0, 1, 0]), (#""below":2"#, [1, 0, 0, 0, 0, 1]),
            (#""between":[2,2.5]"#, [0, 1, 1, 0, 0, 0]), (#""between":[0,"Infinity"]"#, [1, 1, 1, 0, 1, 1]),
            (#""equals":2"#, [0, 1, 0, 0, 0, 0]), (#""equals":0"#, [0, 0, 0, 0, 0, 1]),
            (#""one_of":[1,2.5,7]"#, [1, 0, 1, 0, 0, 0]), (#""one_of":[]"#, [0, 0, 0, 0, 0, 0]),
            (#""missing":true"#, [0, 0, 0, 0, 0, 0]), (#""missing":false"#, [1, 1, 1, 1, 1, 1]),
        ] {
            #expect(try held("FP64", condition, values) == expected, "\(condition)")
        }
    }

    @Test func otherTypesAreComparedAsWhatTheyAre() throws {
        let large = integers([1 << 53, 1 << 53 + 1, -1])
        #expect(try held("INT64", #""equals":9007199254740993"#, large) == [0, 1, 0])
        #expect(try held("INT64", #""one_of":[9007199254740992,-1]"#, large) == [1, 0, 1])
        #expect(try held("INT64", #""below":0"#, large) == [0, 0, 1])
        let unsigned = Tensor(.uint64, shape: [2], elements: [UInt64.max, 0])
        #expect(try held("UINT64", #""equals":18446744073709551615"#, unsigned) == [1, 0])
        #expect(try held("UINT64", #""above":9e18"#, unsigned) == [1, 0])
        #expect(try held("BYTES", #""equals":"é""#, texts(["é", "e\u{301}", ""])) == [1, 0, 0])
        #expect(try held("BYTES", #""one_of":["","NaN"]"#, texts(["", "NaN", "nan"])) == [1, 1, 0])
        let flags = Tensor(.bool, shape: [2], elements: [UInt8(1), 0])
        #expect(try held("BOOL", #""equals":true"#, flags) == [1, 0])
        #expect(try held("BOOL", #""equals":0"#, flags) == [0, 1])
        // 0.1 means the FP32 that is nearest to it.
        let singles = Tensor(.float32, shape: [2], elements: [Float(0.1), 0.2])
        #expect(try held("FP32", #""equals":0.1"#, singles) == [1, 0])
    }

    @Test func allConditionsHaveToHold() throws {
        #expect(
            try held(
                "FP64", #""above":1},{"of":"input.x","below":3},{"of":"input.zero","equals":0"#, numbers([1, 2, 3]))
                == [0, 1, 0])
    }

    @Test func oneValueOfSeveralIsNamed() throws {
        let engine = try open(
            graph(
                "m FP32 -1 3",
                steps:
                    #"{"name":"one","in":["input.m[2]"],"transform":[{"op":"rename","columns":["m[2]"],"to":["x"]}],"when":[{"of":"input.m[1]","above":0}]}"#,
                outputs: "x=one.x"))
        let tensor = Tensor(.float32, shape: [1, 3], elements: [Float(1), 2, 3])
        #expect(try engine.run([tensor])[0].elements(as: Float.self) == [3])
    }

    /// Columns of spreadsheets are called all sorts of things.
    @Test func namesMayEndWithBrackets() throws {
        for name in ["size [m2]", "v[0]", "a.b", "x[]", "x[-1]"] {
            let document = graph("x FP64", steps: "", outputs: "y=input.x").replacing(
                "\"name\":\"x\"", with: "\"name\":\"\(name)\""
            )
            .replacing("input.x", with: "input.\(name)")
            #expect(try open(document).doubles(numbers([7])) == [7], "\(name)")
        }
    }

    // MARK: Compaction

    /// Transforms, models, combiners and tensors of rank 3: some rows run, and each gets its own.
    @Test func rowsKeepTheirPlaces() throws {
        let model = StubEngine(
            [spec("image", .uint8, nil, 2, 2), spec("name", .bytes, nil), spec("scale", .float32, nil, 1)],
            [spec("sum", .float32, nil), spec("echo", .uint8, nil, 2, 2), spec("label", .bytes, nil)]
        ) { inputs, _ in
            let pixels = inputs[0].elements(as: UInt8.self)
            let scales = inputs[2].elements(as: Float.self)
            let sums = scales.indices.map { row in
                Float(pixels[row * 4..<row * 4 + 4].reduce(0) { $0 + Int($1) }) * scales[row]
            }
            return [Tensor(.float32, shape: [sums.count], elements: sums), inputs[0], inputs[1]]
        }
        let engine = try open(
            graph(
                "x FP64", "image UINT8 -1 2 2", "name BYTES",
                steps: """
                    {"name":"scaled","in":["input.x"],"transform":[{"op":"scale","columns":["x"],"multiply":[2]},{"op":"rename","columns":["x"],"to":["scale"]}],"when":[{"of":"input.x","above":0}]},
                    {"name":"named","in":["input.name"],"transform":[{"op":"upper","columns":["name"]}],"when":[{"of":"input.x","below":100}]},
                    {"name":"seen","in":["input.image","named.name","scaled.scale"],"model":{"engine":"stub","file":"m"}},
                    {"name":"again","in":["seen.echo","seen.label","scaled.scale"],"model":{"engine":"stub","file":"m"},"when":[{"of":"seen.sum","above":50}]},
                    {"name":"sum","in":["again.sum","seen.sum","zero.x"],"combine":{"by":"first_available"}},
                    {"name":"zero","in":["input.x"],"transform":[{"op":"cast","columns":["x"],"to":"FP32"},{"op":"scale","columns":["x"],"multiply":[0]}]},
                    {"name":"label","in":["again.label","input.name"],"combine":{"by":"first_available"}}
                    """,
                outputs: "sum", "label"),
            models: ["seen": model, "again": Renamed(model, inputs: ["echo", "label", "scale"])])
        let inputs = [
            numbers([1, -1, 2, 100, 3, -2]),
            Tensor(.uint8, shape: [6, 2, 2], elements: (0..<24).map { UInt8($0) }),
            texts(["a", "b", "c", "d", "é", "f"]),
        ]
        let answers = try engine.run(inputs)
        #expect(answers[0].elements(as: Float.self) == [12, 0, 152, 0, 420, 0])
        #expect(answers[1].strings == ["a", "b", "C", "d", "É", "f"])
        #expect(model.calls.map { $0[0] } == [[3, 2, 2], [2, 2, 2]])
        for index in 0..<6 {
            #expect(
                contents(try engine.run(row(index, of: inputs))) == contents(row(index, of: answers)), "row \(index)")
        }
    }

    /// What has no rows goes to a model whole, whichever rows it runs for.
    @Test func tensorsWithoutRowsArePassedWhole() throws {
        let model = StubEngine(
            [spec("x", .float32, nil), spec("table", .float32, 3), spec("one", .float32)], [spec("y", .float32, nil)]
        ) { inputs, _ in
            let (table, one) = (inputs[1].elements(as: Float.self), inputs[2].elements(as: Float.self)[0])
            return [
                Tensor(
                    .float32, shape: inputs[0].shape,
                    elements: inputs[0].elements(as: Float.self).map { $0 * one + table[2] })
            ]
        }
        let document = """
            {"schema":"slipway.graph/1","inputs":[{"name":"x","datatype":"FP32","shape":[-1]},{"name":"table","datatype":"FP32","shape":[3]},
            {"name":"one","datatype":"FP32","shape":[]}],"steps":[
            {"name":"m","in":["input"],"model":{"engine":"stub","file":"m"},"when":[{"of":"input.x","above":0}]},
            {"name":"y","in":["m.y","input.x"],"combine":{"by":"first_available"}}],"outputs":[{"name":"y","from":"y"}]}
            """
        let engine = try open(document, models: ["m": model])
        let answer = try engine.run([
            Tensor(.float32, shape: [3], elements: [Float(-1), 5, 6]),
            Tensor(.float32, shape: [3], elements: [Float(0), 0, 100]),
            Tensor(.float32, shape: [], elements: [Float(2)]),
        ])
        #expect(answer[0].elements(as: Float.self) == [-1, 110, 112])
    }

    /// A tensor with another number of entries than there are rows has none for a row: an error, and no end of the process.
    @Test func rowsOfWhatHasOthersAreRefused() throws {
        let boxes = StubEngine([spec("x", .float32, nil)], [spec("boxes", .float32, nil, 2, 2)]) { _, _ in
            [Tensor(.float32, shape: [1, 2, 2], elements: [Float](repeating: 0, count: 4))]
        }
        let next = StubEngine([spec("boxes", .float32, nil, 2, 2)], [spec("y", .float32, nil)]) { inputs, _ in
            [Tensor(.float32, shape: [2], elements: [Float](repeating: 0, count: 2))]
        }
        let engine = try open(
            graph(
                "x FP32",
                steps: """
                    {"name":"boxes","in":["input"],"model":{"engine":"stub","file":"m"}},
                    {"name":"next","in":["boxes"],"model":{"engine":"stub","file":"m"},"when":[{"of":"input.x","above":0}]},
                    {"name":"y","in":["next.y","input.x"],"combine":{"by":"first_available"}}
                    """, outputs: "y"), models: ["boxes": boxes, "next": next])
        #expect(throws: EngineError.runFailed(reason: "“boxes” has 1 entries for 3 rows, so that none is of one row")) {
            try engine.run([Tensor(.float32, shape: [3], elements: [Float(-1), 5, 6])])
        }
    }

    @Test func whatPassesThroughIsNotCopied() throws {
        let model = StubEngine([spec("m", .float32, nil, 3)], [spec("same", .float32, nil, 3)]) { inputs, _ in inputs }
        let engine = try open(
            graph(
                "m FP32 -1 3", "image UINT8 -1 2 2",
                steps: #"{"name":"a","in":["input.m"],"model":{"engine":"stub","file":"m"}}"#,
                outputs: "image=input.image", "m=input.m", "same=a.same"),
            models: ["a": model])
        let inputs = [
            Tensor(.float32, shape: [2, 3], elements: [Float](repeating: 1, count: 6)),
            Tensor(.uint8, shape: [2, 2, 2], elements: [UInt8](repeating: 1, count: 8)),
        ]
        let answers = try engine.run(inputs)
        #expect(answers[0].storage === inputs[1].storage)
        #expect(answers[1].storage === inputs[0].storage && answers[2].storage === inputs[0].storage)
    }

    @Test func noRowsAreAnsweredWithNone() throws {
        let engine = try open(
            graph(
                "x FP64", "t BYTES",
                steps: """
                    {"name":"m","in":["input.x"],"model":{"engine":"stub","file":"m"},"cache":5,"when":[{"of":"input.x","above":0}]},
                    {"name":"y","in":["m.score","input.x"],"combine":{"by":"average","missing":"renormalise"}},
                    {"name":"label","in":["y"],"combine":{"by":"threshold","at_least":0,"then":"a","else":"b"}}
                    """, outputs: "y", "label", "t=input.t"), models: ["m": StubEngine.scoring(1) { $0[0] }])
        let answers = try engine.run([numbers([]), texts([])])
        #expect(answers.map(\.shape) == [[0], [0], [0]])
    }
}

/// The same engine, taking its inputs by other names.
private final class Renamed: InferenceEngine {
    let inputs: [TensorSpec]
    var outputs: [TensorSpec] { engine.outputs }
    private let engine: any InferenceEngine

    init(_ engine: any InferenceEngine, inputs: [String]) {
        self.engine = engine
        self.inputs = zip(engine.inputs, inputs).map { TensorSpec(name: $1, datatype: $0.datatype, shape: $0.shape) }
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { try engine.run(inputs) }
}

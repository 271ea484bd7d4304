// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelExecution
import Tensors
import Testing

/// What the rules make of several, and of those that are missing.
struct CombinerTests {
    /// Steps `a`, `b` and `c`, of which `b` runs where it is above 1 and `c` where it is above 2.
    private static let three = """
        {"name":"a","in":["input.a"],"transform":[{"op":"scale","columns":["a"],"add":[0]}]},
        {"name":"b","in":["input.b"],"transform":[{"op":"scale","columns":["b"],"add":[0]}],"when":[{"of":"input.b","above":1}]},
        {"name":"c","in":["input.c"],"transform":[{"op":"scale","columns":["c"],"add":[0]}],"when":[{"of":"input.c","above":2}]},
        """

    private func combined(_ rule: String, _ rows: [[Double]]) throws -> [Double] {
        let engine = try open(
            graph(
                "a FP64", "b FP64", "c FP64",
                steps: Self.three + """
                    {"name":"minus","in":["input.a"],"transform":[{"op":"scale","columns":["a"],"multiply":[0],"add":[-1]}]},
                    {"name":"r","in":["a","b","c"],"combine":{\(rule)}},
                    {"name":"safe","in":["r","minus"],"combine":{"by":"first_available"}}
                    """, outputs: "r=safe"))
        return try engine.doubles(numbers(rows.map { $0[0] }), numbers(rows.map { $0[1] }), numbers(rows.map { $0[2] }))
    }

    @Test(arguments: [
        (#""by":"average""#, [6.0, -1, -1]), (#""by":"average","missing":"nothing""#, [6, -1, -1]),
        (#""by":"average","missing":"renormalise""#, [6, 5, 4]),
        (#""by":"minimum","missing":"renormalise""#, [3, 4, 4]),
        (#""by":"maximum","missing":"renormalise""#, [9, 6, 4]),
        (#""by":"median","missing":"renormalise""#, [6, 5, 4]),
        (#""by":"weighted","weights":[1,2,1]"#, [6, -1, -1]),
        (#""by":"weighted","weights":[1,3,0],"missing":"renormalise""#, [5.25, 5.5, 4]),
        (#""by":"weighted","weights":[0,3,1],"missing":"renormalise""#, [6.75, 6, -1]),
        (#""by":"stack","coefficients":[[1,-1,2]],"intercept":[0.5]"#, [15.5, -1, -1]),
        (#""by":"stack","coefficients":[[0,0,0]],"link":"sigmoid""#, [0.5, -1, -1]),
        (#""by":"first_available""#, [3, 4, 4]),
        (
            #""by":"select","rules":[{"when":[{"of":"c","above":8}],"take":2},{"when":[{"of":"b","missing":false}],"take":1}]"#,
            [9, 6, -1]
        ),
        (#""by":"select","rules":[{"when":[{"of":"b","missing":true}],"take":1}],"otherwise":0"#, [3, 4, -1]),
    ])
    func numbersAreCombined(rule: String, expected: [Double]) throws {
        #expect(try combined(rule, [[3, 6, 9], [4, 6, 0], [4, 0, 0]]) == expected)
        for (index, row) in [[3.0, 6, 9], [4, 6, 0], [4, 0, 0]].enumerated() {
            #expect(try combined(rule, [row]) == [expected[index]])
        }
    }

    @Test func missingNumbersSpoilWhatTheyAreIn() throws {
        for rule in ["average", "minimum", "maximum", "median"] {
            #expect(try combined(#""by":"\#(rule)""#, [[.nan, 6, 9]])[0].isNaN)
            #expect(try combined(#""by":"\#(rule)""#, [[1, .infinity, 9]])[0].isNaN == false)
        }
        #expect(try combined(#""by":"median""#, [[1, .infinity, 9]]) == [9])
        #expect(try combined(#""by":"average""#, [[1, .infinity, 9]]) == [.infinity])
    }

    @Test func singlesAreRoundedAsSingles() throws {
        let engine = try open(
            graph(
                "a FP32", "b FP32", steps: #"{"name":"r","in":["input.a","input.b"],"combine":{"by":"average"}}"#,
                outputs: "r"))
        #expect(engine.outputs == [TensorSpec(name: "r", datatype: .float32, shape: [.symbolic("rows")])])
        let single = Tensor(.float32, shape: [1], elements: [Float(0.1)])
        let other = Tensor(.float32, shape: [1], elements: [Float(0.2)])
        #expect(
            try engine.run([single, other])[0].elements(as: Float.self) == [
                Float((Double(Float(0.1)) + Double(Float(0.2))) / 2)
            ])
    }

    @Test func matricesAreCombinedValueByValue() throws {
        let engine = try open(
            graph(
                "a FP64 -1 2", "b INT64 -1 2",
                steps: #"{"name":"r","in":["input.a","input.b"],"combine":{"by":"weighted","weights":[1,3]}}"#,
                outputs: "r"))
        let answer = try engine.doubles(
            Tensor(.float64, shape: [2, 2], elements: [1.0, 2, 3, 4]),
            Tensor(.int64, shape: [2, 2], elements: [Int64(5), 6, 7, 8]))
        #expect(answer == [4, 5, 6, 7])
    }

    @Test func softmaxIsOfAllScores() throws {
        let engine = try open(
            graph(
                "m FP64 -1 2",
                steps:
                    #"{"name":"r","in":["input.m"],"combine":{"by":"stack","coefficients":[[1000,0],[0,1000],[0,0]],"link":"softmax"}}"#,
                outputs: "r"))
        #expect(engine.outputs[0].shape[1] == .fixed(3))
        #expect(try engine.doubles(Tensor(.float64, shape: [1, 2], elements: [1.0, 1])) == [0.5, 0.5, 0])
    }

    // MARK: Votes

    private func voted(_ type: String, _ tensors: [Tensor], weights: String = "") throws -> Tensor {
        let engine = try open(
            graph(
                "a \(type)", "b \(type)", "c \(type)",
                steps: #"{"name":"r","in":["input.a","input.b","input.c"],"combine":{"by":"vote"\#(weights)}}"#,
                outputs: "r"))
        return try engine.run(tensors)[0]
    }

    @Test func theLabelThatMostHaveWins() throws {
        let labels = [texts(["b", "c", "x"]), texts(["a", "b", "é"]), texts(["b", "a", "é"])]
        #expect(try voted("BYTES", labels).strings == ["b", "a", "é"])
        #expect(try voted("BYTES", labels, weights: #","weights":[1,5,1]"#).strings == ["a", "b", "é"])
        let flags = [[UInt8(1), 0], [1, 1], [0, 0]].map { Tensor(.bool, shape: [2], elements: $0) }
        #expect(try voted("BOOL", flags).elements(as: UInt8.self) == [1, 0])
    }

    /// As doubles, two of these would be one.
    @Test func largeLabelsAreNotConfused() throws {
        let labels = [integers([1 << 53 + 1]), integers([1 << 53]), integers([1 << 53 + 1])]
        #expect(try voted("INT64", labels).elements(as: Int64.self) == [1 << 53 + 1])
        let ties = [integers([.max]), integers([.max - 1]), integers([-1])]
        #expect(try voted("INT64", ties).elements(as: Int64.self) == [-1])
        let unsigned = [UInt64.max, .max - 1, .max].map { Tensor(.uint64, shape: [1], elements: [$0]) }
        #expect(try voted("UINT64", unsigned).elements(as: UInt64.self) == [.max])
    }

    @Test func whatIsMissingHasNoVote() throws {
        let labels = [numbers([.nan, .nan, 1]), numbers([2, .nan, .nan]), numbers([2, .nan, 0])]
        let answer = try voted("FP64", labels).elements(as: Double.self)
        #expect(answer[0] == 2 && answer[1].isNaN && answer[2] == 0)
    }

    // MARK: Thresholds and choices

    @Test func aThresholdIsMetByItself() throws {
        for (values, expected) in [
            (#""then":"yes","else":"no""#, Tensor(strings: ["no", "yes", "yes", "no"], shape: [4])),
            (#""then":true,"else":false"#, Tensor(.bool, shape: [4], elements: [UInt8(0), 1, 1, 0])),
            (#""then":9007199254740993,"else":-1"#, integers([-1, 1 << 53 + 1, 1 << 53 + 1, -1])),
            (#""then":0.5,"else":1"#, numbers([1, 0.5, 0.5, 1])),
        ] {
            let engine = try open(
                graph(
                    "x FP64",
                    steps: #"{"name":"r","in":["input.x"],"combine":{"by":"threshold","at_least":0.42,\#(values)}}"#,
                    outputs: "r"))
            let answer = try engine.run([numbers([0.41, 0.42, .infinity, .nan])])
            #expect(contents(answer) == contents([expected]))
        }
    }

    /// Of any datatype, to the bit, and never repaired.
    @Test func whatIsChosenIsMovedAsItIs() throws {
        let engine = try open(
            graph(
                "first BOOL", "n INT64", "t BYTES", "o INT64", "u BYTES",
                steps: """
                    {"name":"one","in":["input.n","input.t"],"transform":[{"op":"select","columns":["n","t"]}]},
                    {"name":"two","in":["input.o","input.u"],"transform":[{"op":"rename","columns":["o","u"],"to":["n","t"]}]},
                    {"name":"r","in":["one","two"],"combine":{"by":"select","rules":[{"when":[{"of":"input.first","equals":true}],"take":0}],"otherwise":1}}
                    """, outputs: "n=r.n", "t=r.t"))
        let broken = Tensor(strings: ["a", "b"], shape: [2])
        unsafe broken.storage.withUnsafeMutableBytes { unsafe $0[1] = 0xFF }
        let answers = try engine.run([
            Tensor(.bool, shape: [2], elements: [UInt8(1), 0]), integers([.max, 1]), texts(["x", "y"]),
            integers([2, .min + 1]),
            broken,
        ])
        #expect(answers[0].elements(as: Int64.self) == [.max, .min + 1])
        #expect(contents([answers[1]])[0][2] == [0x78, 0xFF])
    }

    /// The steps that rules look at come first, wherever they stand in the file.
    @Test func rulesMayLookAtStepsThatStandBehind() throws {
        let engine = try open(
            graph(
                "x FP64",
                steps: """
                    {"name":"r","in":["input.x","twice"],"combine":{"by":"select","rules":[{"when":[{"of":"flag","equals":1}],"take":1}],"otherwise":0}},
                    {"name":"flag","in":["input.x"],"combine":{"by":"threshold","at_least":2,"then":1,"else":0}},
                    {"name":"twice","in":["input.x"],"transform":[{"op":"scale","columns":["x"],"multiply":[2]}]}
                    """, outputs: "r"))
        #expect(engine.plan.steps.map(\.name).last == "r")
        #expect(engine.plan.steps.last?.predecessors == ["twice", "flag"])
        #expect(try engine.doubles(numbers([1, 2, 3])) == [1, 4, 6])
    }
}

// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelExecution
import Tensors
import Testing

/// What is wrong with a graph is said when it is opened, with both ends of what does not fit.
struct RefusedGraphTests {
    private static let model = StubEngine(
        [spec("rows", .float32, nil, 3)], [spec("probabilities", .float32, nil, 2), spec("map", .float32, nil, 4, 4)]
    ) { _, _ in [] }
    private static let integers = StubEngine(
        [spec("age", .int32, nil), spec("plan", .bytes, nil)], [spec("y", .int64, nil)]
    ) { _, _ in [] }

    /// A graph of inputs `age` FP64, `plan` BYTES, `m` FP32 `[rows, 3]`, `n` INT64 and `image`, and what is wrong with it.
    private static let steps: [(steps: String, reason: String)] = [
        (
            #"{"name":"a","in":["b"],"transform":[]},{"name":"b","in":["c.x"],"transform":[]},{"name":"c","in":["a"],"transform":[]}"#,
            "its steps run in a circle: a reads b reads c reads a"
        ),
        (#"{"name":"a","in":["a"],"transform":[]}"#, "its steps run in a circle: a reads a"),
        (
            #"{"name":"a","in":["input"],"transform":[],"when":[{"of":"b","above":1}]},{"name":"b","in":["a"],"transform":[]}"#,
            "its steps run in a circle: a reads b reads a"
        ),
        (
            #"{"name":"a","in":["input.age","input.age"],"combine":{"by":"select","rules":[{"when":[{"of":"b","above":1}],"take":0}]}},{"name":"b","in":["a"],"transform":[]}"#,
            "its steps run in a circle: a reads b reads a"
        ),
        (
            #"{"name":"prep","in":["input"],"transform":[]},{"name":"a","in":["perp"],"transform":[]}"#,
            "step “a” reads “perp”, and there is no such step"
        ),
        (
            #"{"name":"prep","in":["input"],"transform":[]},{"name":"a","in":["prepp"],"transform":[]}"#,
            "step “a” reads “prepp”, and there is no such step; did you mean “prep”?"
        ),
        (
            #"{"name":"a","in":["inputs.age"],"transform":[]}"#,
            "step “a” reads “inputs”, and there is no such step; did you mean “input”?"
        ),
        (#"{"name":"a","in":["input.aged"],"transform":[]}"#, "step “a”: “input” gives no “aged”; did you mean “age”?"),
        (
            #"{"name":"a","in":["input.telephone"],"transform":[]}"#,
            "step “a”: “input” gives no “telephone”; it gives age, plan, m, n, image"
        ),
        (
            #"{"name":"a","in":["input.m[3]"],"transform":[]}"#,
            "step “a”: “input.m[3]” does not exist: “m” FP32 [?, 3] is what there is"
        ),
        (
            #"{"name":"a","in":["input.age[0]"],"transform":[]}"#,
            "step “a”: “input.age[0]” does not exist: “age” FP64 [?] is what there is"
        ),
        (#"{"name":"a","in":["input[0]"],"transform":[]}"#, "step “a”: “input[0]” names a value of no column"),
        (
            #"{"name":"a","in":["input.m[-1]"],"transform":[]}"#,
            "step “a”: “input” gives no “m[-1]”; it gives age, plan, m, n, image"
        ),
        (
            #"{"name":"a","in":["input."],"transform":[]}"#,
            "step “a”: “input.” is no reference, like “input.age” or “trees.score[1]”"
        ),
        (
            #"{"name":"a","in":["Input"],"transform":[]}"#,
            "step “a”: “Input” is no reference, like “input.age” or “trees.score[1]”"
        ),
        (
            #"{"name":"a","in":["input.image"],"transform":[]}"#,
            "step “a”: “input.image” is UINT8 [?, 8, 8], which is no column of a table"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[]},{"name":"a","in":["input.age"],"transform":[]}"#,
            "there are two steps “a”"
        ),
        (
            #"{"name":"input","in":["input.age"],"transform":[]}"#,
            "step “input”: a name has 1 to 64 lower-case letters, digits, “-” and “_”, begins with a letter, and is not “input”"
        ),
        (
            #"{"name":"Prep","in":["input.age"],"transform":[]}"#,
            "step “Prep”: a name has 1 to 64 lower-case letters, digits, “-” and “_”, begins with a letter, and is not “input”"
        ),
        (#"{"in":["input.age"],"transform":[]}"#, "a step is no object with a “name”"),
        ("7", "a step is no object with a “name”"),
        (#"{"name":"a","in":[],"transform":[]}"#, "step “a”: “in” lists no references"),
        (#"{"name":"a","in":[1],"transform":[]}"#, "step “a”: “in” lists no references"),
        (#"{"name":"a","in":["input"],"transform":{}}"#, "step “a”: “transform” is no list"),
        (#"{"name":"a","in":["input"]}"#, "step “a”: it has one of “transform”, “model” and “combine”"),
        (
            #"{"name":"a","in":["input"],"transform":[],"combine":{}}"#,
            "step “a”: it has one of “transform”, “model” and “combine”"
        ),
        (#"{"name":"a","in":["input"],"transform":[],"wehn":[]}"#, "step “a”: it has no key “wehn”"),
        (
            #"{"name":"a","in":["input.age"],"transform":[{"op":"scalle","columns":["age"]}]}"#,
            "step “a”: operation 1 (scalle): there is no operation “scalle”; did you mean “scale”?"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[{"op":"drop","columns":["age"]}]}"#,
            "step “a”: its operations leave no columns"
        ),
        (#"{"name":"a","in":["input.age","input.age"],"transform":[]}"#, "step “a”: there are two columns “age”"),
        // Models.
        (
            #"{"name":"t","in":["input.age"],"model":{}}"#,
            "step “t”: “model” is neither {“engine”, “file”} nor {“bundle”}"
        ),
        (
            #"{"name":"t","in":["input.age"],"model":{"engine":"stub","file":"m"}}"#,
            "step “t”: 1 value a row (“input.age”) do not make FP32 [?, 3], which “t” takes as “rows”"
        ),
        (
            #"{"name":"t","in":["input.m","input.n"],"model":{"engine":"stub","file":"m"}}"#,
            "step “t”: 4 values a row (“input.m”, “input.n”) do not make FP32 [?, 3], which “t” takes as “rows”"
        ),
        (
            #"{"name":"t","in":["input.m[0]","input.n","input.plan"],"model":{"engine":"stub","file":"m"}}"#,
            "step “t”: “input.plan” is BYTES, and does not go into FP32 [?, 3], which “t” takes as “rows”; cast it before"
        ),
        (
            #"{"name":"t","in":["input.image"],"model":{"engine":"stub","file":"m"}}"#,
            "step “t”: “input.image” is UINT8 [?, 8, 8], and does not fit FP32 [?, 3], which “t” takes as “rows”"
        ),
        (
            #"{"name":"i","in":["input.age","input.plan"],"model":{"engine":"stub","file":"m"}}"#,
            "step “i”: “input.age” is FP64, and does not go into INT32 [?], which “i” takes as “age”; cast it before"
        ),
        (
            #"{"name":"i","in":["input.n","input.plan"],"model":{"engine":"stub","file":"m"}}"#,
            "step “i”: the model takes “age”, and there is no column of that name among “input.n”, “input.plan”"
        ),
        (
            #"{"name":"gone","in":["input.m"],"model":{"engine":"stub","file":"m"}}"#,
            "step “gone”: its model is not there"
        ),
        // Combiners.
        (
            #"{"name":"c","in":["input.age","input.n"],"combine":{"by":"avarage"}}"#,
            "step “c”: there is no combiner “avarage”; did you mean “average”?"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"horoscope"}}"#,
            "step “c”: there is no combiner “horoscope”"
        ),
        (#"{"name":"c","in":["input.age"],"combine":7}"#, "step “c”: “combine” is no object with “by”"),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"average","mising":"nothing"}}"#,
            "step “c”: “average” has no key “mising”; did you mean “missing”?"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"average","missing":"ignore"}}"#,
            "step “c”: “missing” takes nothing, renormalise"
        ),
        (
            #"{"name":"c","in":["input.age","input.m"],"combine":{"by":"average"}}"#,
            "step “c”: “average” is of numbers of one width: “age” FP64 [rows], “m” FP32 [rows, 3]"
        ),
        (
            #"{"name":"c","in":["input.age","input.plan"],"combine":{"by":"minimum"}}"#,
            "step “c”: “minimum” is of numbers of one width: “age” FP64 [rows], “plan” BYTES [rows]"
        ),
        (
            #"{"name":"c","in":["input.age","input.n"],"combine":{"by":"weighted"}}"#,
            "step “c”: “weights” takes 2 numbers"
        ),
        (
            #"{"name":"c","in":["input.age","input.n"],"combine":{"by":"weighted","weights":[1,"NaN"]}}"#,
            "step “c”: “weights” takes 2 numbers"
        ),
        (
            #"{"name":"c","in":["input.age","input.n"],"combine":{"by":"weighted","weights":[1,"Infinity"]}}"#,
            "step “c”: “weights” takes 2 numbers"
        ),
        (
            #"{"name":"c","in":["input.age","input.n"],"combine":{"by":"weighted","weights":[1,-1]}}"#,
            "step “c”: “weights” are not negative, and not all 0"
        ),
        (
            #"{"name":"c","in":["input.n","input.n"],"combine":{"by":"vote","weights":[0,0]}}"#,
            "step “c”: “weights” are not negative, and not all 0"
        ),
        (
            #"{"name":"c","in":["input.n","input.plan"],"combine":{"by":"vote"}}"#,
            "step “c”: “vote” is of labels of one datatype: “n” INT64 [rows], “plan” BYTES [rows]"
        ),
        (
            #"{"name":"c","in":["input.m"],"combine":{"by":"stack","coefficients":[[1,2]]}}"#,
            "step “c”: “coefficients” takes lists of 3 numbers"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"stack","coefficients":[["NaN"]]}}"#,
            "step “c”: “coefficients” takes lists of 1 numbers"
        ),
        (
            #"{"name":"c","in":["input.plan"],"combine":{"by":"stack","coefficients":[[1]]}}"#,
            "step “c”: “stack” is of numbers"
        ),
        (
            #"{"name":"c","in":["input.m"],"combine":{"by":"threshold","at_least":1,"then":1,"else":0}}"#,
            "step “c”: “threshold” is of one number a row: “m” FP32 [rows, 3]"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"threshold","at_least":"NaN","then":1,"else":0}}"#,
            "step “c”: “threshold” takes “at_least”, a number, and “then” and “else”, of one kind"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"threshold","at_least":1,"then":"a","else":0}}"#,
            "step “c”: “threshold” takes “at_least”, a number, and “then” and “else”, of one kind"
        ),
        (
            #"{"name":"c","in":["input.age","input.m"],"combine":{"by":"first_available"}}"#,
            "step “c”: it chooses between tables that are not alike: “age” FP64 [rows]; and “m” FP32 [rows, 3]"
        ),
        (
            #"{"name":"c","in":["input.image","input.image"],"combine":{"by":"first_available"}}"#,
            "step “c”: “input.image” is UINT8 [?, 8, 8], which is no column of a table"
        ),
        (#"{"name":"c","in":["input.age"],"combine":{"by":"select","rules":[]}}"#, "step “c”: “rules” lists none"),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"select","rules":[{"when":[],"take":1}]}}"#,
            "step “c”: a rule is {“when”, “take”}, and takes one of the 1 references"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"select","rules":[{"when":[],"take":0}],"otherwise":-1}}"#,
            "step “c”: “otherwise” is none of the references"
        ),
        // Conditions.
        (#"{"name":"a","in":["input.age"],"transform":[],"when":{}}"#, "step “a”: “when” is no list of conditions"),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age"}]}"#,
            "step “a”: a condition is {“of”: REFERENCE} with one test"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age","above":"NaN"}]}"#,
            "step “a”: the condition of “input.age” has a test “above” that says nothing"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age","between":[2,1]}]}"#,
            "step “a”: the condition of “input.age” has a test “between” that says nothing"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age","abov":1}]}"#,
            "step “a”: the condition of “input.age” has a test “abov” that says nothing"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input","above":1}]}"#,
            "step “a”: “input” has 5 columns, and a condition is about one: “input.age”, “input.plan”, “input.m”, “input.n”, “input.image”"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.m","above":1}]}"#,
            "step “a”: “input.m” has 3 values a row; name one, as “input.m[0]”"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.plan","above":1}]}"#,
            "step “a”: “input.plan” is BYTES, which is neither above nor below a number"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.plan","equals":1}]}"#,
            "step “a”: “input.plan” is BYTES, which is compared with texts only"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age","equals":"x"}]}"#,
            "step “a”: “input.age” is FP64, which is compared with numbers only"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.age","equals":"NaN"}]}"#,
            "step “a”: “input.age” is FP64, which is compared with numbers only"
        ),
        (
            #"{"name":"a","in":["input.age"],"transform":[],"when":[{"of":"input.n","equals":1.5}]}"#,
            "step “a”: “input.n” is INT64, which is compared with whole numbers only"
        ),
        // Policies.
        (
            #"{"name":"a","in":["input.age"],"transform":[],"on_error":"ignore"}"#,
            "step “a”: “on_error” takes “fail”, “skip” or {“value”: …}"
        ),
        (
            #"{"name":"a","in":["input.plan"],"transform":[],"on_error":{"value":1}}"#,
            "step “a”: the value of “on_error” does not fit “plan” BYTES [rows]"
        ),
        (
            #"{"name":"a","in":["input.n"],"transform":[],"on_error":{"value":1.5}}"#,
            "step “a”: the value of “on_error” does not fit “n” INT64 [rows]"
        ),
        (
            #"{"name":"t","in":["input.m"],"model":{"engine":"stub","file":"m"},"on_error":{"value":1}}"#,
            "step “t”: “map” FP32 [?, 4, 4] is no column, so that no value stands for it"
        ),
        (
            #"{"name":"c","in":["input.age"],"combine":{"by":"average"},"on_error":"skip"}"#,
            "step “c”: a combiner does not fail; “on_error” belongs to the steps before it"
        ),
        (#"{"name":"a","in":["input.age"],"transform":[],"cache":5}"#, "step “a”: only the answers of models are kept"),
        (
            #"{"name":"t","in":["input.m"],"model":{"engine":"stub","file":"m"},"cache":1e300}"#,
            "step “t”: “cache” takes a count of rows"
        ),
        (
            #"{"name":"t","in":["input.m"],"model":{"engine":"stub","file":"m"},"cache":-1}"#,
            "step “t”: “cache” takes a count of rows"
        ),
        (
            #"{"name":"t","in":["input.m"],"model":{"engine":"stub","file":"m"},"timeout_ms":0}"#,
            "step “t”: “timeout_ms” takes 1 to 86400000"
        ),
        (
            #"{"name":"t","in":["input.m"],"model":{"engine":"stub","file":"m"},"timeout_ms":9223372036854775807}"#,
            "step “t”: “timeout_ms” takes 1 to 86400000"
        ),
    ]

    private static func document(_ steps: String, outputs: String = #"{"name":"age","from":"input.age"}"#) -> String {
        graph("age FP64", "plan BYTES", "m FP32 -1 3", "n INT64", "image UINT8 -1 8 8", steps: steps)
            .replacing(#""outputs":[]"#, with: #""outputs":[\#(outputs)]"#)
    }

    private static let models: [String: any InferenceEngine] = ["t": model, "i": integers]

    @Test(arguments: steps.indices) func aGraphThatDoesNotFitSaysWhere(index: Int) {
        let (steps, reason) = Self.steps[index]
        #expect(fault(Self.document(steps), models: Self.models) == reason)
    }

    @Test(arguments: [
        (#"{"name":"a","from":"input.age"},{"name":"a","from":"input.n"}"#, "there are two outputs “a”"),
        (#"{"name":"a"}"#, "an output is not {“name”, “from”}"), ("", "“outputs” lists none"),
        (
            #"{"name":"a","from":"input"}"#,
            "output “a”: “input” has 5 columns, and an output is one: “input.age”, “input.plan”, “input.m”, “input.n”, “input.image”"
        ),
        (#"{"name":"a","from":"trees"}"#, "output “a”: “trees” is of a step that comes later, or of none"),
        (#"{"name":"a","from":"input.agee"}"#, "output “a”: “input” gives no “agee”; did you mean “age”?"),
        (#"{"name":"a","from":"a b"}"#, "“a b” is no reference, like “input.age” or “trees.score[1]”"),
        (
            #"{"name":"a","from":"input.m[7]"}"#,
            "output “a”: “input.m[7]” does not exist: “m” FP32 [?, 3] is what there is"
        ),
    ])
    func outputsAreOnesThatThereAre(outputs: String, reason: String) {
        #expect(fault(Self.document("", outputs: outputs)) == reason)
    }

    @Test(arguments: [
        ("", "it is no JSON: expected a value"), ("{", "it is no JSON"), ("[]", "its schema is not slipway.graph/1"),
        ("null", "its schema is not slipway.graph/1"),
        (#"{"schema":"slipway.graph/2"}"#, "its schema is not slipway.graph/1"),
        (#"{"schema":"slipway.graph/1","schema":"slipway.graph/1"}"#, "it is no JSON"), ("{} {}", "it is no JSON"),
        (#"{"schema":"slipway.graph/1"}"#, "its inputs are not as they should be"),
        (
            #"{"schema":"slipway.graph/1","inputs":[{"name":"x","datatype":"FP65","shape":[-1]}],"steps":[],"outputs":[]}"#,
            "its inputs are not as they should be"
        ),
        (
            #"{"schema":"slipway.graph/1","inputs":[],"steps":[],"outputs":[{"name":"a","from":"input.x"}]}"#,
            "it takes nothing"
        ),
        (#"{"schema":"slipway.graph/1","inputs":[],"steps":{},"outputs":[]}"#, "“steps” is no list of at most 1000"),
        (
            #"{"schema":"slipway.graph/1","inputs":[{"name":"x","datatype":"FP64","shape":[-1]},{"name":"x","datatype":"BOOL","shape":[-1]}],"steps":[],"outputs":[{"name":"a","from":"input.x"}]}"#,
            "there are two inputs “x”"
        ),
        (
            #"{"schema":"slipway.graph/1","inputs":[{"name":"x","datatype":"FP64","shape":[-1,65536]},{"name":"y","datatype":"BOOL","shape":[-1]}],"steps":[],"outputs":[{"name":"a","from":"input.x"}]}"#,
            "a row has 65537 inputs, and at most 65536 are taken"
        ),
    ])
    func aFileThatIsNoGraphIsRefused(document: String, reason: String) {
        #expect(fault(document).hasPrefix(reason), "\(fault(document))")
    }
}

// SPDX-License-Identifier: Apache-2.0
import TableTransforms
import Tensors
import Testing

/// What is wrong with an operation is said before it runs, and in words that help.
struct RefusedOperationTests {
    private static let columns = [
        TableColumn("age", .float64), TableColumn("plan", .bytes), TableColumn("m", .float32, width: 3),
        TableColumn("n", .int64), TableColumn("words", .bytes, width: 2),
    ]

    private static let operations: [(operation: String, reason: String)] = [
        (#"{"op":"scalle","columns":["age"]}"#, "(scalle): there is no operation “scalle”; did you mean “scale”?"),
        (#"{"op":"transmogrify"}"#, "(transmogrify): there is no operation “transmogrify”"),
        (#"{"columns":["age"]}"#, "it has no “op”"), (#""lower""#, "it has no “op”"), (#"{"op":7}"#, "it has no “op”"),
        (
            #"{"op":"lower","columns":["plam"]}"#,
            "(lower): there is no column “plam” here; did you mean “plan”?"
        ),
        (
            #"{"op":"lower","columns":["telephone"]}"#,
            "(lower): there is no column “telephone” here; there are age, plan, m, n, words"
        ),
        (#"{"op":"lower"}"#, "(lower): “columns” names none"),
        (#"{"op":"lower","columns":[]}"#, "(lower): “columns” names none"),
        (#"{"op":"lower","columns":"plan"}"#, "(lower): “columns” takes a list of texts"),
        (#"{"op":"lower","columns":[1]}"#, "(lower): “columns” takes a list of texts"),
        (#"{"op":"lower","columns":["plan","plan"]}"#, "(lower): “columns” names “plan” twice"),
        (
            #"{"op":"scale","columns":["age"],"substract":[1]}"#,
            "(scale): it has no key “substract”; did you mean “subtract”?"
        ),
        (#"{"op":"lower","columns":["plan"],"locale":"tr"}"#, "(lower): it has no key “locale”"),
        (#"{"op":"lower","columns":["age"]}"#, "(lower): “age” FP64 [rows] is no text"),
        (
            #"{"op":"scale","columns":["plan"],"add":[1]}"#,
            "(scale): “plan” BYTES [rows] is a text, where a number is needed"
        ),
        (
            #"{"op":"scale","columns":["age"]}"#,
            "(scale): it has none of “subtract”, “divide”, “multiply” and “add”"
        ),
        (#"{"op":"scale","columns":["m"],"add":[1]}"#, "(scale): “add” takes 3 numbers"),
        (#"{"op":"scale","columns":["age"],"add":["one"]}"#, "(scale): “add” takes numbers"),
        (#"{"op":"clip","columns":["age"]}"#, "(clip): it has neither “low” nor “high”"),
        (#"{"op":"clip","columns":["age"],"low":[2],"high":[1]}"#, "(clip): 2.0 is above 1.0"),
        (
            #"{"op":"rename","columns":["age"],"to":["plan"]}"#, "(rename): there are two columns “plan”"
        ),
        (#"{"op":"rename","columns":["age"],"to":[]}"#, "(rename): “to” takes as many names as there are columns"),
        (#"{"op":"copy","columns":["age"],"to":["m"]}"#, "(copy): there are two columns “m”"),
        (
            #"{"op":"concatenate","columns":["age","plan"],"as":"x"}"#,
            "(concatenate): texts and numbers do not go side by side: “age” FP64 [rows], “plan” BYTES [rows]"
        ),
        (#"{"op":"concatenate","columns":["age","n"]}"#, "(concatenate): “as” takes a text"),
        (
            #"{"op":"cast","columns":["age"],"to":"INT99"}"#,
            "(cast): “to” takes BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES"
        ),
        (
            #"{"op":"cast","columns":["age"],"to":"BYTES"}"#,
            "(cast): “age” FP64 [rows] holds fractions, which have no one spelling as texts"
        ),
        (
            #"{"op":"impute","columns":["age","plan"],"fill":[1,"a"]}"#,
            "(impute): texts and numbers are imputed by operations of their own"
        ),
        (#"{"op":"impute","columns":["age","m"],"fill":[1]}"#, "(impute): “fill” takes 4 numbers"),
        (#"{"op":"impute","columns":["words"],"fill":["a"]}"#, "(impute): “fill” takes 2 texts"),
        (
            #"{"op":"knn_impute","columns":["age","n"],"rows":[[1]],"fill":[1,2]}"#,
            "(knn_impute): “rows” takes 2 numbers"
        ),
        (
            #"{"op":"knn_impute","columns":["age"],"rows":[[1]],"fill":[1],"neighbours":10001}"#,
            "(knn_impute): “neighbours” takes a whole number from 1 to 10000"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a",1]]}"#,
            "(one_hot): “plan” BYTES [rows] is a text, and a category of it is none"
        ),
        (
            #"{"op":"one_hot","columns":["age"],"categories":[["young"]]}"#,
            "(one_hot): “age” FP64 [rows] has no value like one of its categories"
        ),
        (
            #"{"op":"one_hot","columns":["n"],"categories":[[1,2.5]]}"#,
            "(one_hot): “n” INT64 [rows] has no value like one of its categories"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a","b","a"]]}"#,
            "(one_hot): a category of “plan” is there twice"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[[null,"b",null]]}"#,
            "(one_hot): a category of “plan” is there twice"
        ),
        (
            #"{"op":"one_hot","columns":["age"],"categories":[[0,-0.0]]}"#,
            "(one_hot): a category of “age” is there twice"
        ),
        (#"{"op":"one_hot","columns":["plan"],"categories":[[]]}"#, "(one_hot): “plan” has no categories"),
        (#"{"op":"one_hot","columns":["plan"],"categories":[]}"#, "(one_hot): “categories” takes 1 lists"),
        (
            #"{"op":"one_hot","columns":["m"],"categories":[[1]]}"#,
            "(one_hot): “m” FP32 [rows, 3] has several values a row; one each is encoded"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a"]],"positions":[[65536]]}"#,
            "(one_hot): “positions” takes a position for each category, or −1"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a"]],"positions":[["NaN"]]}"#,
            "(one_hot): “positions” takes a position for each category, or −1"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a"]],"positions":[[-1]]}"#,
            "(one_hot): no category of “plan” counts anywhere"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a"]],"unseen":"skip"}"#,
            "(one_hot): “unseen” takes error, zeros"
        ),
        (
            #"{"op":"one_hot","columns":["plan"],"categories":[["a"]],"datatype":"INT64"}"#,
            "(one_hot): “datatype” takes FP32, FP64 or a small one"
        ),
        (
            #"{"op":"lookup","columns":["plan"],"keys":[["a"]],"values":[[1,2]]}"#,
            "(lookup): “plan” has 1 keys and 2 values"
        ),
        (
            #"{"op":"lookup","columns":["plan"],"keys":[["a","b"]],"values":[[[1,2],[3]]]}"#,
            "(lookup): “values” takes 2 numbers for each key"
        ),
        (
            #"{"op":"lookup","columns":["plan"],"keys":[["a"]],"values":[[[]]]}"#,
            "(lookup): “values” takes a number for each key, or as many for each"
        ),
        (
            #"{"op":"lookup","columns":["plan"],"keys":[["a"]],"values":[[300]],"to":"UINT8","unseen":0}"#,
            "(lookup): 300.0 does not fit UINT8"
        ),
        (#"{"op":"hash","columns":["plan"]}"#, "(hash): “buckets” takes how many there are"),
        (
            #"{"op":"normalise","columns":["m"],"norm":"l3"}"#, "(normalise): “norm” takes l1, l2, max"
        ),
        (
            #"{"op":"polynomial","columns":["age"],"powers":[[65]],"as":"p"}"#,
            "(polynomial): “powers” takes whole numbers from 0 to 64"
        ),
        (
            #"{"op":"polynomial","columns":["age"],"powers":[["Infinity"]],"as":"p"}"#,
            "(polynomial): “powers” takes whole numbers from 0 to 64"
        ),
        (
            #"{"op":"linear","columns":["m"],"coefficients":[[1,2]],"as":"y"}"#,
            "(linear): “coefficients” takes 3 numbers"
        ),
        (
            #"{"op":"linear","columns":["m"],"coefficients":[],"as":"y"}"#,
            "(linear): “coefficients” takes lists of 3 numbers"
        ),
        (
            #"{"op":"decide","columns":["m"],"classes":["a","b"],"as":"label"}"#,
            "(decide): “classes” takes 3 texts, or as many numbers or booleans"
        ),
        (
            #"{"op":"decide","columns":["age"],"classes":["a",1],"as":"label"}"#,
            "(decide): “classes” takes 2 texts, or as many numbers or booleans"
        ),
        (
            #"{"op":"decide","columns":["m"],"classes":[1,2,3],"threshold":0.5,"as":"label"}"#,
            "(decide): “threshold” is for one value"
        ),
        (
            #"{"op":"power","columns":["age"],"method":"log","lambdas":[1]}"#,
            "(power): “method” takes yeo-johnson, box-cox"
        ),
        (
            #"{"op":"quantile","columns":["age"],"references":[0],"quantiles":[[1]]}"#,
            "(quantile): “references” takes two numbers and more"
        ),
        (
            #"{"op":"quantile","columns":["age"],"references":[0,1],"quantiles":[[2,1]]}"#,
            "(quantile): “quantiles” are not in order"
        ),
        (
            #"{"op":"bucketise","columns":["age"],"edges":[[1,0]]}"#, "(bucketise): “edges” are not in order"
        ),
        (
            #"{"op":"bucketise","columns":["age"],"edges":[["NaN"]]}"#, "(bucketise): “edges” are not in order"
        ),
        (
            #"{"op":"parts","columns":["plan"],"parts":["decade"]}"#,
            "(parts): “parts” takes year, quarter, month, week, day, weekday, hour, minute, second, days, seconds, "
                + "day_of_year, is_weekend, is_month_start, is_month_end"
        ),
        (
            #"{"op":"parts","columns":["words"],"parts":["year"]}"#,
            "(parts): “words” BYTES [rows, 2] has several values a row"
        ),
        (
            #"{"op":"parts","columns":["plan"],"parts":["year","year"]}"#,
            "(parts): there are two columns “plan_year”"
        ),
        (#"{"op":"count","columns":["plan"]}"#, "(count): it takes either “words” or “buckets”"),
        (
            #"{"op":"count","columns":["plan"],"words":["a"],"buckets":2}"#,
            "(count): it takes either “words” or “buckets”"
        ),
        (#"{"op":"count","columns":["plan"],"words":["a","a"]}"#, "(count): a word is there twice"),
        (
            #"{"op":"count","columns":["plan"],"words":["a"],"signed":true}"#, "(count): “signed” is for hashes"
        ),
        (
            #"{"op":"count","columns":["words"],"words":["a"]}"#,
            "(count): “words” BYTES [rows, 2] has several texts a row"
        ),
        (#"{"op":"count","columns":["plan"],"words":[]}"#, "(count): “words” takes 1 to 65536 texts"),
        (
            #"{"op":"count","columns":["plan"],"words":["a"],"weights":[1,2]}"#, "(count): “weights” takes 1 numbers"
        ),
        (
            #"{"op":"count","columns":["plan"],"words":["a"],"pattern":"a.c"}"#,
            "(count): “a.c” is no run of one class of characters, like \\w\\w+ or [a-z]{2,}"
        ),
    ]

    @Test(arguments: operations.indices) func anOperationThatIsWrongSaysSo(index: Int) throws {
        let (operation, reason) = Self.operations[index]
        let colon = reason.hasPrefix("(") ? " " : ": "
        #expect(throws: TableFault("operation 2\(colon)\(reason)")) {
            try TableProgram(
                [try JSONValue.parse(#"{"op":"strip","columns":["plan"]}"#), try JSONValue.parse(operation)],
                on: Self.columns)
        }
    }

    @Test(arguments: [
        "0", "65537", "1000000000000", "-1", "1.5", "\"NaN\"", "\"Infinity\"", "true", "18446744073709551615",
    ])
    func aCountIsNeitherHugeNorAFraction(count: String) throws {
        for operation in ["hash", "count"] {
            #expect(
                throws: TableFault("operation 1 (\(operation)): “buckets” takes a whole number from 1 to 65536")
            ) {
                try SmallTable().with("plan", texts: []).after(
                    #"[{"op":"\#(operation)","columns":["plan"],"buckets":\#(count)}]"#)
            }
        }
    }

    @Test(arguments: ["[0,1]", "[2,1]", "[1,33]", "[1]", "[\"NaN\",1]", "[1.5,2]", "[1,1e300]"])
    func ngramsHaveTwoSensibleEnds(ends: String) throws {
        let error = #expect(throws: TableFault.self) {
            try SmallTable().with("plan", texts: []).after(
                #"[{"op":"count","columns":["plan"],"buckets":4,"ngrams":\#(ends)}]"#)
        }
        #expect(error?.reason.hasPrefix("operation 1 (count): “ngrams” takes") == true)
    }

    // MARK: Bounds

    @Test func thereAreNotTooManyOperations() throws {
        let one = try JSONValue.parse(#"{"op":"strip","columns":["plan"]}"#)
        _ = try TableProgram([JSONValue](repeating: one, count: 10_000), on: Self.columns)
        #expect(throws: TableFault("it has more than 10000 operations")) {
            try TableProgram([JSONValue](repeating: one, count: 10_001), on: Self.columns)
        }
    }

    @Test func tablesAreNotTooWide() throws {
        let wide = #"{"op":"hash","columns":["a","b"],"buckets":40000}"#
        let table = SmallTable().with("a", texts: []).with("b", texts: [])
        #expect(throws: TableFault("a row has 80000 values in the end, and at most 65536 are taken")) {
            try table.after("[\(wide)]")
        }
        #expect(try table.after("[\(wide),{\"op\":\"drop\",\"columns\":[\"b\"]}]").columns[0].width == 40_000)
        #expect(
            throws: TableFault(
                "operation 2 (concatenate): they have 80000 values together, and at most 65536 are taken")
        ) {
            try table.after("[\(wide),{\"op\":\"concatenate\",\"columns\":[\"a\",\"b\"],\"as\":\"c\"}]")
        }
        #expect(throws: TableFault("a row has 65537 values, and at most 65536 are taken")) {
            try TableProgram([], on: [TableColumn("a", .float32, width: 65_536), TableColumn("b", .bool)])
        }
    }

    @Test func operationsDoNotMakeTooMuchOnTheWay() throws {
        let names = ["a", "b", "c", "d", "e"]
        let table = names.reduce(SmallTable()) { $0.with($1, texts: []) }
        let operations = names.map {
            #"{"op":"hash","columns":["\#($0)"],"buckets":65536},{"op":"drop","columns":["\#($0)"]}"#
        }
        #expect(
            throws: TableFault("operation 7 (hash): its operations make more than 262144 values a row")
        ) { try table.after("[\(operations.joined(separator: ","))]") }
    }

    /// A small file must not ask for ten thousand passes over everything.
    @Test func operationsDoNotTouchTooMuch() throws {
        let one = try JSONValue.parse(#"{"op":"apply","columns":["m"],"function":"abs"}"#)
        let column = TableColumn("m", .float64, width: 65_536)
        #expect(
            throws: TableFault("operation 65 (apply): its operations work on more than 4194304 values a row")
        ) { try TableProgram([JSONValue](repeating: one, count: 10_000), on: [column]) }
        #expect(try TableProgram([JSONValue](repeating: one, count: 64), on: [column]).valueCount == 4_194_304)
    }

    /// Sixteen thousand columns, named one by one by several operations: nothing here takes their square.
    @Test(.timeLimit(.minutes(10))) func manyColumnsAreNamedQuickly() throws {
        let names = (0..<16_384).map { "column \($0)" }
        let quoted = "[" + names.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        let program = try TableProgram(
            [
                try JSONValue.parse(#"{"op":"apply","columns":\#(quoted),"function":"abs"}"#),
                try JSONValue.parse(#"{"op":"bucketise","columns":\#(quoted),"edges":\#(names.map { _ in [0] })}"#),
                try JSONValue.parse(#"{"op":"select","columns":\#(quoted)}"#),
                try JSONValue.parse(#"{"op":"concatenate","columns":\#(quoted),"as":"all"}"#),
            ], on: names.map { TableColumn($0, .float64) })
        #expect(program.output.columns.map(\.valueCount) == [16_384])
    }
}

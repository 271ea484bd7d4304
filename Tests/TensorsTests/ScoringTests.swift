// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

extension RowDecoder {
    func decode(
        scoring text: String, forms: [ScoringForm] = ScoringForm.allCases, inputs: [TensorSpec]
    ) throws(CodecError) -> ScoringRequest {
        let body = [UInt8](text.utf8)
        return try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            try unsafe decode(
                scoring: UnsafeRawBufferPointer(bytes), forms: forms, others: ["params", "signature_name"],
                inputs: inputs)
        }
    }
}

extension ScoringRequest {
    func inputs(_ decoder: RowDecoder) throws -> [Tensor] {
        switch content {
        case .rows(let rows): rows.inputs
        case .named(let named): try decoder.decode(columns: named).inputs
        }
    }
}

@Suite("Scoring requests become inputs, whatever form their rows have")
struct ScoringTests {
    @Test(arguments: [
        #"{"instances":[{"mean radius":1,"b":2,"c":3},{"c":6,"b":5,"mean radius":4}]}"#,
        #"{"instances":[[1,2,3],[4,5,6]]}"#, #"{"signature_name":"x","instances":[[1,2,3],[4,5,6]]}"#,
        #"{"dataframe_records":[{"mean radius":1,"b":2,"c":3},{"mean radius":4,"b":5,"c":6}]}"#,
        #"{"dataframe_split":{"columns":["c","mean radius","b"],"index":[7,8],"data":[[3,1,2],[6,4,5]]}}"#,
        #"{"dataframe_split":{"data":[[3,1,2],[6,4,5]],"columns":["c","mean radius","b"]}}"#,
        #"{"inputs":{"c":[3,6],"mean radius":[1,4],"b":[2,5]}}"#, #"{"inputs":[[1,2,3],[4,5,6]]}"#,
        #"{"inputs":[{"mean radius":1,"b":2,"c":3},{"mean radius":4,"b":5,"c":6}],"params":{}}"#,
    ])
    func everyFormOfATableIsTheSameMatrix(_ body: String) throws {
        let decoder = try RowDecoder(layout: Layouts.matrix)
        let request = try decoder.decode(scoring: body, inputs: Layouts.matrix.inputs)
        let inputs = try request.inputs(decoder)
        #expect(inputs.count == 1)
        #expect(inputs[0].shape == [2, 3])
        #expect(inputs[0].elements(as: Float.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test func inputsByNameKeepTheirShape() throws {
        let decoder = try RowDecoder(layout: Layouts.image)
        let request = try decoder.decode(
            scoring: #"{"inputs":{"image":[[[1,2],[3,4]],[[5,6],[7,8]]]}}"#, inputs: Layouts.image.inputs)
        guard case .named(let named) = request.content else {
            Issue.record("not named")
            return
        }
        #expect(named[0].tensor.shape == [2, 2, 2])
        let rows = try decoder.decode(scoring: #"{"instances":[[[1,2],[3,4]]]}"#, inputs: Layouts.image.inputs)
        #expect(try rows.inputs(decoder)[0].shape == [1, 2, 2])
    }

    @Test func mixedColumnsComeAsRowsOrColumns() throws {
        let decoder = try RowDecoder(layout: Layouts.columns)
        for body in [
            #"{"instances":[[3,true,"a",0.5],[4,false,"b",null]]}"#,
            #"{"inputs":{"age":[[3],[4]],"member":[true,false],"plan":["a","b"],"score":[0.5,null]}}"#,
            #"{"inputs":{"age":[3,4],"member":[true,false],"plan":["a",{"b64":"Yg=="}],"score":[0.5,null]}}"#,
            #"{"dataframe_split":{"columns":["plan","age","member","score"],"data":[["a",3,true,0.5],["b",4,false,null]]}}"#,
        ] {
            let inputs = try decoder.decode(scoring: body, inputs: Layouts.columns.inputs).inputs(decoder)
            #expect(inputs.map(\.shape) == [[2, 1], [2], [2, 1], [2]], "\(body)")
            #expect(inputs[0].elements(as: Int64.self) == [3, 4])
            #expect(inputs[2].strings == ["a", "b"])
            let scores = inputs[3].elements(as: Double.self)
            #expect(scores[0] == 0.5 && scores[1].isNaN)
        }
    }

    @Test func aSingleFieldTakesPlainValuesAndBytes() throws {
        let layout = RowLayout(
            inputs: [TensorSpec(name: "t", datatype: .bytes, shape: [.symbolic("")])],
            fields: [RowField(name: "t", input: 0, offset: 0)])
        let decoder = try RowDecoder(layout: layout)
        let request = try decoder.decode(
            scoring: #"{"instances":["a",{"b64":"YmM="},["d"],{"t":"e"},{"t":{"b64":"Zg"}}]}"#, inputs: layout.inputs)
        #expect(try request.inputs(decoder)[0].strings == ["a", "bc", "d", "e", "f"])
    }

    @Test func moreColumnsThanTheModelHasArePassedOverWhereTheyMayBe() throws {
        let strict = try RowDecoder(layout: Layouts.matrix)
        let lenient = strict.ignoringExtraFields
        for body in [
            #"{"dataframe_split":{"columns":["z","mean radius","b","c"],"data":[["?",1,2,3]]}}"#,
            #"{"dataframe_records":[{"z":[1],"mean radius":1,"b":2,"c":3}]}"#,
            #"{"inputs":{"z":[1],"mean radius":[1],"b":[2],"c":[3]}}"#,
        ] {
            let inputs = try lenient.decode(scoring: body, inputs: Layouts.matrix.inputs).inputs(lenient)
            #expect(inputs[0].elements(as: Float.self) == [1, 2, 3])
            let error = #expect(throws: CodecError.self) {
                _ = try strict.decode(scoring: body, inputs: Layouts.matrix.inputs)
            }
            #expect(error?.rule == .unknownName)
            #expect(error?.field == "z")
        }
    }

    @Test(arguments: [
        (#"{"instances":[[1,2,3]],"inputs":[[1,2,3]]}"#, CodecError.Rule.duplicate, String?.some("inputs")),
        (#"{"params":{}}"#, .missing, nil), (#"{"messages":[]}"#, .unknownName, "messages"),
        (#"[[1,2,3]]"#, .type, nil), (#"{"instances":[[1,2]]}"#, .shape, nil),
        (#"{"instances":[[1,2,3,4]]}"#, .shape, nil), (#"{"instances":[[1,"2",3]]}"#, .type, "b"),
        (#"{"instances":[1]}"#, .type, nil), (#"{"instances":[]}"#, .shape, nil),
        (#"{"instances":{}}"#, .type, "instances"),
        (#"{"instances":[[101,2,3]]}"#, .range, "mean radius"),
        (#"{"inputs":{"mean radius":[101],"b":[2],"c":[3]}}"#, .range, "mean radius"),
        (#"{"inputs":{"mean radius":[1,1],"b":[2],"c":[3]}}"#, .shape, "b"),
        (#"{"inputs":{"mean radius":[1]}}"#, .missing, "b"),
        (#"{"dataframe_split":{"columns":["b","c"],"data":[[1,2]]}}"#, .missing, "mean radius"),
        (#"{"dataframe_split":{"columns":["b","b"],"data":[[1,2]]}}"#, .duplicate, "b"),
        (#"{"dataframe_split":{"columns":["mean radius","b","c"],"data":[[1,2]]}}"#, .shape, nil),
        (#"{"dataframe_split":{"data":[[1,2]]}}"#, .missing, "columns"),
        (#"{"instances":[[1,2,3]],"instances":[[1,2,3]]}"#, .duplicate, "instances"),
        (#"{"instances":[[1,2,3]]"#, .syntax, nil),
    ])
    func whatIsWrongIsSaidWithItsPlace(_ body: String, rule: CodecError.Rule, field: String?) throws {
        let decoder = try RowDecoder(layout: Layouts.matrix)
        let error = #expect(throws: CodecError.self) {
            _ = try decoder.decode(scoring: body, inputs: Layouts.matrix.inputs).inputs(decoder)
        }
        #expect(error?.rule == rule, "\(body): \(String(describing: error))")
        if let field { #expect(error?.field == field, "\(body)") }
    }
}

@Suite("Columns of a table become inputs, in the model's own types")
struct ColumnTests {
    private func column<Element: BitwiseCopyable>(
        _ name: String, _ datatype: Datatype, _ values: [Element], shape: Shape? = nil
    ) -> NamedTensor {
        NamedTensor(name, Tensor(datatype, shape: shape ?? [values.count], elements: values))
    }

    @Test func numbersOfOtherTypesBecomeTheModelsOwn() throws {
        let decoder = try RowDecoder(layout: Layouts.matrix)
        let rows = try decoder.decode(columns: [
            column("b", .float64, [0.1, 0.2], shape: [2, 1]), column("mean radius", .int64, [Int64(1), 2]),
        ])
        #expect(rows.rowCount == 2)
        let values = rows.inputs[0].elements(as: Float.self)
        #expect(values[0] == 1 && values[1] == Float(0.1) && values[2].isNaN)
        #expect(values[3] == 2 && values[4] == Float(0.2) && values[5].isNaN)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let decoder = try RowDecoder(layout: Layouts.columns)
        func error(_ age: NamedTensor, member: NamedTensor? = nil) -> CodecError? {
            do throws(CodecError) {
                _ = try decoder.decode(columns: [
                    age, member ?? column("member", .bool, [UInt8(1)]),
                    NamedTensor("plan", Tensor(strings: ["a"], shape: [1])),
                    column("score", .float64, [0.5]),
                ])
                return nil
            } catch { return error }
        }
        #expect(error(column("age", .int32, [Int32(3)])) == nil)
        #expect(error(column("age", .float64, [3.0])) == nil)
        #expect(error(column("age", .float64, [3.5]))?.rule == .type)
        #expect(error(column("age", .float64, [1e30]))?.rule == .range)
        #expect(error(column("age", .uint64, [UInt64.max]))?.rule == .range)
        #expect(error(column("age", .int64, [Int64(3), 4]))?.rule == .shape)
        #expect(error(column("age", .int64, [Int64(3)]), member: column("member", .int64, [Int64(1)]))?.rule == .type)
        #expect(error(NamedTensor("age", Tensor(strings: ["3"], shape: [1])))?.field == "age")
    }

    @Test func numbersConvertExactlyOrNotAtAll() throws {
        let doubles = Tensor(.float64, shape: [3], elements: [1.0, -2, 65504])
        #expect(try doubles.converted(to: .float16).doubles == [1, -2, 65504])
        #expect(try doubles.converted(to: .bfloat16).doubles == [1, -2, 65536])
        #expect(try doubles.converted(to: .int32).elements(as: Int32.self) == [1, -2, 65504])
        #expect(throws: CodecError.self) { _ = try doubles.converted(to: .uint16) }
        #expect(throws: CodecError.self) {
            _ = try Tensor(.float64, shape: [1], elements: [1e39]).converted(to: .float32)
        }
        let special = Tensor(.float64, shape: [2], elements: [Double.nan, .infinity])
        let floats = try special.converted(to: .float32).elements(as: Float.self)
        #expect(floats[0].isNaN && floats[1] == .infinity)
    }
}

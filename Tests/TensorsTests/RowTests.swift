// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

/// Rows from text, by whichever format.
extension RowDecoder {
    func decode(json text: String) throws(CodecError) -> DecodedRows { try decode(json: [UInt8](text.utf8)) }
    func decode(csv text: String) throws(CodecError) -> DecodedRows { try decode(csv: [UInt8](text.utf8)) }

    func jsonError(_ text: String) -> CodecError? {
        do throws(CodecError) {
            _ = try decode(json: text)
            return nil
        } catch { return error }
    }

    func csvError(_ text: String) -> CodecError? {
        do throws(CodecError) {
            _ = try decode(csv: text)
            return nil
        } catch { return error }
    }
}

enum Layouts {
    /// One matrix of three columns.
    static let matrix = RowLayout(
        inputs: [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n"), .fixed(3)])],
        fields: [
            RowField(name: "mean radius", input: 0, offset: 0, range: 0...100),
            RowField(name: "b", input: 0, offset: 1), RowField(name: "c", input: 0, offset: 2, isNullable: true),
        ])

    /// An input for each column, of all kinds.
    static let columns = RowLayout(
        inputs: [
            TensorSpec(name: "age", datatype: .int64, shape: [.symbolic(""), .fixed(1)]),
            TensorSpec(name: "member", datatype: .bool, shape: [.symbolic("")]),
            TensorSpec(name: "plan", datatype: .bytes, shape: [.symbolic(""), .fixed(1)]),
            TensorSpec(name: "score", datatype: .float64, shape: [.symbolic("")]),
        ],
        fields: [
            RowField(name: "age", input: 0, offset: 0), RowField(name: "member", input: 1, offset: 0),
            RowField(name: "plan", input: 2, offset: 0),
            RowField(name: "score", input: 3, offset: 0, isNullable: true, range: 0...1),
        ])

    static let image = RowLayout(
        inputs: [TensorSpec(name: "image", datatype: .uint8, shape: [.symbolic("n"), .fixed(2), .fixed(2)])],
        fields: [RowField(name: "image", input: 0, offset: 0, shape: [.fixed(2), .fixed(2)])])

    /// Two texts in one input, and one whose size rows decide.
    static let texts = RowLayout(
        inputs: [
            TensorSpec(name: "t", datatype: .bytes, shape: [.symbolic(""), .fixed(2)]),
            TensorSpec(name: "v", datatype: .float32, shape: [.symbolic(""), .symbolic("length")]),
        ],
        fields: [
            RowField(name: "a", input: 0, offset: 0), RowField(name: "b", input: 0, offset: 1),
            RowField(name: "v", input: 1, offset: 0, shape: [.symbolic("length")]),
        ])
}

@Suite("Rows of named values become inputs, or say which field of which row is wrong")
struct RowTests {
    @Test("rows are stacked, names in any order")
    func stacking() throws {
        let rows = try RowDecoder(layout: Layouts.matrix).decode(
            json: #"[{"mean radius":1,"b":2,"c":3},{"c":6,"mean radius":4,"b":5} , {"b":8,"mean\u0020radius":7,"c":9}]"#
        )
        #expect(rows.rowCount == 3)
        #expect(rows.inputs[0].shape == [3, 3])
        #expect(rows.inputs[0].elements(as: Float.self) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test("a hundred rows keep their values while the room for them grows")
    func growing() throws {
        let text = (0..<100).map { "{\"mean radius\":\($0),\"b\":\($0 * 2),\"c\":\($0).5}" }.joined(separator: ",")
        let rows = try RowDecoder(layout: Layouts.matrix).decode(json: "[\(text)]")
        let expected = (0..<100).flatMap { [Float($0), Float($0 * 2), Float($0) + 0.5] }
        #expect(rows.inputs[0].elements(as: Float.self) == expected)
        #expect(rows.inputs[0].storage.byteCount == 1200)
    }

    @Test("one object is one row; inputs of every kind are filled")
    func columns() throws {
        let decoder = try RowDecoder(layout: Layouts.columns)
        let rows = try decoder.decode(
            json: #"{"age":9007199254740993,"member":true,"plan":"gr\u00f6ße","score":0.25}"#)
        #expect(rows.rowCount == 1)
        #expect(rows.inputs.map(\.shape) == [[1, 1], [1], [1, 1], [1]])
        #expect(rows.inputs[0].elements(as: Int64.self) == [9_007_199_254_740_993])
        #expect(rows.inputs[1].elements(as: UInt8.self) == [1])
        #expect(rows.inputs[2].strings == ["größe"])
        #expect(rows.inputs[3].elements(as: Double.self) == [0.25])
    }

    @Test(
        "errors name rule, field and row",
        arguments: [
            (#"[{"mean radius":1,"b":2,"c":3},{"mean radius":1,"c":3}]"#, CodecError.Rule.missing, "b", 1),
            (#"[{"mean radius":1,"b":2,"c":3,"d":4}]"#, .unknownName, "d", 0),
            (#"[{"mean radius":1,"b":"2","c":3}]"#, .type, "b", 0),
            (#"[{"mean radius":1,"b":null,"c":3}]"#, .type, "b", 0),
            (#"[{"mean radius":101,"b":2,"c":3}]"#, .range, "mean radius", 0),
            (#"[{"mean radius":"NaN","b":2,"c":3}]"#, .range, "mean radius", 0),
            (#"[{"mean radius":1,"b":1e39,"c":3}]"#, .range, "b", 0),
            (#"[{"mean radius":1,"b":2,"c":3,"b":2}]"#, .duplicate, "b", 0),
            (#"[{"mean radius":1,"b":[2],"c":3}]"#, .type, "b", 0), (#"[{"mean radius":1,"b":2"#, .syntax, nil, 0),
            (#"[{"mean radius":1,"b":2,"c":tru}]"#, .syntax, "c", 0),
            (#"[{"mean radius":1 "b":2,"c":3}]"#, .syntax, nil, 0),
            (#"[{"mean radius":1,"b":2,"c":3},7]"#, .type, nil, 1),
        ] as [(String, CodecError.Rule, String?, Int)])
    func places(text: String, rule: CodecError.Rule, field: String?, row: Int) throws {
        let error = try RowDecoder(layout: Layouts.matrix).jsonError(text)
        #expect(error?.rule == rule)
        #expect(error?.field == field)
        #expect(error?.row == row)
    }

    @Test(
        "documents that are no rows are refused",
        arguments: [
            ("[]", CodecError.Rule.shape), ("7", .type), ("", .syntax), ("[{}", .missing),
            ("{\"mean radius\":1,\"b\":1}x", .syntax),
        ])
    func noRows(text: String, rule: CodecError.Rule) throws {
        #expect(try RowDecoder(layout: Layouts.matrix).jsonError(text)?.rule == rule)
    }

    @Test("null and absence are NaN where a field may be missing, and only there")
    func missing() throws {
        let decoder = try RowDecoder(layout: Layouts.columns)
        let values = try decoder.decode(
            json: #"[{"age":1,"member":false,"plan":"a","score":null},{"age":1,"member":false,"plan":"a"}]"#
        ).inputs[3].elements(as: Double.self)
        #expect(values.allSatisfy(\.isNaN) && values.count == 2)
        #expect(decoder.jsonError(#"{"age":null,"member":false,"plan":"a"}"#)?.field == "age")
        #expect(decoder.jsonError(#"{"age":1,"member":false,"plan":null}"#)?.rule == .type)
    }

    @Test("names that the layout does not have are passed over where that is wanted")
    func extras() throws {
        let decoder = try RowDecoder(layout: Layouts.matrix, extra: .ignore)
        let rows = try decoder.decode(json: #"{"id":[{"x":1}],"mean radius":1,"b":2,"c":3,"z":null}"#)
        #expect(rows.inputs[0].elements(as: Float.self) == [1, 2, 3])
        #expect(decoder.jsonError(#"{"id":1,"mean radius":1,"b":2,"c":3,"id":1}"#)?.rule == .duplicate)
    }

    @Test("a range ends where the field's precision puts it")
    func ranges() throws {
        let layout = RowLayout(
            inputs: [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic(""), .fixed(1)])],
            fields: [RowField(name: "x", input: 0, offset: 0, range: -0.1...0.1)])
        let decoder = try RowDecoder(layout: layout)
        #expect(decoder.jsonError(#"{"x":0.1}"#) == nil)
        #expect(decoder.jsonError(#"{"x":-0.1}"#) == nil)
        #expect(decoder.jsonError(#"{"x":0.1001}"#)?.rule == .range)
    }

    @Test("fields with dimensions are nested or flat")
    func images() throws {
        let decoder = try RowDecoder(layout: Layouts.image)
        let rows = try decoder.decode(json: #"[{"image":[[1,2],[3,4]]},{"image":[5,6,7,8]}]"#)
        #expect(rows.inputs[0].shape == [2, 2, 2])
        #expect(rows.inputs[0].elements(as: UInt8.self) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(decoder.jsonError(#"{"image":[[1,2,3,4]]}"#)?.rule == .shape)
        #expect(decoder.jsonError(#"{"image":[1,2,3]}"#)?.field == "image")
        #expect(decoder.jsonError(#"{"image":5}"#)?.rule == .type)
    }

    @Test("the first row decides symbolic sizes, and later rows agree; texts keep their places")
    func symbolic() throws {
        let decoder = try RowDecoder(layout: Layouts.texts)
        let rows = try decoder.decode(json: #"[{"b":"2","a":"1","v":[1,2,3]},{"a":"3","v":[4,5,6],"b":"4"}]"#)
        #expect(rows.inputs[0].strings == ["1", "2", "3", "4"])
        #expect(rows.inputs[1].shape == [2, 3])
        let error = decoder.jsonError(#"[{"b":"2","a":"1","v":[1,2,3]},{"a":"3","v":[4,5],"b":"4"}]"#)
        #expect(error?.rule == .shape)
        #expect(error?.row == 1)
        #expect(try decoder.decode(csv: "v[1],a,v[0],b\n2,x,1,y\n").inputs[1].elements(as: Float.self) == [1, 2])
    }

    @Test("a first dimension that is fixed takes that many rows")
    func fixedRows() throws {
        let layout = RowLayout(
            inputs: [TensorSpec(name: "x", datatype: .float32, shape: [.fixed(1), .fixed(1)])],
            fields: [RowField(name: "x", input: 0, offset: 0)])
        let decoder = try RowDecoder(layout: layout)
        #expect(try decoder.decode(json: #"{"x":5}"#).inputs[0].shape == [1, 1])
        #expect(decoder.jsonError(#"[{"x":5},{"x":6}]"#)?.rule == .shape)
    }

    @Test("layouts that no row can fill are refused when the decoder is made")
    func layouts() {
        let spec = TensorSpec(name: "x", datatype: .int32, shape: [.symbolic(""), .fixed(2)])
        for fields in [
            [RowField(name: "a", input: 0, offset: 0)], [RowField(name: "a", input: 1, offset: 0)], [],
            [RowField(name: "a", input: 0, offset: 0), RowField(name: "a", input: 0, offset: 1)],
            [RowField(name: "a", input: 0, offset: 0, isNullable: true), RowField(name: "b", input: 0, offset: 1)],
            [RowField(name: "a", input: 0, offset: 0), RowField(name: "b", input: 0, offset: 0)],
            [RowField(name: "a", input: 0, offset: 0, shape: [.fixed(-2)])],
            [
                RowField(name: "a", input: 0, offset: 0, shape: [.symbolic("")]),
                RowField(name: "b", input: 0, offset: 1),
            ],
        ] {
            #expect(throws: CodecError.self) { try RowDecoder(layout: RowLayout(inputs: [spec], fields: fields)) }
        }
    }

    @Test("limits on rows and elements hold, also where every value is missing")
    func limits() throws {
        var limits = CodecLimits()
        limits.maxRows = 2
        let row = #"{"mean radius":1,"b":2,"c":3}"#
        let few = try RowDecoder(layout: Layouts.matrix, limits: limits)
        #expect(few.jsonError("[\(row),\(row)]") == nil)
        #expect(few.jsonError("[\(row),\(row),\(row)]")?.rule == .limit)
        let wide = RowLayout(
            inputs: [TensorSpec(name: "x", datatype: .float64, shape: [.symbolic(""), .fixed(1 << 20)])],
            fields: [RowField(name: "x", input: 0, offset: 0, shape: [.fixed(1 << 20)], isNullable: true)])
        let empty = [String](repeating: "{}", count: 1000).joined(separator: ",")
        #expect(try RowDecoder(layout: wide).jsonError("[\(empty)]")?.rule == .limit)
    }

    @Test("outputs are written as rows, plain values and nested arrays")
    func writing() throws {
        let writer = ByteWriter()
        let outputs = [
            NamedTensor("label", Tensor(.int64, shape: [2], elements: [Int64(1), 0])),
            NamedTensor("p\"", Tensor(.float32, shape: [2, 2], elements: [Float(0.1), 0.9, 1, 0])),
            NamedTensor("grid", Tensor(.bool, shape: [2, 1, 2], elements: [UInt8(1), 0, 0, 1])),
            NamedTensor("text", Tensor(strings: ["a", "b"], shape: [2, 1])),
        ]
        try encodeRows(outputs: outputs, rowCount: 2, into: writer)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                [{"label":1,"p\\"":[0.1,0.9],"grid":[[true,false]],"text":["a"]},\
                {"label":0,"p\\"":[1.0,0.0],"grid":[[false,true]],"text":["b"]}]
                """)
        for shape in [[3], [], [1, 2]] as [Shape] {
            let tensor = Tensor(.int8, shape: shape, elements: [Int8](repeating: 1, count: shape.reduce(1, *)))
            let error = #expect(throws: CodecError.self) {
                try encodeRows(outputs: [NamedTensor("o", tensor)], rowCount: 2, into: writer)
            }
            #expect(error?.rule == .shape)
            #expect(error?.field == "o")
        }
    }

    @Test("fields too large to count together are no layout")
    func offsetsThatOverflow() throws {
        let layout = RowLayout(
            inputs: [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n"), .fixed(2)])],
            fields: [
                RowField(name: "a", input: 0, offset: 0, shape: [.fixed(.max)]),
                RowField(name: "b", input: 0, offset: .max, shape: [.fixed(1)]),
            ])
        let error = #expect(throws: CodecError.self) { try RowDecoder(layout: layout) }
        #expect(error?.rule == .shape)
    }

    @Test("rows of no elements get no more dimensions than can be counted, and no endless reply")
    func emptyRowsOfHugeDimensions() throws {
        let huge = 1 << 62
        let spec = TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n"), .fixed(huge), .fixed(0)])
        let field = RowField(name: "x", input: 0, offset: 0, shape: [.fixed(huge), .fixed(0)])
        let decoder = try RowDecoder(layout: RowLayout(inputs: [spec], fields: [field]))
        #expect(try decoder.decode(json: #"{"x":[]}"#).inputs[0].shape == [1, huge, 0])
        #expect(decoder.jsonError(#"[{"x":[]},{"x":[]}]"#)?.rule == .limit)
        let empty = Tensor(.float32, shape: [1, huge, 0], storage: TensorStorage(byteCount: 0))
        #expect(Tensor.joined([empty, empty]) == nil)
        let error = #expect(throws: CodecError.self) {
            try encodeRows(outputs: [NamedTensor("y", empty)], rowCount: 1, into: ByteWriter())
        }
        #expect(error?.rule == .limit)
    }

    @Test("a row that lacks everything gets no more room than one that is full")
    func manyWideMissingInputs() throws {
        var limits = CodecLimits()
        limits.maxElements = 1000
        let decoder = try RowDecoder(
            layout: RowLayout(
                inputs: (0..<3).map {
                    TensorSpec(name: "\($0)", datatype: .float32, shape: [.symbolic("n"), .fixed(400)])
                },
                fields: (0..<3).map {
                    RowField(name: "\($0)", input: $0, offset: 0, shape: [.fixed(400)], isNullable: true)
                }), limits: limits)
        #expect(decoder.jsonError("{}")?.rule == .limit)
    }
}

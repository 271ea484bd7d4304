// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("CSV rows become the same inputs as JSON rows")
struct CSVTests {
    @Test(
        "line ends, byte-order mark, quotes and column order do not matter",
        arguments: [
            "mean radius,b,c\n1,2,3\n4,5.5,-6e1\n", "\u{FEFF}mean radius,b,c\r\n1,2,3\r\n4,5.5,-6e1",
            "c,\"mean radius\",b\r\n 3 ,1,\"2\"\r\n-60,+4,5.5\r\n\r\n",
        ])
    func same(text: String) throws {
        let rows = try RowDecoder(layout: Layouts.matrix).decode(csv: text)
        #expect(rows.rowCount == 2)
        #expect(rows.inputs[0].elements(as: Float.self) == [1, 2, 3, 4, 5.5, -60])
    }

    @Test("cells of every kind, empty ones, and quotes within quotes")
    func kinds() throws {
        let rows = try RowDecoder(layout: Layouts.columns).decode(
            csv: "age,member,plan,score\n9007199254740993,True,\"a \"\"b\"\", c\n\",\n-3,0,\"\",.5\n")
        #expect(rows.inputs[0].elements(as: Int64.self) == [9_007_199_254_740_993, -3])
        #expect(rows.inputs[1].elements(as: UInt8.self) == [1, 0])
        #expect(rows.inputs[2].strings == ["a \"b\", c\n", ""])
        let scores = rows.inputs[3].elements(as: Double.self)
        #expect(scores[0].isNaN && scores[1] == 0.5)
    }

    @Test(
        "errors name rule, field and row",
        arguments: [
            ("mean radius,b\n1,2\n", nil, nil, nil), ("mean radius,c\n1,2\n", CodecError.Rule.missing, "b", nil),
            ("mean radius,b,c,d\n1,2,3,4\n", .unknownName, "d", nil),
            ("mean radius,b,b,c\n1,2,3,4\n", .duplicate, "b", nil),
            ("mean radius,b,c\n1,2,3\n1,x,3\n", .type, "b", 1), ("mean radius,b,c\n1,,3\n", .missing, "b", 0),
            ("mean radius,b,c\n101,2,3\n", .range, "mean radius", 0), ("mean radius,b,c\n1,1e39,3\n", .range, "b", 0),
            ("mean radius,b,c\n1,2\n", .shape, nil, 0), ("mean radius,b,c\n1,2,3,4\n", .shape, nil, 0),
            ("mean radius,b,c\n1,\"2,3\n", .syntax, nil, 0), ("mean radius,b,c\n1,2\"2\",3\n", .syntax, nil, 0),
            ("mean radius,b,c\n1,\"2\"2,3\n", .syntax, nil, 0), ("", .syntax, nil, nil),
            ("mean radius,b,c\n", .shape, nil, nil),
        ] as [(String, CodecError.Rule?, String?, Int?)])
    func places(text: String, rule: CodecError.Rule?, field: String?, row: Int?) throws {
        let error = try RowDecoder(layout: Layouts.matrix).csvError(text)
        #expect(error?.rule == rule)
        #expect(error?.field == field)
        #expect(error?.row == row)
    }

    @Test("a field with dimensions has a column for each element")
    func images() throws {
        let decoder = try RowDecoder(layout: Layouts.image)
        let rows = try decoder.decode(csv: "image[3],image[0],image[1],image[2]\n4,1,2,3\n")
        #expect(rows.inputs[0].shape == [1, 2, 2])
        #expect(rows.inputs[0].elements(as: UInt8.self) == [1, 2, 3, 4])
        #expect(decoder.csvError("image[0],image[1],image[3]\n1,2,4\n")?.rule == .missing)
        for name in ["image[4]", "image[-1]", "image[01]", "image", "image[", "image[]", "other[0]"] {
            #expect(decoder.csvError("image[0],image[1],image[2],image[3],\(name)\n1,2,3,4,5\n")?.rule == .unknownName)
        }
    }

    @Test("text that is not UTF-8 is refused")
    func encoding() throws {
        let decoder = try RowDecoder(layout: Layouts.columns)
        let body = [UInt8]("age,member,plan,score\n1,true,".utf8) + [0xFF, 0x2C, 0x31]
        let error = #expect(throws: CodecError.self) { try decoder.decode(csv: body) }
        #expect(error?.rule == .encoding)
        #expect(error?.row == 0)
    }

    @Test("columns are told apart by what is in them")
    func columns() throws {
        let text = "id,x,ok,name,none,mixed,big\n1,1.5,true,a,,1,99999999999999999999\n-2,3,FALSE,2,,x,1\n,nan,,,,,\n"
        let bytes = [UInt8](text.utf8)
        let columns = try unsafe bytes.withUnsafeBytes { try unsafe csvColumns(of: $0) }
        #expect(columns.map(\.name) == ["id", "x", "ok", "name", "none", "mixed", "big"])
        #expect(columns.map(\.kind) == [.integer, .float, .boolean, .text, .empty, .text, .float])
        #expect(throws: CodecError.self) {
            try unsafe Array("a,b\n1\n".utf8).withUnsafeBytes { try unsafe csvColumns(of: $0) }
        }
    }
}

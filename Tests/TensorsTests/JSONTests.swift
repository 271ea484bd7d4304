// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("JSON is read strictly and written back the same")
struct JSONTests {
    @Test(
        "valid documents are taken",
        arguments: [
            "null", " true ", "[]", "{}", "[1,[2,{\"a\":[]}]]", "\"\\u00e9\\ud83d\\ude00\\n\"", "-0", "1E+2",
            "{\"a\":1,\"b\":{\"a\":2}}", "\"\u{7F}é😀\"", "[\"\",\"\\/\"]",
        ])
    func valid(text: String) throws {
        let value = try JSONValue.parse(text)
        #expect(try JSONValue.parse(value.text) == value)
        #expect(
            try JSONValue.parse(value.canonical) == (try JSONValue.parse(JSONValue.parse(value.canonical).canonical)))
    }

    @Test(
        "what RFC 8259 forbids is a syntax error with its place",
        arguments: [
            ("", 0), ("[1,]", 3), ("{\"a\":1,}", 7), ("[1 2]", 3), ("{a:1}", 1), ("'a'", 0), ("[1]]", 3), ("nul", 0),
            ("\"\t\"", 1), ("\"\\x\"", 2), ("\"abc", 4), ("{\"a\"}", 4), ("01", 1), ("[1", 2), ("NaN", 0),
            ("\"\\u12g4\"", 5), ("// no\n1", 0), ("[,1]", 1), ("{\"a\":1 \"b\":2}", 7), ("{,}", 1), ("\u{FEFF}1", 0),
        ])
    func invalid(text: String, offset: Int) throws {
        let error = #expect(throws: CodecError.self) { try JSONValue.parse(text) }
        #expect(error?.rule == .syntax)
        if text != "01" { #expect(error?.offset == offset) }
    }

    @Test("a name that occurs twice in one object is refused, also when escapes hide it, also among many")
    func duplicates() {
        #expect(rule("{\"a\":1,\"a\":2}") == .duplicate)
        #expect(rule("{\"a\":1,\"\\u0061\":2}") == .duplicate)
        #expect(rule("[{\"x\":{\"b\":1,\"b\":1}}]") == .duplicate)
        let many = (0..<100).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(rule("{\(many)}") == nil)
        #expect(rule("{\(many),\"k7\":1}") == .duplicate)
        // Two spellings of one letter are two names.
        #expect(rule("{\"\u{E9}\":1,\"e\u{301}\":2}") == nil)
    }

    @Test("10,000 levels are refused without using the stack, 64 are read")
    func depth() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = String(repeating: open, count: 10_000)
            #expect(rule(deep) == .limit)
            #expect(rule(deep + "1" + String(repeating: close, count: 10_000)) == .limit)
            #expect(rule(String(repeating: open, count: 64) + "1" + String(repeating: close, count: 64)) == nil)
            #expect(rule(String(repeating: open, count: 65) + "1" + String(repeating: close, count: 65)) == .limit)
            #expect(throws: CodecError.self) { try outline(deep) }
        }
        var limits = CodecLimits()
        limits.maxDepth = 1_000_000
        #expect(limits.maxDepth == 512)
    }

    @Test(
        "text that is not UTF-8 is refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let body = [0x22, 0x61] + bytes + [0x22] as [UInt8]
        let error = #expect(throws: CodecError.self) { try JSONValue.parse(body) }
        #expect(error?.rule == .encoding)
        #expect(error?.offset == 2)
    }

    @Test("half a surrogate pair is no character")
    func surrogates() {
        #expect(rule("\"\\ud800\"") == .encoding)
        #expect(rule("\"\\udc00\\ud800\"") == .encoding)
        #expect(rule("\"\\ud800\\u0041\"") == .encoding)
        #expect(rule("\"\\ud83d\\ude00\"") == nil)
    }

    @Test("limits on bytes, values and strings hold")
    func limits() {
        var limits = CodecLimits()
        limits.maxStringBytes = 4
        limits.maxElements = 3
        limits.maxBodyBytes = 20
        #expect(rule("\"1234\"", limits) == nil)
        #expect(rule("\"12345\"", limits) == .limit)
        #expect(rule("\"1234é\"", limits) == .limit)
        #expect(rule("[1,2]", limits) == nil)
        #expect(rule("[1,2,3]", limits) == .limit)
        #expect(rule(String(repeating: " ", count: 20) + "1", limits) == .limit)
    }

    @Test("integers keep all 64 bits; other numbers become doubles")
    func numbers() throws {
        #expect(try JSONValue.parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try JSONValue.parse("-9223372036854775808") == .integer(.min))
        #expect(try JSONValue.parse("18446744073709551615") == .unsigned(.max))
        #expect(try JSONValue.parse("18446744073709551616") == .double(18_446_744_073_709_551_616))
        #expect(try JSONValue.parse("1.0") == .double(1))
        #expect(try JSONValue.parse("-0").double?.sign == .minus)
        #expect(rule("1e999") == .range)
        #expect(try JSONValue.parse("[1.0,1]").text == "[1.0,1]")
    }

    @Test("canonical text is RFC 8785's: its own example, and names sorted by UTF-16")
    func canonical() throws {
        let text = """
            {"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}
            """
        let expected = #"""
            {"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}
            """#
        #expect(String(decoding: try JSONValue.parse(text).canonical, as: UTF8.self) == expected)
        let names: JSONValue = ["\u{FB33}": 1, "\u{1F600}": 2, "€": 3, "\r": 4, "1": 5, "ö": 6]
        #expect(
            String(decoding: names.canonical, as: UTF8.self)
                == "{\"\\r\":4,\"1\":5,\"ö\":6,\"€\":3,\"\u{1F600}\":2,\"\u{FB33}\":1}")
        #expect(String(decoding: JSONValue.double(-0.0).canonical, as: UTF8.self) == "0")
    }

    @Test("values are reached by name and index, and other kinds give nil")
    func access() throws {
        let value = try JSONValue.parse("{\"a\":[1,\"x\",2.5,true,null],\"big\":18446744073709551615}")
        #expect(value["a"]?[0]?.integer == 1)
        #expect(value["a"]?[1]?.string == "x")
        #expect(value["a"]?[2]?.double == 2.5)
        #expect(value["a"]?[3]?.bool == true)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["big"]?.unsigned == .max)
        #expect(value["big"]?.integer == nil)
        #expect(value["a"]?[5] == nil)
        #expect(value["b"] == nil)
        #expect(value["a"]?["a"] == nil)
    }

    @Test("a document is cut into members and elements without being decoded")
    func cutting() throws {
        let text = " {\"a\" : [1, {\"x\":2}] ,\"b\\n\":\"é\", \"c\":-1.5e3 } "
        let bytes = [UInt8](text.utf8)
        let members = try outline(text)
        #expect(members.map(\.name) == ["a", "b\n", "c"])
        #expect(
            members.map { String(decoding: bytes[$0.range], as: UTF8.self) } == ["[1, {\"x\":2}]", "\"é\"", "-1.5e3"])
        let elements = try unsafe Array("[1, [2,3] ,{}]".utf8).withUnsafeBytes { try unsafe jsonElements(of: $0) }
        #expect(elements == [1..<2, 4..<9, 11..<13])
        #expect(throws: CodecError.self) { try outline("{\"a\":1,\"a\":2}") }
        #expect(throws: CodecError.self) { try outline("{\"a\":1} x") }
        #expect(throws: CodecError.self) { try outline("[1]") }
        #expect(throws: CodecError.self) { try outline("{\"a\":[1}") }
    }

    private func outline(_ text: String) throws -> [(name: String, range: Range<Int>)] {
        try unsafe Array(text.utf8).withUnsafeBytes { try unsafe jsonMembers(of: $0) }
    }

    private func rule(_ text: String, _ limits: CodecLimits = .standard) -> CodecError.Rule? {
        do throws(CodecError) {
            _ = try JSONValue.parse(text, limits: limits)
            return nil
        } catch {
            return error.rule
        }
    }
}

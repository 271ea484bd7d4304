// SPDX-License-Identifier: Apache-2.0
import Tensors
import TestSupport
import Testing

/// Documents that are built without a value between become what ``JSONValue`` would say, and are refused like it.
struct JSONBuildingTests {
    /// Numbers as doubles, and members in order.
    private struct Built: JSONBuilding {
        let text: String

        static func built(from scalar: JSONValue) -> Built {
            switch scalar {
            case .integer(let value): Built(text: "\(Double(value))")
            case .unsigned(let value): Built(text: "\(Double(value))")
            case .double(let value): Built(text: "\(value)")
            case .string(let value): Built(text: "“\(value)”")
            case .bool(let value): Built(text: "\(value)")
            case .null: Built(text: "null")
            case .array(let elements): built(from: elements.map(whole))
            case .object(let members): built(from: members.map { ($0.name, whole($0.value)) })
            }
        }

        static func built(from numbers: [Double]) -> Built { built(from: numbers.map { built(from: .double($0)) }) }

        static func built(from elements: [Built]) -> Built {
            Built(text: "[" + elements.map(\.text).joined(separator: ",") + "]")
        }

        static func built(from members: [(name: String, value: Built)]) -> Built {
            Built(text: "{" + members.map { "\($0.name):\($0.value.text)" }.joined(separator: ",") + "}")
        }

        static func whole(_ value: JSONValue) -> Built { built(from: value) }
    }

    private static let documents = [
        "[]", "{}", " [ ] ", "1", "-0", "\"a\"", "null", "[1,2.5,-3e-2,18446744073709551615,9007199254740993]",
        "[1,null]", "[1,[2,3],{\"a\":[]}]", "[null,1,2]", "[[],[[]],{}]", #"{"a":[1,2],"b":{"c":"é\n"},"d":[true,1]}"#,
        "[1e308]", "[-0.0,0,-0]", "[0.1,0.30000000000000004,5e-324,1.7976931348623157e308]",
        "[1e999]", "[01]", "[1,]", "[,1]", "[1 2]", "[-]", "[1.]", "[1", "{\"a\":1,\"a\":2}", "[1]x", "", "[NaN]",
        "[+1]",
    ]

    @Test(arguments: documents) func isReadAsAValueWouldBe(document: String) { agree(Array(document.utf8)) }

    @Test func damagedDocumentsAreRefusedAlike() {
        var generator = SeededGenerator(seed: 11)
        for document in Self.documents where !document.isEmpty {
            for _ in 0..<100 {
                var bytes = Array(document.utf8)
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    Array("0123456789-.,[]{}:e\"a n".utf8).randomElement(using: &generator) ?? 0
                agree(bytes)
            }
        }
    }

    @Test func limitsHold() {
        var limits = CodecLimits.standard
        limits.maxElements = 4
        limits.maxDepth = 2
        #expect(throws: Never.self) { try Built.parse(Array("[1,2,3]".utf8), limits: limits) }
        for document in ["[1,2,3,4]", "[null,1,2,3]", "[1,[2,3]]", "[[[]]]"] {
            let error = #expect(throws: CodecError.self) { try Built.parse(Array(document.utf8), limits: limits) }
            #expect(error?.rule == .limit)
        }
    }

    private func agree(_ bytes: [UInt8]) {
        do {
            let value = Built.whole(try JSONValue.parse(bytes))
            let built = try? Built.parse(bytes, limits: .standard)
            #expect(built?.text == value.text, "\(String(decoding: bytes, as: UTF8.self))")
        } catch {
            let other = #expect(throws: CodecError.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try Built.parse(bytes, limits: .standard)
            }
            #expect(other?.rule == error.rule)
        }
    }
}

struct DecimalListTests {
    @Test func numbersAreReadOneByOne() {
        #expect(DecimalList.doubles([]) == [])
        #expect(
            DecimalList.doubles(bytes("1 -2.5  1e-05 +3 .5 1.0000000180025095e-35 ")) == [
                1, -2.5, 1e-05, 3, 0.5, 1.0000000180025095e-35,
            ])
        #expect(DecimalList.integers(bytes("0 -7 12  999999999999999999")) == [0, -7, 12, 999_999_999_999_999_999])
        #expect(DecimalList.integers(bytes("")) == [])
    }

    @Test(arguments: ["a", "1 x", "1,2", "nan", "1\t2", "--1", "1-"]) func whatIsNoNumberIsRefused(text: String) {
        #expect(DecimalList.doubles(bytes(text)) == nil)
        #expect(DecimalList.integers(bytes(text)) == nil)
    }

    @Test(arguments: ["1.5", "-", "- 1", "1 -", "9999999999999999999"]) func whatIsNotWholeIsNone(text: String) {
        #expect(DecimalList.integers(bytes(text)) == nil)
    }

    private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
}

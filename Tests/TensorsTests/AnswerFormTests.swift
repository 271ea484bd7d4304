// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Tensors

@Suite("Outputs are written in the forms of every protocol")
struct AnswerFormTests {
    private let label = NamedTensor("label", Tensor(.int64, shape: [2], elements: [Int64(1), 0]))
    private let score = NamedTensor("score", Tensor(.float32, shape: [2, 2], elements: [Float(0.25), 0.75, .nan, 1]))

    private func written(_ body: (ByteWriter) throws -> Void) rethrows -> String {
        let writer = ByteWriter()
        try body(writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func oneOutputIsItsValuesAlone() throws {
        #expect(try written { try encodeRowValues(of: label, rowCount: 2, into: $0) } == "[1,0]")
        #expect(
            try written { try encodeRowValues(of: score, rowCount: 2, into: $0) } == #"[[0.25,0.75],["NaN",1.0]]"#)
        #expect(try written { try encodeColumns(outputs: [label], into: $0) } == "[1,0]")
        #expect(
            try written { try encodeColumns(outputs: [label, score], into: $0) }
                == #"{"label":[1,0],"score":[[0.25,0.75],["NaN",1.0]]}"#)
    }

    /// In rows and in columns, whatever the shape; only BYTES, only by that name, and only where it is asked for.
    @Test func bytesAreObjectsInBase64() throws {
        let bytes: [[UInt8]] = [[], [0xFF], [0xFB, 0xFF], [0, 1, 2]]
        var elements = TextElements()
        for element in bytes { unsafe element.withUnsafeBytes { unsafe elements.append($0) } }
        let image = NamedTensor("image_bytes", elements.tensor(shape: [2, 2]))
        let count = NamedTensor("count_bytes", Tensor(.int64, shape: [2], elements: [Int64(1), 0]))
        let text = NamedTensor("text", Tensor(strings: ["é", "b"], shape: [2]))
        let (first, second) = (#"[{"b64":""},{"b64":"/w=="}]"#, #"[{"b64":"+/8="},{"b64":"AAEC"}]"#)
        #expect(
            try written { try encodeRowValues(of: image, rowCount: 2, bytes: .base64ByName, into: $0) }
                == "[\(first),\(second)]")
        #expect(
            try written { try encodeColumns(outputs: [image], bytes: .base64ByName, into: $0) }
                == "[\(first),\(second)]")
        let all = [image, count, text]
        #expect(
            try written { try encodeRows(outputs: all, rowCount: 2, bytes: .base64ByName, into: $0) }
                == #"[{"image_bytes":\#(first),"count_bytes":1,"text":"é"},"#
                + #"{"image_bytes":\#(second),"count_bytes":0,"text":"b"}]"#)
        #expect(
            try written { try encodeColumns(outputs: all, bytes: .base64ByName, into: $0) }
                == #"{"image_bytes":[\#(first),\#(second)],"count_bytes":[1,0],"text":["é","b"]}"#)
        let error = #expect(throws: CodecError.self) { try encodeColumns(outputs: all, into: ByteWriter()) }
        #expect(error?.rule == .encoding && error?.field == "image_bytes")
    }

    /// What is written in base64 is read back, for every length that its last group may have.
    @Test func base64IsReadBack() throws {
        var generator = SeededGenerator(seed: 7)
        for length in 0..<100 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let json = written { writer in unsafe bytes.withUnsafeBytes { unsafe writer.append(base64Element: $0) } }
            let text = try #require(try JSONValue.parse(json)["b64"]?.string)
            #expect(unsafe [UInt8](text.utf8).withUnsafeBytes { unsafe decodeBase64($0) } == bytes)
        }
    }

    @Test func csvReadsBackAsItWasWritten() throws {
        let text = NamedTensor("te,xt", Tensor(strings: ["a\"b", "c\nd"], shape: [2]))
        let csv = try written { try encodeCSV(outputs: [label, score, text], rowCount: 2, into: $0) }
        #expect(
            csv == "label,score[0],score[1],\"te,xt\"\n1,0.25,0.75,\"a\"\"b\"\n0,\"NaN\",1.0,\"c\nd\"\n")
        let layout = RowLayout(
            inputs: [
                TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("")]),
                TensorSpec(name: "score", datatype: .float32, shape: [.symbolic(""), .fixed(2)]),
                TensorSpec(name: "te,xt", datatype: .bytes, shape: [.symbolic("")]),
            ],
            fields: [
                RowField(name: "label", input: 0, offset: 0),
                RowField(name: "score", input: 1, offset: 0, shape: [.fixed(2)]),
                RowField(name: "te,xt", input: 2, offset: 0),
            ])
        let rows = try RowDecoder(layout: layout).decode(csv: csv)
        #expect(rows.inputs[0].elements(as: Int64.self) == [1, 0])
        #expect(rows.inputs[1].elements(as: Float.self)[2].isNaN)
        #expect(rows.inputs[2].strings == ["a\"b", "c\nd"])
    }

    @Test func anOutputThatCannotBeCutIntoRowsIsRefused() {
        #expect(throws: CodecError.self) { try encodeCSV(outputs: [label], rowCount: 3, into: ByteWriter()) }
        #expect(throws: CodecError.self) { try encodeRowValues(of: label, rowCount: 1, into: ByteWriter()) }
    }

    @Test func theHighestClassesComeFirst() throws {
        let tensor = Tensor(.float32, shape: [2, 3], elements: [Float(0.25), 0.5, 0.25, .nan, -1, .infinity])
        #expect(try tensor.classified(top: 2, isBatched: true).shape == [2, 2])
        #expect(try tensor.classified(top: 2, isBatched: true).strings == ["0.5:1", "0.25:0", "Infinity:2", "-1.0:1"])
        #expect(try tensor.classified(top: 9, isBatched: false).strings.last == "NaN:3")
        #expect(try tensor.classified(top: 1_000_000, isBatched: true).shape == [2, 3])
        let many = Tensor(.int64, shape: [100], elements: (0..<100).map { Int64($0 * 37 % 100) })
        let few = try many.classified(top: 16, isBatched: false).strings
        let all = try many.classified(top: 100, isBatched: false).strings
        #expect(few == Array(all.prefix(16)))
        #expect(few.first == "99:27")
        #expect(throws: CodecError.self) {
            _ = try Tensor(strings: ["a"], shape: [1]).classified(top: 1, isBatched: false)
        }
        #expect(throws: CodecError.self) {
            _ = try Tensor(.int64, shape: [1], elements: [Int64(1)]).classified(top: 1, isBatched: true)
        }
    }
}

@Suite("Base64 is read strictly, in both alphabets")
struct Base64Tests {
    private func decoded(_ text: String) -> [UInt8]? {
        unsafe [UInt8](text.utf8).withUnsafeBytes { unsafe decodeBase64($0) }
    }

    @Test(arguments: [
        ("", [UInt8]()), ("Zg==", [0x66]), ("Zg", [0x66]), ("Zm8=", [0x66, 0x6F]), ("Zm9v", [0x66, 0x6F, 0x6F]),
        ("-_8=", [0xFB, 0xFF]), ("+/8=", [0xFB, 0xFF]),
    ])
    func whatItSaysIsFound(_ text: String, _ bytes: [UInt8]) { #expect(decoded(text) == bytes) }

    @Test(arguments: ["Z", "Zm9vZ", "Zg=", "Z===", "Zg==Zg==", "Z g=", "Zg==\n", "é==", "===="])
    func anythingElseIsRefused(_ text: String) { #expect(decoded(text) == nil) }

    @Test func inputsInBase64AreBytes() throws {
        for body in [
            #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","parameters":{"content_type":"base64"},"data":["//4="]}]}"#,
            #"{"parameters":{"content_type":"base64"},"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","data":["//4="]}]}"#,
        ] {
            let request = try decodeRequest([UInt8](body.utf8))
            #expect(request.inputs[0].tensor.storage.byteCount == 2)
        }
        let broken =
            #"{"inputs":[{"name":"t","shape":[1],"datatype":"BYTES","parameters":{"content_type":"base64"},"data":["?"]}]}"#
        let error = #expect(throws: CodecError.self) { _ = try decodeRequest([UInt8](broken.utf8)) }
        #expect(error?.field == "t")
    }
}

@Suite("A body without JSON is the model's only input")
struct RawRequestTests {
    private func decoded(_ bytes: [UInt8], _ inputs: [TensorSpec]) throws(CodecError) -> InferRequest {
        try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(CodecError) in
            try unsafe decodeRawInferRequest(UnsafeRawBufferPointer(buffer), inputs: inputs)
        }
    }

    @Test func theByteCountTellsTheShape() throws {
        let spec = TensorSpec(name: "x", datatype: .int16, shape: [.symbolic(""), .fixed(3)])
        let request = try decoded([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0], [spec])
        #expect(request.inputs[0].tensor.shape == [2, 3])
        #expect(request.inputs[0].tensor.elements(as: Int16.self) == [1, 2, 3, 4, 5, 6])
        #expect(request.wantsBinaryOutputs)
        #expect(throws: CodecError.self) { _ = try decoded([1, 0, 2, 0], [spec]) }
        #expect(throws: CodecError.self) { _ = try decoded([1, 0, 2, 0, 3], [spec]) }
        #expect(throws: CodecError.self) { _ = try decoded([1, 0, 2, 0, 3, 0], [spec, spec]) }
    }

    @Test func bytesAreOneElement() throws {
        let spec = TensorSpec(name: "image", datatype: .bytes, shape: [.symbolic(""), .fixed(1)])
        #expect(try decoded([0xFF, 0xD8], [spec]).inputs[0].tensor.shape == [1, 1])
        let two = TensorSpec(name: "image", datatype: .bytes, shape: [.fixed(2)])
        #expect(throws: CodecError.self) { _ = try decoded([0xFF, 0xD8], [two]) }
    }
}

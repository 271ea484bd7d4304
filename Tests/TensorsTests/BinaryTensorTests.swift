// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("The binary extension is taken at its word only where the word is true")
struct BinaryTensorTests {
    /// Keeps a body alive for tensors that borrow it.
    @safe private final class Body {
        let bytes: UnsafeMutableRawBufferPointer
        init(_ content: [UInt8]) {
            unsafe bytes = .allocate(byteCount: content.count, alignment: 64)
            unsafe bytes.copyBytes(from: content)
        }
        deinit { unsafe bytes.deallocate() }
    }

    private static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]

    private static func json(_ inputs: String...) -> String { "{\"inputs\":[\(inputs.joined(separator: ","))]}" }

    private static func input(_ size: Int, _ datatype: String = "FP32", _ shape: String = "[2]", name: String = "x")
        -> String
    {
        #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(datatype)","parameters":{"binary_data_size":\#(size)}}"#
    }

    private func decode(_ json: String, _ payload: [UInt8], jsonByteCount: Int? = nil) throws(CodecError)
        -> InferRequest
    {
        let head = [UInt8](json.utf8)
        return try decodeRequest(head + payload, jsonByteCount: jsonByteCount ?? head.count)
    }

    private func rule(_ json: String, _ payload: [UInt8], jsonByteCount: Int? = nil) -> CodecError.Rule? {
        do throws(CodecError) {
            _ = try decode(json, payload, jsonByteCount: jsonByteCount)
            return nil
        } catch { return error.rule }
    }

    @Test("tensors follow the JSON in the order of the inputs, mixed with JSON data")
    func mixed() throws {
        let plain = #"{"name":"y","shape":[1],"datatype":"INT8","data":[7]}"#
        let request = try decode(
            Self.json(Self.input(8), plain, Self.input(2, "BOOL", name: "z")), Self.floats + [1, 0])
        #expect(request.inputs.map(\.name) == ["x", "y", "z"])
        #expect(request.inputs[0].tensor.elements(as: Float.self) == [1, -2])
        #expect(request.inputs[1].tensor.elements(as: Int8.self) == [7])
        #expect(request.inputs[2].tensor.elements(as: UInt8.self) == [1, 0])
    }

    @Test("fixed-width payloads are used in place while the owner lives, BYTES are gathered")
    func borrowing() throws {
        let json = [UInt8](Self.json(Self.input(8)).utf8)
        var body: Body? = Body(json + Self.floats)
        let lent = try #require(body)
        let request = try unsafe decodeInferRequest(
            UnsafeRawBufferPointer(lent.bytes), jsonByteCount: json.count, owner: lent)
        let base = unsafe UnsafeRawPointer(lent.bytes.baseAddress)
        body = nil
        unsafe request.inputs[0].tensor.storage.withUnsafeBytes { bytes in
            let isInPlace = unsafe bytes.baseAddress == base.map { unsafe $0 + json.count }
            #expect(isInPlace)
        }
        #expect(request.inputs[0].tensor.elements(as: Float.self) == [1, -2])
    }

    @Test("sizes that lie are refused")
    func lies() {
        #expect(rule(Self.json(Self.input(8)), Self.floats) == nil)
        #expect(rule(Self.json(Self.input(4)), Self.floats) == .shape)
        #expect(rule(Self.json(Self.input(9)), Self.floats + [0]) == .shape)
        #expect(rule(Self.json(Self.input(8)), Array(Self.floats.dropLast())) == .shape)
        #expect(rule(Self.json(Self.input(8)), Self.floats + [0]) == .shape)
        #expect(rule(Self.json(Self.input(8), Self.input(8, name: "y")), Self.floats) == .shape)
        #expect(rule(Self.json(Self.input(8, "FP32", "[3]")), Self.floats) == .shape)
        #expect(rule(Self.json(Self.input(-8)), Self.floats) == .type)
        #expect(rule(Self.json(Self.input(.max)), Self.floats) == .shape)
        #expect(rule(Self.json(Self.input(8, "FP32", "[4611686018427387904,2]")), Self.floats) == .shape)
        let head = Self.json(Self.input(8))
        #expect(rule(head, Self.floats, jsonByteCount: head.utf8.count + 9) == .shape)
        #expect(rule(head, Self.floats, jsonByteCount: -1) == .shape)
        #expect(rule(head, Self.floats, jsonByteCount: head.utf8.count - 1) == .syntax)
        // Without the header length the payload is JSON, and none.
        #expect(throws: CodecError.self) { try decodeRequest([UInt8](head.utf8) + Self.floats) }
        let both = #"{"name":"x","shape":[2],"datatype":"FP32","data":[1,2],"parameters":{"binary_data_size":8}}"#
        #expect(rule(Self.json(both), Self.floats) == .duplicate)
    }

    @Test("a BOOL is 0 or 1")
    func bools() {
        #expect(rule(Self.json(Self.input(2, "BOOL")), [0, 1]) == nil)
        #expect(rule(Self.json(Self.input(2, "BOOL")), [0, 2]) == .range)
    }

    @Test("the lengths inside BYTES must fill the payload exactly")
    func texts() throws {
        let payload: [UInt8] = [2, 0, 0, 0, 0xFF, 0x41, 0, 0, 0, 0]
        let request = try decode(Self.json(Self.input(10, "BYTES")), payload)
        let tensor = request.inputs[0].tensor
        #expect(tensor.offsets == [0, 2, 2])
        #expect(unsafe tensor.withBytes(at: 0) { unsafe Array($0) } == [0xFF, 0x41])
        #expect(rule(Self.json(Self.input(10, "BYTES", "[1]")), payload) == .shape)
        #expect(rule(Self.json(Self.input(10, "BYTES", "[3]")), payload) == .shape)
        #expect(rule(Self.json(Self.input(10, "BYTES", "[30000000]")), payload) == .shape)
        #expect(rule(Self.json(Self.input(9, "BYTES")), Array(payload.dropLast())) == .shape)
        #expect(rule(Self.json(Self.input(8, "BYTES")), [255, 255, 255, 255, 0, 0, 0, 0]) == .shape)
    }

    @Test("replies carry JSON and bytes, and say how long the JSON is")
    func replies() throws {
        let outputs = [
            NamedTensor("p", Tensor(.float32, shape: [1, 2], elements: [Float(0.1), .nan])),
            NamedTensor("t", Tensor(strings: ["é\"", ""], shape: [2])),
        ]
        let writer = ByteWriter()
        #expect(
            try encodeInferResponse(
                modelName: "m", modelVersion: "3", id: "a\"b", outputs: outputs, binary: [false, false], into: writer,
                writeParameters: { $0.append("\"k\":true") }) == nil)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                {"model_name":"m","model_version":"3","id":"a\\"b","parameters":{"k":true},"outputs":[\
                {"name":"p","datatype":"FP32","shape":[1,2],"data":[0.1,"NaN"]},\
                {"name":"t","datatype":"BYTES","shape":[2],"data":["é\\"",""]}]}
                """)
        writer.removeAll()
        let count = try encodeInferResponse(
            modelName: "m", modelVersion: "3", id: nil, outputs: outputs, binary: [true, true], into: writer)
        let jsonByteCount = try #require(count)
        let json = String(decoding: writer.bytes.prefix(jsonByteCount), as: UTF8.self)
        #expect(
            json == """
                {"model_name":"m","model_version":"3","outputs":[\
                {"name":"p","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}},\
                {"name":"t","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}}]}
                """)
        #expect(writer.bytes.dropFirst(jsonByteCount).suffix(11) == [3, 0, 0, 0, 0xC3, 0xA9, 0x22, 0, 0, 0, 0])
    }

    @Test("BYTES that are not UTF-8 do not go into JSON, but go as bytes")
    func notText() throws {
        let storage = TensorStorage(byteCount: 1)
        unsafe storage.withUnsafeMutableBytes { unsafe $0[0] = 0xFF }
        let output = NamedTensor("t", Tensor(bytes: storage, offsets: [0, 1], shape: [1]))
        let error = #expect(throws: CodecError.self) {
            try encodeInferResponse(
                modelName: "m", modelVersion: "1", id: nil, outputs: [output], binary: [false], into: ByteWriter())
        }
        #expect(error?.rule == .encoding)
        #expect(error?.field == "t")
        #expect(
            try encodeInferResponse(
                modelName: "m", modelVersion: "1", id: nil, outputs: [output], binary: [true], into: ByteWriter())
                != nil)
    }
}

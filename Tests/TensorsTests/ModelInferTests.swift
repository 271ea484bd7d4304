// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import Tensors

@Suite("Requests of gRPC, as the protocol's own Python library writes them")
struct ModelInferTests {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Expected: Decodable {
            let name: String
            let datatype: String
            let shape: [Int]
            let bytes: Data
        }

        let name: String
        let message: Data
        let tensors: [Expected]
        let outputs: [String]?
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let path = "\(repositoryRoot)/Tests/Fixtures/grpc/messages.json"
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 15) }

    @Test(arguments: cases, [false, true])
    func everyTensorIsWhatWasSent(_ known: Case, inPlace: Bool) throws {
        let decoded = try decode([UInt8](known.message), inPlace: inPlace)
        #expect(decoded.modelName == "modèle")
        #expect(decoded.modelVersion == "7")
        #expect(decoded.request.id == "id-1")
        #expect(decoded.request.inputs.map(\.name) == known.tensors.map(\.name))
        for (input, expected) in zip(decoded.request.inputs, known.tensors) {
            #expect(input.tensor.datatype.rawValue == expected.datatype)
            #expect(input.tensor.shape == expected.shape)
            #expect(unsafe input.tensor.storage.withUnsafeBytes { unsafe [UInt8]($0) } == [UInt8](expected.bytes))
        }
        #expect(decoded.request.outputs?.map(\.name) == known.outputs)
    }

    @Test func parametersKeepTheirTypes() throws {
        let known = try #require(Self.cases.last)
        let request = try decode([UInt8](known.message)).request
        func value(_ name: String) -> JSONValue? { request.parameters.first { $0.name == name }?.value }
        #expect(value("flag") == true)
        #expect(value("count") == .integer(-5))
        #expect(value("text") == "über")
        #expect(value("share") == .double(0.25))
        #expect(value("large") == .unsigned(.max))
        #expect(request.inputContentTypes == ["np"])
        #expect(request.outputs?.first?.parameters.first?.value == .integer(3))
    }

    /// Numbers that are not packed, in any order of fields: whoever writes messages by hand may do so.
    @Test func unpackedNumbersAndAnyOrderAreRead() throws {
        let contents: [UInt8] = [0x18, 1, 0x18, 2]
        let input: [UInt8] = [0x2A, 4] + contents + [0x18, 2, 0x12, 5] + [UInt8]("INT64".utf8) + [0x0A, 1, 0x78]
        let message: [UInt8] = [0x2A, UInt8(input.count)] + input + [0x0A, 1, 0x6D]
        let decoded = try decode(message)
        #expect(decoded.modelName == "m")
        #expect(decoded.request.inputs.first?.tensor.elements(as: Int64.self) == [1, 2])
    }

    @Test(arguments: [
        ([0x0A, 5, 0x6D] as [UInt8], CodecError.Rule.syntax),  // a field longer than its message
        ([0x0A], .syntax), ([0xFF], .syntax), ([0x0B], .syntax), ([0x00, 0], .syntax),
        ([0x08, 1], .syntax),  // a name that is a number
        ([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], .syntax),
        ([0x0A, 1, 0xFF], .encoding),
        (input("FP31", shape: [1]), .type), (input("FP32", shape: [-1]), .shape), (input("FP32", shape: [2]), .shape),
        (input("FP32", shape: [.max, .max]), .shape), (input("FP16", shape: [1]), .type),
        (input("FP32", shape: [1], contents: [0x10, 1]), .type),  // int_contents for FP32
        (input("INT8", shape: [1], contents: [0x10, 0x80, 0x02]), .range),
        (input("FP32", shape: [1], contents: [0x35, 0, 0, 0, 0, 0x35, 0, 0, 0, 0]), .shape),
        (input("FP32", shape: [1], raw: [[0, 0, 0]]), .shape),
        (input("FP32", shape: [1], raw: [[0, 0, 0, 0], []]), .shape),
        (input("FP32", shape: [1], contents: [0x35, 0, 0, 0, 0], raw: [[0, 0, 0, 0]]), .shape),
        (input("BOOL", shape: [1], raw: [[2]]), .range), (input("BYTES", shape: [1], raw: [[9, 0, 0, 0]]), .shape),
        (input("FP32", shape: [1], raw: [[0, 0, 0, 0]]) + input("FP32", shape: [1], raw: [[0, 0, 0, 0]]), .duplicate),
    ])
    func whatIsWrongIsRefused(_ message: [UInt8], _ rule: CodecError.Rule) {
        let error = #expect(throws: CodecError.self) { try decode(message) }
        #expect(error?.rule == rule, "\(error?.message ?? "")")
    }

    @Test func mutatedMessagesAreRefusedOrMeanSomething() throws {
        var taken = 0
        for message in Mutations(Self.cases.map { [UInt8]($0.message) }, seed: 21, count: 20_000) {
            guard let decoded = try? decode(message, inPlace: true) else { continue }
            taken += 1
            for input in decoded.request.inputs {
                #expect(input.tensor.elementCount == elementCount(of: input.tensor.shape))
            }
        }
        #expect(taken > 100)
    }

    @Test func anAnswerReadsAsWhatItIs() throws {
        let writer = ByteWriter()
        let outputs = [
            NamedTensor("a", Tensor(.float32, shape: [2, 1], elements: [1.5, -2] as [Float])),
            NamedTensor("", Tensor(strings: ["x", "größer"], shape: [2])),
            NamedTensor("scalar", Tensor(.int64, shape: [], elements: [-7] as [Int64])),
        ]
        encodeModelInfer(
            modelName: "m", modelVersion: "300", id: "i", outputs: outputs, into: writer
        ) { $0.append(utf8: String(repeating: "0", count: 36)) }
        // Of the same bytes a request could be made: the fields that matter have the same numbers, but for the raw ones.
        var fields: [Int] = []
        try unsafe writer.withUnsafeBytes { bytes in
            var reader = unsafe ProtobufReader(bytes)
            while let (number, wire) = try reader.nextField() {
                fields.append(number)
                try reader.skip(wire)
            }
        }
        #expect(fields == [1, 2, 3, 4, 5, 5, 5, 6, 6, 6])
    }
}

@safe private final class Owner {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ source: [UInt8]) {
        unsafe bytes = .allocate(byteCount: max(source.count, 1), alignment: 16)
        unsafe bytes.copyBytes(from: source)
    }

    deinit { unsafe bytes.deallocate() }
}

@discardableResult
private func decode(_ message: [UInt8], inPlace: Bool = false) throws -> ModelInferMessage {
    guard inPlace else { return try unsafe message.withUnsafeBytes { try unsafe decodeModelInfer($0) } }
    let owner = Owner(message)
    return try unsafe decodeModelInfer(
        UnsafeRawBufferPointer(rebasing: owner.bytes.prefix(message.count)), owner: owner)
}

/// A message with one input.
private func input(_ datatype: String, shape: [Int], contents: [UInt8]? = nil, raw: [[UInt8]] = []) -> [UInt8] {
    let writer = ByteWriter()
    writer.append(message: 5) { input in
        input.append(1, "x")
        input.append(2, datatype)
        input.append(3, packed: shape)
        if let contents { input.append(5, byteCount: contents.count) { input.append(contents) } }
    }
    for bytes in raw { writer.append(7, byteCount: bytes.count) { writer.append(bytes) } }
    return writer.bytes
}

// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import ModelExecution
import Tensors
import TestSupport
import Testing

/// `identity-*` gives back what it takes, so every bit can be compared.
struct DatatypeTests {
    static let fixedWidth = Datatype.allCases.filter { $0 != .bytes }

    @Test(arguments: fixedWidth) func everyBitComesBack(_ datatype: Datatype) throws {
        let engine = try open("identity-\(datatype.rawValue.lowercased())")
        let shape = [Dimension.symbolic("batch"), .fixed(3)]
        #expect(engine.inputs == [TensorSpec(name: "values", datatype: datatype, shape: shape)])
        #expect(engine.outputs == [TensorSpec(name: "same", datatype: datatype, shape: shape)])
        for rows in [1, 2, 1000] {
            let content = someBytes(rows * 3, of: datatype)
            let raw = Tensor(.uint8, shape: [content.count], elements: content)
            let input = Tensor(datatype, shape: [rows, 3], storage: raw.storage)
            let output = try #require(try engine.run([input]).first)
            #expect(output.datatype == datatype)
            #expect(output.shape == [rows, 3])
            #expect(bytes(of: output) == content)
        }
    }

    @Test(arguments: fixedWidth) func inputsMayLieAnywhereInMemory(_ datatype: Datatype) throws {
        let content = someBytes(6, of: datatype)
        let input = unaligned(datatype, shape: [2, 3], content)
        let output = try #require(try open("identity-\(datatype.rawValue.lowercased())").run([input]).first)
        #expect(bytes(of: output) == content)
    }

    @Test func textsComeBackToTheByte() throws {
        let texts: [[UInt8]] = [
            [], [0], [0x61, 0, 0x62], Array("žluťoučký 🐎".utf8), [0xFF, 0xFE, 0xC0],
            [UInt8](repeating: 7, count: 70_000), [0x0A], Array("end".utf8), [],
        ]
        let offsets = texts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        let joined = Tensor(.uint8, shape: [offsets[9]], elements: Array(texts.joined()))
        let input = Tensor(bytes: joined.storage, offsets: offsets, shape: [3, 3])
        let output = try #require(try open("identity-string").run([input]).first)
        #expect(output.datatype == .bytes)
        #expect(output.shape == [3, 3])
        #expect(output.offsets == offsets)
        #expect(bytes(of: output) == Array(texts.joined()))
    }

    @Test(arguments: Datatype.allCases) func noRowsIn_noRowsOut(_ datatype: Datatype) throws {
        let name = datatype == .bytes ? "string" : datatype.rawValue.lowercased()
        let output = try #require(try open("identity-\(name)").run([zeros(datatype, [0, 3])]).first)
        #expect(output.datatype == datatype)
        #expect(output.shape == [0, 3])
        #expect(output.elementCount == 0)
    }

    @Test func everyTypeGoesThroughOneModelAtOnce() throws {
        let engine = try open("every-type")
        #expect(engine.inputs.count == 14)
        #expect(Set(engine.inputs.map(\.datatype)) == Set(Datatype.allCases))
        let inputs = engine.inputs.map { spec in
            guard let width = spec.datatype.byteWidth else {
                return Tensor(strings: ["a", "", "ccc", "d"], shape: [4])
            }
            let raw = Tensor(.uint8, shape: [4 * width], elements: someBytes(4, of: spec.datatype))
            return Tensor(spec.datatype, shape: [4], storage: raw.storage)
        }
        let outputs = try engine.run(inputs)
        #expect(outputs.map(\.datatype) == inputs.map(\.datatype))
        #expect(outputs.map(bytes(of:)) == inputs.map(bytes(of:)))
    }

    @Test func severalInputsAndOutputsKeepTheirOrder() throws {
        let engine = try open("two-in-two-out")
        #expect(engine.inputs.map(\.name) == ["values", "count"])
        #expect(engine.outputs.map(\.name) == ["scaled", "next"])
        let outputs = try engine.run([
            Tensor(.float32, shape: [2, 2], elements: [1, 2, 3, 4] as [Float]),
            Tensor(.int64, shape: [2, 1], elements: [10, -1] as [Int64]),
        ])
        #expect(outputs[0].elements(as: Float.self) == [10, 20, -3, -4])
        #expect(outputs[1].elements(as: Int64.self) == [11, 0])
    }

    @Test func aScalarStaysAScalar() throws {
        let output = try open("scalar").run([Tensor(.float32, shape: [], elements: [2.5] as [Float])])[0]
        #expect(output.shape == [])
        #expect(output.elements(as: Float.self) == [-2.5])
    }

    @Test func anOutputOfUndeclaredRankHasTheShapeOfEachAnswer() throws {
        let engine = try open("rank-unknown")
        #expect(engine.outputs.map(\.shape) == [[]])
        func shape(_ values: [Float]) throws -> Shape {
            try engine.run([Tensor(.float32, shape: [1, 3], elements: values)])[0].shape
        }
        #expect(try shape([1, 2, 3]) == [1, 3])
        #expect(try shape([-1, -2, -3]) == [1, 3, 1])
    }

    /// 0 and 1 for BOOL, which has no other values; any bits for the rest.
    private func someBytes(_ count: Int, of datatype: Datatype) -> [UInt8] {
        var generator = SeededGenerator(seed: 42)
        return (0..<count * (datatype.byteWidth ?? 0)).map { _ in
            UInt8.random(in: 0...(datatype == .bool ? 1 : 255), using: &generator)
        }
    }
}

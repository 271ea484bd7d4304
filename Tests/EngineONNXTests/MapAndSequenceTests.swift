// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import Testing

struct MapAndSequenceTests {
    private let features = Tensor(.float32, shape: [2, 2], elements: [1, 2, -1, 0.5] as [Float])

    @Test(arguments: [
        // Scores of the classes as they are declared, 10 2 30 and pear apple fig, in ascending order of the keys.
        ("zipmap", [1, 0, 2]), ("zipmap-strings", [1, 2, 0]),
    ]) func mapsBecomeRowsOrderedByKey(_ name: String, _ order: [Int]) throws {
        let engine = try open(name)
        #expect(engine.outputs[1].datatype == .float32)
        #expect(engine.outputs[1].shape == [.symbolic("batch"), .symbolic("")])
        let rows = try engine.run([features])[1]
        #expect(rows.shape == [2, 3])
        let expected = [[1, 2.25, -2.5], [-1, 0.75, 1]].flatMap { (scores: [Double]) in
            let total = scores.reduce(0) { $0 + exp($1) }
            return order.map { exp(scores[$0]) / total }
        }
        let numbers = try #require(rows.doubles)
        #expect(zip(numbers, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(numbers) is not \(expected)")
    }

    @Test func labelsOfClassesCanBeTexts() throws {
        #expect(try open("zipmap-strings").run([features])[0].strings == ["apple", "fig"])
    }

    @Test func mapsOfNoRowsAreNoRows() throws {
        let rows = try open("zipmap").run([zeros(.float32, [0, 2])])[1]
        #expect(rows.elementCount == 0)
        #expect(rows.shape.first == 0)
        #expect(rows.datatype == .float32)
    }

    @Test func tensorsOfOneShapeAreStacked() throws {
        let engine = try open("sequence")
        #expect(engine.outputs[0].datatype == .float32)
        let stacked = try engine.run([features])[0]
        #expect(stacked.shape == [2, 2, 2])
        #expect(stacked.elements(as: Float.self) == [1, 2, -1, 0.5, -1, -2, 1, -0.5])
    }

    @Test func tensorsOfDifferentShapesAreRefusedWithTheReason() throws {
        let engine = try open("sequence-ragged")
        let error = #expect(throws: EngineError.self) { try engine.run([features]) }
        #expect(error?.explanation.message.contains("“pair” have different shapes") == true)
    }

    @Test func whatHasNoTensorFormIsRefusedByName() throws {
        #expect(throws: EngineError.typeUnsupported(name: "maybe", type: "an optional value")) { try open("optional") }
        #expect(throws: EngineError.typeUnsupported(name: "values", type: "a tensor of float8e4m3fn")) {
            try open("identity-float8")
        }
    }
}

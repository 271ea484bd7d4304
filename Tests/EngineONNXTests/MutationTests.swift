// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelExecution
import Tensors
import TestSupport
import Testing

struct MutationTests {
    /// In a process of its own, so that a crash is this test's failure and nobody else's.
    @Test func damagedModelsNeverEndTheProcess() async {
        await #expect(processExitsWith: .success) {
            let names = ["zipmap", "two-in-two-out", "rank-unknown", "every-type", "sequence", "external"]
            let originals = try names.map { try Data(contentsOf: URL(filePath: fixture($0).path)) }
            let library = try engineLibrary()
            var generator = SeededGenerator(seed: 20_261_121)
            var (refused, opened) = (0, 0)
            try withTemporaryFolder { folder in
                for turn in 0..<1200 {
                    var model = originals[turn % originals.count]
                    mutate(&model, using: &generator)
                    let file = folder.appending(path: "model-\(turn).onnx")
                    try model.write(to: file)
                    do throws(EngineError) {
                        let engine = try library.open(modelAt: ModelFile(path: file.path))
                        opened += 1
                        tryToRun(engine)
                    } catch {
                        refused += 1
                    }
                }
            }
            // Both must happen often, or the damage was of the wrong kind.
            #expect(refused > 300)
            #expect(opened > 30)
        }
    }
}

/// Flips bits, overwrites, cuts out, doubles or cuts off.
private func mutate(_ model: inout Data, using generator: inout SeededGenerator) {
    let place = Int.random(in: 0..<model.count, using: &generator)
    let end = min(model.count, place + Int.random(in: 1...16, using: &generator))
    switch Int.random(in: 0..<5, using: &generator) {
    case 0:
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0..<model.count, using: &generator)
            model[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
    case 1: model[place] = UInt8.random(in: 0...255, using: &generator)
    case 2: model.removeSubrange(place..<end)
    case 3: model.insert(contentsOf: Data(model[place..<end]), at: place)
    default: model = model.prefix(place)
    }
}

/// Runs with zeros where what the model asks for is small.
private func tryToRun(_ engine: any InferenceEngine) {
    let inputs = engine.inputs.compactMap { spec -> Tensor? in
        let shape = spec.shape.map { $0.size ?? 2 }
        guard let count = elementCount(of: shape), count <= 1 << 16 else { return nil }
        return zeros(spec.datatype, shape)
    }
    guard inputs.count == engine.inputs.count else { return }
    _ = try? engine.run(inputs)
}

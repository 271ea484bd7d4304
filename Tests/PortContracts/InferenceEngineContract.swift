// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation
package import ModelExecution
internal import Synchronization
package import Tensors
internal import Testing

/// A model file with what it must say of itself, and answers that were computed by other means.
package struct GoldenModel: Sendable {
    package struct Answer: Sendable {
        let inputs: [Tensor]
        let outputs: [Tensor]

        package init(inputs: [Tensor], outputs: [Tensor]) {
            self.inputs = inputs
            self.outputs = outputs
        }
    }

    let file: ModelFile
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    let answers: [Answer]
    /// The largest difference of an element from the golden one.
    let tolerance: Double

    package init(
        file: ModelFile, inputs: [TensorSpec], outputs: [TensorSpec], answers: [Answer], tolerance: Double
    ) {
        self.file = file
        self.inputs = inputs
        self.outputs = outputs
        self.answers = answers
        self.tolerance = tolerance
    }
}

/// What every engine promises. A new adapter starts by running this.
package struct InferenceEngineContract {
    let runtime: any EngineRuntime
    let golden: GoldenModel
    let unusable: [ModelFile]

    /// - Parameters:
    ///   - golden: Has at least one input of FP32, and answers of different numbers of rows.
    ///   - unusable: Files that are no models, damaged, or ask for what the engine does not have.
    package init(runtime: any EngineRuntime, golden: GoldenModel, unusable: [ModelFile]) {
        self.runtime = runtime
        self.golden = golden
        self.unusable = unusable
    }

    package func run() throws {
        theEngineSaysWhatItIs()
        try inputsAndOutputsAreDescribed()
        try answersAreTheGoldenOnes()
        try wrongUseIsAnErrorAndTheEngineStaysUsable()
        try callsAtTheSameTimeAnswerAsOneAlone()
        try answersOutliveTheEngine()
        try unusableFilesAreRefused()
    }

    func theEngineSaysWhatItIs() {
        #expect(!runtime.identity.name.isEmpty)
        #expect(runtime.identity.version.first?.isNumber == true)
        #expect(!runtime.identity.build.isEmpty)
    }

    func inputsAndOutputsAreDescribed() throws {
        let engine = try runtime.open(modelAt: golden.file)
        #expect(engine.inputs == golden.inputs)
        #expect(engine.outputs == golden.outputs)
    }

    func answersAreTheGoldenOnes() throws {
        let engine = try runtime.open(modelAt: golden.file)
        #expect(Set(golden.answers.map { $0.inputs.first?.shape.first }).count > 1, "rows differ in number")
        for answer in golden.answers {
            let outputs = try engine.run(answer.inputs)
            try #require(outputs.count == answer.outputs.count)
            for (output, expected) in zip(outputs, answer.outputs) {
                #expect(output.datatype == expected.datatype)
                #expect(output.shape == expected.shape)
                if let numbers = output.doubles, let wanted = expected.doubles {
                    #expect(zip(numbers, wanted).allSatisfy { abs($0 - $1) <= golden.tolerance })
                } else {
                    #expect(contents(output) == contents(expected))
                }
            }
        }
    }

    func wrongUseIsAnErrorAndTheEngineStaysUsable() throws {
        let engine = try runtime.open(modelAt: golden.file)
        let answer = try #require(golden.answers.first)
        let before = try engine.run(answer.inputs).map(contents)
        let index = try #require(golden.inputs.firstIndex { $0.datatype == .float32 })
        let right = answer.inputs[index]
        let wrongType = Tensor(.int64, shape: right.shape, elements: [Int64](repeating: 1, count: right.elementCount))
        let texts = Tensor(strings: [String](repeating: "x", count: right.elementCount), shape: right.shape)
        let deeper = right.reshaped(to: right.shape + [1])
        let wider = Tensor(.float32, shape: [1, 4097], elements: [Float](repeating: 0, count: 4097))
        var wrong = [[], Array(answer.inputs.dropLast()), answer.inputs + answer.inputs]
        for tensor in [wrongType, texts, deeper, wider] {
            var inputs = answer.inputs
            inputs[index] = tensor
            wrong.append(inputs)
        }
        for inputs in wrong {
            let error = #expect(throws: EngineError.self) { try engine.run(inputs) }
            guard case .runFailed(let reason)? = error else {
                Issue.record("a run fails as a run, and not with \(String(describing: error))")
                continue
            }
            #expect(!reason.isEmpty)
        }
        #expect(try engine.run(answer.inputs).map(contents) == before)
    }

    func callsAtTheSameTimeAnswerAsOneAlone() throws {
        let engine = try runtime.open(modelAt: golden.file)
        let alone = try golden.answers.map { try engine.run($0.inputs).map(contents) }
        let answers = golden.answers
        let differences = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for turn in 0..<200 {
                let index = (thread + turn) % answers.count
                let outputs = try? engine.run(answers[index].inputs).map(contents)
                if outputs != alone[index] { differences.add(1, ordering: .relaxed) }
            }
        }
        #expect(differences.load(ordering: .relaxed) == 0)
    }

    func answersOutliveTheEngine() throws {
        let answer = try #require(golden.answers.first)
        var engine: (any InferenceEngine)? = try runtime.open(modelAt: golden.file)
        weak let released = engine
        let outputs = try #require(engine).run(answer.inputs)
        let before = outputs.map(contents)
        engine = nil
        #expect(released == nil, "an engine goes when its last user lets go")
        // What was freed by mistake would be handed out again here.
        for other in golden.answers.reversed() { _ = try runtime.open(modelAt: golden.file).run(other.inputs) }
        #expect(outputs.map(contents) == before)
    }

    func unusableFilesAreRefused() throws {
        #expect(!unusable.isEmpty)
        for file in unusable + [ModelFile(path: golden.file.path + ".gone")] {
            let error = #expect(throws: EngineError.self, "\(file.path)") { try runtime.open(modelAt: file) }
            guard case .modelRefused(let reason)? = error else {
                Issue.record("\(file.path) is refused, and not with \(String(describing: error))")
                continue
            }
            #expect(!reason.isEmpty)
            #expect(!reason.contains(file.path), "a reason is shown to callers, who need no paths: \(reason)")
        }
    }

    /// Opens, runs and releases 300 times. Needs a process of its own, whose memory nobody else uses.
    package func memoryIsGivenBack() throws {
        func cycle(_ times: Int) throws {
            for _ in 0..<times {
                let engine = try runtime.open(modelAt: golden.file)
                for answer in golden.answers { _ = try engine.run(answer.inputs) }
            }
        }
        try cycle(50)
        let before = try residentBytes()
        try cycle(300)
        #expect(try residentBytes() - before < 4 << 20)
    }
}

/// Everything that tells two tensors apart.
private func contents(_ tensor: Tensor) -> [[Int]] {
    [tensor.shape, tensor.offsets, unsafe tensor.storage.withUnsafeBytes { unsafe $0.map(Int.init) }]
}

/// Memory of this process that is really there.
private func residentBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Tensors

/// How models that were trained again answer the rows that the original was recorded with.
package struct Reproduction: Sendable {
    private let signature: Signature
    private let examples: [Example]
    private let origin: ExampleOrigin
    private let replay: Replay
    /// Of each repetition, for each row one answer for each output of the original.
    private var answers: [[[Tensor]]] = []

    /// - Throws: `PRF-002` when the original has no recorded answers.
    package init(of manifest: BundleManifest, examples lines: [UInt8]) throws(Refusal) {
        guard let proof = manifest.proof else { throw unusableExamples("the original was packed without any") }
        signature = manifest.signature
        origin = proof.origin
        replay = Replay(signature: signature, tolerance: proof.tolerance, task: manifest.task)
        examples = try ExampleFormat(signature: signature, outputs: proof.outputs).read(lines: lines)
        guard !examples.isEmpty else { throw unusableExamples("the original was packed without any") }
    }

    package var rowCount: Int { examples.count }

    /// Their inputs alone, as a file of rows to pack a model with.
    package func rows() throws -> [UInt8] {
        try ExampleFormat(signature: signature, outputs: []).write(
            examples.map { Example(inputs: $0.inputs, outputs: []) })
    }

    /// Asks a model that was trained again. Blocks.
    ///
    /// - Throws: `RPR-004` when it takes or gives something else than the original; the engine's own error.
    package mutating func add(_ other: Signature, _ engine: any InferenceEngine) throws {
        let inputs = try other.inputs.map { try index(of: $0, in: signature.inputs, "input") }
        guard inputs.count == signature.inputs.count else {
            throw otherSignature("it takes \(inputs.count) inputs rather than \(signature.inputs.count)")
        }
        let outputs = try signature.outputs.map { try index(of: $0, in: other.outputs, "output") }
        var given: [[Tensor]] = []
        for example in examples {
            let all = try engine.run(inputs.map { example.inputs[$0] })
            guard all.count == other.outputs.count else { throw otherSignature("it answered \(all.count) outputs") }
            given.append(outputs.map { all[$0] })
        }
        answers.append(given)
    }

    private func index(of spec: TensorSpec, in others: [TensorSpec], _ what: String) throws -> Int {
        guard let index = others.firstIndex(where: { $0.name == spec.name }) else {
            throw otherSignature("its \(what) “\(spec.name)” is not there")
        }
        guard others[index].datatype == spec.datatype else {
            throw otherSignature("\(what) “\(spec.name)” is \(others[index].datatype) and \(spec.datatype)")
        }
        return index
    }

    private func otherSignature(_ reason: String) -> Refusal {
        Refusal(
            .notReproduced, .conflict, "The model that was trained again is another one: \(reason).",
            hint: "Compare the code and the packages with those of the run.")
    }

    // MARK: What was found

    /// How one repetition compares with the original.
    package struct Repetition: Sendable {
        package let verdict: ProofVerdict
        /// Rows with the same decision; `nil` for a model that decides nothing.
        package let sameDecisions: Int?
    }

    package func repetitions() -> [Repetition] {
        answers.map { given in
            let verdict = replay.verdict(of: given, to: examples, origin: origin)
            let decisions = zip(given, examples).compactMap { answer, example -> Bool? in
                // Compared in what was recorded.
                let names = Set(example.outputs.map(\.name))
                guard let recorded = replay.decision(of: example.outputs) else { return nil }
                return replay.decision(of: named(answer).filter { names.contains($0.name) }) == recorded
            }
            return Repetition(verdict: verdict, sameDecisions: decisions.isEmpty ? nil : decisions.count { $0 })
        }
    }

    /// How far repetitions differ among themselves: what training itself varies by.
    package struct Spread: Sendable {
        package let output: String
        /// The largest distance between two answers to the same row; `nil` for what are no numbers.
        package let largest: Double?
        /// Rows that got different answers.
        package let rows: Int
        /// Rows whose recorded answer lies between those of the repetitions, or is one of them; `nil` where none was
        /// recorded.
        package let rowsAroundOriginal: Int?
    }

    package func spreads() -> [Spread] {
        signature.outputs.indices.map { output in
            let name = signature.outputs[output].name
            var spread = SpreadTally()
            for (row, example) in examples.enumerated() {
                let recorded = example.outputs.first { $0.name == name }?.tensor
                spread.take(answers.map { $0[row][output] }, recorded)
            }
            return Spread(
                output: name, largest: spread.largest, rows: spread.rows,
                rowsAroundOriginal: spread.compared > 0 ? spread.around : nil)
        }
    }

    /// Rows that repetitions decide differently; `nil` for a model that decides nothing.
    package func varyingDecisions() -> Int? {
        let decisions = examples.indices.compactMap { row -> Bool? in
            let all = answers.compactMap { replay.decision(of: named($0[row])) }
            return all.isEmpty ? nil : Set(all).count > 1
        }
        return decisions.isEmpty ? nil : decisions.count { $0 }
    }

    private func named(_ answer: [Tensor]) -> [NamedTensor] {
        zip(signature.outputs, answer).map { NamedTensor($0.name, $1) }
    }
}

private struct SpreadTally {
    var largest: Double?
    var rows = 0
    var compared = 0
    var around = 0

    /// The answers of all repetitions to one row.
    mutating func take(_ answers: [Tensor], _ recorded: Tensor?) {
        let numbers = answers.compactMap(\.doubles)
        guard numbers.count == answers.count, let width = numbers.map(\.count).min() else {
            let texts = Set(answers.map(\.strings))
            if texts.count > 1 { rows += 1 }
            if let recorded {
                compared += 1
                if texts.contains(recorded.strings) { around += 1 }
            }
            return
        }
        var widest = 0.0
        var isAround = true
        let original = recorded?.doubles
        for index in 0..<width {
            let values = numbers.map { $0[index] }.filter { !$0.isNaN }
            guard let low = values.min(), let high = values.max() else { continue }
            if low < high { widest = max(widest, high - low) }
            if let original, original.indices.contains(index) {
                isAround = isAround && original[index] >= low && original[index] <= high
            }
        }
        largest = max(largest ?? 0, widest)
        if widest > 0 { rows += 1 }
        if original != nil {
            compared += 1
            if isAround { around += 1 }
        }
    }
}

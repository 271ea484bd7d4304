// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Statistics
package import Tensors

/// Runs recorded rows again, and compares what comes out with what was recorded.
package struct Replay: Sendable {
    /// How many differing examples a verdict describes.
    private static let describedRows = 10

    private let signature: Signature
    private let tolerance: Tolerance
    /// Whether the largest of several scores is a decision.
    private let scoresAreClasses: Bool

    package init(signature: Signature, tolerance: Tolerance, task: String?) {
        self.signature = signature
        self.tolerance = tolerance
        scoresAreClasses = task?.hasSuffix("classification") ?? false
    }

    /// Replays every example by itself.
    ///
    /// - Parameters:
    ///   - examples: With answers; one without counts as agreeing.
    ///   - recorded: How many were recorded, of which `examples` may be the first few.
    /// - Throws: The engine's own error, when it fails on a row.
    package func run(
        _ examples: [Example], recorded: Int, origin: ExampleOrigin, on engine: any InferenceEngine
    ) throws(EngineError) -> ProofVerdict {
        var tally = Tally()
        for (row, example) in examples.enumerated() {
            note(try engine.run(example.inputs), for: example, row: row, in: &tally)
        }
        return verdict(of: tally, replayed: examples.count, recorded: recorded, origin: origin)
    }

    /// Replays the examples as one batch: a row must get the same answer in company.
    ///
    /// - Returns: `nil` when the rows cannot travel together.
    package func runTogether(
        _ examples: [Example], origin: ExampleOrigin, on engine: any InferenceEngine
    ) throws(EngineError) -> ProofVerdict? {
        guard signature.isBatched, examples.count > 1 else { return nil }
        var inputs: [Tensor] = []
        for index in signature.inputs.indices {
            guard let joined = Tensor.joined(examples.map { $0.inputs[index] }) else { return nil }
            inputs.append(joined)
        }
        let answers = try engine.run(inputs)
        guard answers.allSatisfy({ $0.shape.first == examples.count }) else { return nil }
        var tally = Tally()
        for (row, example) in examples.enumerated() {
            note(answers.map { $0.row(row, of: examples.count) }, for: example, row: row, in: &tally)
        }
        return verdict(of: tally, replayed: examples.count, recorded: examples.count, origin: origin)
    }

    /// Whether answers that somebody else got to an example's row agree with what was recorded.
    ///
    /// - Parameter answers: One for each output of the signature.
    package func agrees(_ answers: [Tensor], with example: Example) -> Bool {
        guard answers.count == signature.outputs.count else { return false }
        var tally = Tally()
        note(answers, for: example, row: 0, in: &tally)
        return tally.differingRows == 0
    }

    /// Where answers that somebody else got to an example's row differ from its own, in words; `nil` where they agree.
    ///
    /// - Parameter answers: One for each output of the signature.
    package func difference(of answers: [Tensor], from example: Example) -> String? {
        guard answers.count == signature.outputs.count else { return "\(answers.count) outputs are there" }
        var tally = Tally()
        note(answers, for: example, row: 0, in: &tally)
        return tally.differences.first.map { "“\($0.output)” is \($0.actual) rather than \($0.expected)" }
    }

    /// Holds answers that somebody else got against what was recorded.
    ///
    /// - Parameter answers: For each example one for each output of the signature.
    package func verdict(of answers: [[Tensor]], to examples: [Example], origin: ExampleOrigin) -> ProofVerdict {
        var tally = Tally()
        for (row, (answer, example)) in zip(answers, examples).enumerated() {
            note(answer, for: example, row: row, in: &tally)
        }
        return verdict(of: tally, replayed: examples.count, recorded: examples.count, origin: origin)
    }

    /// What answers come to, where they decide something: labels, and which score is the largest.
    ///
    /// - Parameter answers: By output; those of a row.
    /// - Returns: `nil` where they are numbers and decide nothing.
    package func decision(of answers: [NamedTensor]) -> [[UInt8]]? {
        let parts = answers.flatMap { answer -> [[UInt8]] in
            let tensor = answer.tensor
            if tensor.datatype == .bytes { return tensor.byteElements }
            guard tensor.datatype.isFloatingPoint else { return [tensor.rawBytes] }
            guard scoresAreClasses, tensor.elementCount > 1, let numbers = tensor.doubles else { return [] }
            return [Array(String(largestIndex(numbers) ?? 0).utf8)]
        }
        return parts.isEmpty ? nil : parts
    }

    private struct Tally {
        var largest = 0.0
        var differingRows = 0
        var differences: [ProofVerdict.Difference] = []
    }

    private func note(_ answers: [Tensor], for example: Example, row: Int, in tally: inout Tally) {
        var agrees = true
        for expected in example.outputs {
            guard let index = signature.outputs.firstIndex(where: { $0.name == expected.name }) else { continue }
            let comparison = compare(answers[index], with: expected.tensor)
            tally.largest = max(tally.largest, comparison.largest ?? 0)
            guard !comparison.agrees else { continue }
            agrees = false
            if tally.differingRows < Self.describedRows {
                tally.differences.append(
                    ProofVerdict.Difference(
                        row: row, output: expected.name, expected: text(expected.tensor),
                        actual: text(answers[index]), largest: comparison.largest))
            }
        }
        if !agrees { tally.differingRows += 1 }
    }

    private func verdict(of tally: Tally, replayed: Int, recorded: Int, origin: ExampleOrigin) -> ProofVerdict {
        ProofVerdict(
            origin: origin, tolerance: tolerance, replayed: replayed, recorded: recorded,
            largestDifference: tally.largest, differingRows: tally.differingRows, differences: tally.differences)
    }

    private func compare(_ actual: Tensor, with expected: Tensor) -> (agrees: Bool, largest: Double?) {
        guard actual.datatype == expected.datatype, actual.elementCount == expected.elementCount else {
            return (false, nil)
        }
        guard let expectedNumbers = expected.doubles, let actualNumbers = actual.doubles else {
            return (actual.byteElements == expected.byteElements, nil)
        }
        let parity = OutputParity(
            expected: expectedNumbers, actual: actualNumbers, absolute: tolerance.absolute,
            relative: tolerance.relative)
        guard tolerance.sameDecision else { return (parity.agrees, parity.largestAbsolute) }
        guard actual.datatype.isFloatingPoint else {
            // Compared as they are: doubles would let integers above 2^53 pass for one another.
            return (actual.rawBytes == expected.rawBytes, parity.largestAbsolute)
        }
        let sameClass = !scoresAreClasses || largestIndex(expectedNumbers) == largestIndex(actualNumbers)
        return (parity.agrees && sameClass, parity.largestAbsolute)
    }

    private func text(_ tensor: Tensor) -> String {
        let shown = 8
        let parts: [String]
        if let numbers = tensor.doubles {
            parts = numbers.prefix(shown).map {
                tensor.datatype.isFloatingPoint ? "\($0)" : Int64(exactly: $0)?.description ?? "\($0)"
            }
        } else {
            parts = tensor.strings.prefix(shown).map { "“\($0.prefix(40))”" }
        }
        let more = tensor.elementCount > shown ? ", … \(tensor.elementCount - shown) more" : ""
        return tensor.elementCount == 1 ? parts[0] : "[" + parts.joined(separator: ", ") + more + "]"
    }
}

private func largestIndex(_ values: [Double]) -> Int? {
    values.indices.max { values[$0] < values[$1] }
}

extension Tensor {
    var rawBytes: [UInt8] { unsafe storage.withUnsafeBytes { unsafe Array($0) } }

    /// The elements of a BYTES tensor, byte for byte.
    var byteElements: [[UInt8]] {
        (0..<elementCount).map { index in unsafe withBytes(at: index) { unsafe Array($0) } }
    }
}

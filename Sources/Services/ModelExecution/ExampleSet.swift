// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Tensors

/// A recorded row with its recorded answer.
package struct Example: Sendable {
    /// One tensor for each input of the signature, holding a single row.
    package let inputs: [Tensor]
    /// The answers that were recorded, by output name; empty when there are none.
    package let outputs: [NamedTensor]

    package init(inputs: [Tensor], outputs: [NamedTensor]) {
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// Reads and writes the examples of a bundle: JSON lines of `{"inputs": {…}, "outputs": {…}}`.
package struct ExampleFormat: Sendable {
    /// The most examples of a bundle, and bytes of its examples file.
    package static let countLimit = 100_000
    package static let byteLimit = 256 << 20
    /// The most bytes of their tensors: missing values take none in the file, and room in memory.
    private static let tensorByteLimit = 1 << 30

    private let signature: Signature
    private let inputRows: RowDecoder
    private let recorded: [TensorSpec]
    private let outputRows: RowDecoder

    /// - Parameters:
    ///   - outputs: The outputs that were recorded; names that the signature does not have are refused.
    ///   - ignoringOthers: Whether a row may hold values that the signature does not know.
    package init(signature: Signature, outputs: [String], ignoringOthers: Bool = false) throws(Refusal) {
        self.signature = signature
        recorded = try outputs.map { name throws(Refusal) in
            guard let spec = signature.outputs.first(where: { $0.name == name }) else {
                throw unusableExamples(
                    "the model has no output “\(name)”; it has \(signature.outputs.map(\.name).joined(separator: ", "))"
                )
            }
            return spec
        }
        do throws(CodecError) {
            inputRows = try RowDecoder(
                layout: signature.layout, extra: ignoringOthers ? .ignore : .refuse, limits: .examples)
            outputRows = try RowDecoder(
                layout: Signature.answerLayout(of: recorded), extra: .ignore, limits: .examples)
        } catch {
            throw unusableExamples(error.explanation.message)
        }
    }

    /// - Throws: `PRF-002` that names the line.
    package func read(lines bytes: [UInt8], limit: Int = Self.countLimit) throws(Refusal) -> [Example] {
        var examples: [Example] = []
        var byteCount = 0
        for (index, line) in bytes.split(separator: 0x0A).enumerated() {
            guard examples.count < limit else { break }
            do throws(CodecError) {
                let example = try read(line: Array(line))
                byteCount += example.byteCount
                guard byteCount <= Self.tensorByteLimit else {
                    throw CodecError(.limit, "the examples take more than \(Self.tensorByteLimit) bytes of memory")
                }
                examples.append(example)
            } catch {
                throw unusableExamples("line \(index + 1): \(error.message)")
            }
        }
        return examples
    }

    private func read(line: [UInt8]) throws(CodecError) -> Example {
        let members = try jsonMembers(of: line)
        guard let inputs = members.first(where: { $0.name == "inputs" }) else {
            throw CodecError(.missing, "an example needs “inputs”")
        }
        let row = try inputRows.decode(json: Array(line[inputs.range]))
        guard !recorded.isEmpty else { return Example(inputs: row.inputs, outputs: []) }
        guard let outputs = members.first(where: { $0.name == "outputs" }) else {
            throw CodecError(.missing, "an example needs “outputs”")
        }
        let answers = try outputRows.decode(json: Array(line[outputs.range]))
        return Example(inputs: row.inputs, outputs: named(answers.inputs))
    }

    /// Reads a table whose columns are the fields of rows and, beside them, the recorded outputs.
    package func read(csv bytes: [UInt8]) throws(Refusal) -> [Example] {
        do throws(CodecError) {
            let rows = try inputRows.decode(csv: bytes)
            let answers = recorded.isEmpty ? nil : try outputRows.decode(csv: bytes)
            return (0..<rows.rowCount).map { row in
                Example(
                    inputs: rows.inputs.map { $0.row(row, of: rows.rowCount) },
                    outputs: answers.map { named($0.inputs.map { $0.row(row, of: rows.rowCount) }) } ?? [])
            }
        } catch {
            throw unusableExamples((error.row.map { "row \($0): " } ?? "") + error.message)
        }
    }

    /// The examples as the bundle keeps them; the same examples give the same bytes.
    package func write(_ examples: [Example]) throws(CodecError) -> [UInt8] {
        let writer = ByteWriter()
        for example in examples {
            writer.append("{\"inputs\":")
            try encodeRow(signature.layout.fieldTensors(of: example.inputs), into: writer)
            writer.append(",\"outputs\":")
            try encodeRow(example.outputs.map(asRead), into: writer)
            writer.append("}\n")
        }
        return writer.bytes
    }

    /// An answer `[rows, 1]` is a plain value of a row, and read as one.
    private func asRead(_ output: NamedTensor) -> NamedTensor {
        let isPlain = recorded.contains { $0.name == output.name && $0.shape.count == 2 && $0.shape[1] == .fixed(1) }
        guard isPlain, output.tensor.shape == [1, 1] else { return output }
        return NamedTensor(output.name, output.tensor.reshaped(to: [1]))
    }

    /// One row without the array around it.
    private func encodeRow(_ values: [NamedTensor], into writer: ByteWriter) throws(CodecError) {
        let array = ByteWriter()
        try encodeRows(outputs: values, rowCount: 1, into: array)
        writer.append(Array(array.bytes.dropFirst().dropLast()))
    }

    private func named(_ tensors: [Tensor]) -> [NamedTensor] {
        zip(recorded, tensors).map { NamedTensor($0.name, $1) }
    }
}

extension Example {
    fileprivate var byteCount: Int {
        (inputs + outputs.map(\.tensor)).reduce(0) { $0 + $1.storage.byteCount }
    }
}

extension Tensor {
    /// One row of a tensor whose first dimension counts `rows`; the whole of one that has no such dimension.
    package func row(_ index: Int, of rows: Int) -> Tensor {
        guard let first = shape.first, first == rows else { return self }
        let inner = Array(shape.dropFirst())
        let count = inner.reduce(1, *)
        return slice(index * count..<(index + 1) * count, shape: [1] + inner)
    }
}

/// Why examples, or the rows of training data, cannot be used.
package func unusableExamples(_ reason: String) -> Refusal {
    Refusal(
        .examplesUnusable, .invalidInput, "The examples cannot be used: \(reason).",
        hint: "See docs/formats/examples.md.")
}

extension CodecLimits {
    /// Examples are read at pack and at start, never on a caller's behalf, so they may be large.
    package static var examples: CodecLimits {
        var limits = CodecLimits()
        limits.maxBodyBytes = ExampleFormat.byteLimit
        limits.maxRows = ExampleFormat.countLimit
        return limits
    }
}

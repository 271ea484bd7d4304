// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// Finds the examples of a project, and records answers where the original left none.
struct ExampleRecorder {
    struct Recording {
        let examples: [Example]
        /// The outputs that the examples hold.
        let outputs: [String]
        let origin: ExampleOrigin
        let notes: [String]
        /// How many of the examples, the last ones, were made to lie at edges.
        var edgeCount = 0
    }

    let folder: any ProjectFolder
    let project: ProjectFile
    let engine: any InferenceEngine

    /// - Parameter signature: Outputs whose rank the engine does not declare are given the rank that the first row shows.
    func record(_ signature: inout Signature) throws -> Recording {
        guard let source = project.examples else {
            return try recordOwn(syntheticRow(of: signature), &signature, because: "no examples were given")
        }
        let bytes = try folder.read(source.data, limit: ExampleFormat.byteLimit)
        let form = try RowFileForm(of: source.data)
        let inputs = try read(bytes, form, as: signature, outputs: [])
        guard let first = inputs.first else { throw unusableExamples("“\(source.data)” has no rows") }
        signature = try signature.observed(engine.run(first.inputs))
        let outputs = try source.outputs ?? recordedOutputs(in: bytes, form, of: signature)
        guard !outputs.isEmpty else {
            return try recordOwn(inputs, &signature, because: "“\(source.data)” holds no recorded answers")
        }
        let examples = try read(bytes, form, as: signature, outputs: outputs)
        return Recording(examples: examples, outputs: outputs, origin: source.origin, notes: [])
    }

    /// The columns of a table, in order.
    static func header(of path: String, in folder: any ProjectFolder) throws -> [String] {
        let bytes = try folder.read(path, limit: ExampleFormat.byteLimit)
        do throws(CodecError) {
            return try csvColumns(of: bytes, sampleRows: 0).map(\.name)
        } catch {
            throw unusableExamples("“\(path)”: \(error.message)")
        }
    }

    private func read(
        _ bytes: [UInt8], _ form: RowFileForm, as signature: Signature, outputs: [String]
    ) throws -> [Example] {
        let format = try ExampleFormat(signature: signature, outputs: outputs, ignoringOthers: true)
        return switch form {
        case .table: try format.read(csv: bytes)
        case .lines: try format.read(lines: bytes)
        }
    }

    /// The outputs of the signature that the file holds answers for.
    private func recordedOutputs(in bytes: [UInt8], _ form: RowFileForm, of signature: Signature) throws -> [String] {
        let names: [String]
        do throws(CodecError) {
            switch form {
            case .table:
                names = try csvColumns(of: bytes, sampleRows: 0).map(\.name)
            case .lines:
                let line = Array(bytes.prefix { $0 != 0x0A })
                let recorded = try jsonMembers(of: line).first { $0.name == "outputs" }
                names =
                    try recorded.map { range throws(CodecError) in
                        try jsonMembers(of: Array(line[range.range])).map(\.name)
                    } ?? []
            }
        } catch {
            throw unusableExamples(error.message)
        }
        return signature.outputs.map(\.name).filter { output in
            names.contains { $0 == output || $0.hasPrefix(output + "[") }
        }
    }

    private func recordOwn(
        _ rows: [Example], _ signature: inout Signature, because reason: String
    ) throws -> Recording {
        let outputs = signature.outputs.map(\.name)
        var examples: [Example] = []
        var refused: [EngineError] = []
        for row in rows.prefix(200) {
            let answers: [Tensor]
            do throws(EngineError) {
                answers = try engine.run(row.inputs)
            } catch {
                refused.append(error)
                continue
            }
            signature = signature.observed(answers)
            examples.append(Example(inputs: row.inputs, outputs: try signature.answerRows(answers, rowCount: 1)))
        }
        var notes = ["\(reason): Slipway recorded its own, which prove nothing about the original"]
        if let first = refused.first {
            notes.append("\(refused.count) of \(min(rows.count, 200)) rows are left out: \(first.explanation.message)")
        }
        return Recording(examples: examples, outputs: outputs, origin: .recordedBySlipway, notes: notes)
    }

    /// One row of zeros and empty texts. Never rows of the training data: only its profile travels.
    private func syntheticRow(of signature: Signature) -> [Example] {
        let inputs = signature.inputs.map { input in
            Tensor(zerosLike: input.datatype, shape: input.shape.map { $0.size ?? 1 })
        }
        return [Example(inputs: inputs, outputs: [])]
    }
}

extension Signature {
    /// The signature with every output that declares no rank given the one of `answers`.
    fileprivate func observed(_ answers: [Tensor]) -> Signature {
        let outputs = zip(outputs, answers).map { spec, answer in
            guard spec.shape.count != answer.shape.count else { return spec }
            let inner = answer.shape.dropFirst().map(Dimension.fixed)
            return TensorSpec(
                name: spec.name, datatype: spec.datatype, shape: answer.shape.isEmpty ? [] : [.symbolic("")] + inner)
        }
        return Signature(inputs: inputs, outputs: outputs, fields: layout.fields)
    }
}

extension Tensor {
    fileprivate init(zerosLike datatype: Datatype, shape: Shape) {
        let count = Tensors.elementCount(of: shape) ?? 0
        guard let width = datatype.byteWidth else {
            self.init(strings: [String](repeating: "", count: count), shape: shape)
            return
        }
        let storage = TensorStorage(byteCount: count * width)
        unsafe storage.withUnsafeMutableBytes { _ = unsafe $0.initializeMemory(as: UInt8.self, repeating: 0) }
        self.init(datatype, shape: shape, storage: storage)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Tensors

/// Makes a bundle of a project folder, and has it prove itself on the engine that will serve it.
package struct Packager: Sendable {
    /// Answers to the questions that a project file may leave open.
    package struct Choices: Sendable {
        /// The model file, when it was named on the command line.
        package var source: String?
        package var name: ModelName?
        package var project: ProjectName?
        package var examples: String?
        package var baseline: String?

        package init() {}
    }

    private static let examplesName = "examples.jsonl"
    private static let baselineName = "baseline.json"

    private let folder: any ProjectFolder
    private let runtime: any EngineRuntime
    private let syntax: any ConfigSyntax
    private let stamp: PackingStamp

    package init(
        folder: any ProjectFolder, runtime: any EngineRuntime, syntax: any ConfigSyntax, stamp: PackingStamp
    ) {
        self.folder = folder
        self.runtime = runtime
        self.syntax = syntax
        self.stamp = stamp
    }

    /// Blocks for as long as the model takes to load and to answer.
    ///
    /// - Throws: ``ProofFailed`` when the engine does not reproduce recorded answers; refusals that name file, key and
    ///   line for whatever else cannot be packed. Nothing is written.
    package func pack(
        _ choices: Choices = Choices(), progress: @Sendable (String) -> Void = { _ in }
    ) throws -> PackedBundle {
        let project = try ProjectFile.read(in: folder, syntax: syntax).merged(with: choices)
        let source = try modelPath(of: project)
        progress("loading \(source)")
        let engine = try runtime.open(modelAt: folder.modelFile(source))

        let columns = try project.columns ?? columnsFromTable(project, engine: engine)
        var signature = try Signature(inputs: engine.inputs, outputs: engine.outputs, columns: columns)
        let recorder = ExampleRecorder(folder: folder, project: project, engine: engine)
        let recording = try recorder.record(&signature)

        progress("replaying \(recording.examples.count) examples")
        let task = project.task?.rawValue ?? inferredTask(of: signature)
        let verdict = try prove(recording, on: engine, as: signature, task: task, tolerance: project.tolerance)

        var files = try modelFiles(source)
        let proof = try recorded(recording, as: signature, in: project, adding: &files)
        var notes = recording.notes
        if let data = project.baseline {
            progress("profiling \(data)")
            let baseline = try BaselineProfile(of: data, in: folder, as: signature)
            notes += baseline.notes
            files.append(try made(Self.baselineName, baseline.bytes))
        } else {
            notes.append("no training data was named, so drift will have nothing to be held against (baseline.data)")
        }
        let manifest = BundleManifest(
            engine: runtime.identity.name, model: lastPart(of: source), task: task, signature: signature,
            proof: proof, baseline: project.baseline == nil ? nil : Self.baselineName, files: files.map(\.file))
        let name = try modelName(of: project, source: source)
        let model = ModelReference(project: project.project, name: name)
        let endpoints = project.endpoints.isEmpty ? [try EndpointName(name.rawValue)] : project.endpoints
        let data = try [project.examples?.data, project.baseline].compactMap(\.self).map { try folder.describe($0) }
        let provenance = Provenance(
            stamp: stamp, model: model, endpoints: endpoints, endpointSettings: project.endpointSettings,
            source: source, engine: runtime.identity,
            commit: folder.commit(), data: data, verdict: verdict)
        return PackedBundle(
            model: model, endpoints: endpoints, endpointSettings: project.endpointSettings, manifest: manifest,
            provenanceBytes: provenance.bytes, contents: files, verdict: verdict, notes: notes)
    }

    /// Row by row, and then all together: an answer must not depend on its company.
    private func prove(
        _ recording: ExampleRecorder.Recording, on engine: any InferenceEngine, as signature: Signature,
        task: String?, tolerance: Tolerance
    ) throws -> ProofVerdict {
        let replay = Replay(signature: signature, tolerance: tolerance, task: task)
        let verdict = try replay.run(
            recording.examples, recorded: recording.examples.count, origin: recording.origin, on: engine)
        guard verdict.holds else { throw ProofFailed(verdict: verdict) }
        let together = try replay.runTogether(
            Array(recording.examples.prefix(64)), origin: recording.origin, on: engine)
        if let together, !together.holds { throw ProofFailed(verdict: together) }
        return verdict
    }

    /// The file that the engine opens, and what it refers to.
    private func modelFiles(_ source: String) throws -> [PackedBundle.Entry] {
        try ([source] + externalData(of: source)).map { path in
            let described = try folder.describe(path)
            let file = try BundleFile(
                path: lastPart(of: path), digest: described.digest, byteCount: described.byteCount)
            return (file, .projectFile(path))
        }
    }

    /// What the manifest says of the recorded answers, whose file joins `files`; `nil` when there are none.
    private func recorded(
        _ recording: ExampleRecorder.Recording, as signature: Signature, in project: ProjectFile,
        adding files: inout [PackedBundle.Entry]
    ) throws -> BundleManifest.Proof? {
        guard !recording.examples.isEmpty else { return nil }
        let format = try ExampleFormat(signature: signature, outputs: recording.outputs)
        let bytes = try format.write(recording.examples)
        // Every start will read them: what cannot be read back is no proof.
        guard try format.read(lines: bytes).count == recording.examples.count else {
            throw unusableExamples("they are not the same once they are written and read again")
        }
        files.append(try made(Self.examplesName, bytes))
        return BundleManifest.Proof(
            examples: Self.examplesName, count: recording.examples.count, origin: recording.origin,
            outputs: recording.outputs, tolerance: project.tolerance, replayAtStart: project.replayAtStart)
    }

    private func made(_ path: String, _ bytes: [UInt8]) throws -> PackedBundle.Entry {
        (try BundleFile(path: path, digest: Digest(of: bytes), byteCount: bytes.count), .bytes(bytes))
    }
}

// MARK: What a project leaves open

extension Packager {
    private func modelPath(of project: ProjectFile) throws -> String {
        if let source = project.source {
            guard source.hasSuffix(".onnx") else { throw notAModel(source) }
            return source
        }
        let candidates = try folder.fileNames().filter { $0.hasSuffix(".onnx") }
        guard candidates.count == 1 else {
            throw Refusal(
                .modelNotFound, .invalidInput,
                candidates.isEmpty
                    ? "There is no model file (*.onnx) in “\(folder.name)”."
                    : "There are several model files in “\(folder.name)”: \(candidates.joined(separator: ", ")).",
                hint: "Name one as `model.source` in slipway.yaml, or deploy the file itself.")
        }
        return candidates[0]
    }

    private func notAModel(_ source: String) -> Refusal {
        Refusal(
            .modelNotFound, .invalidInput, "“\(source)” is no model file that this version takes.",
            hint: "Export the model to ONNX (*.onnx); docs/how-to/export-to-onnx.md shows how.")
    }

    private func modelName(of project: ProjectFile, source: String) throws -> ModelName {
        if let name = project.name { return name }
        let stem = String(lastPart(of: source).dropLast(".onnx".count))
        return try ModelName(stem == "model" ? folder.name : stem)
    }

    /// Large models keep their weights in a file beside, under one of two customary names.
    private func externalData(of source: String) throws -> [String] {
        try [source + ".data", source + "_data"].filter { try folder.contains($0) }
    }

    /// The header of the examples names the columns of a matrix, when nothing else does and it has as many.
    private func columnsFromTable(
        _ project: ProjectFile, engine: any InferenceEngine
    ) throws -> [ProjectFile.Column]? {
        guard let data = project.examples?.data, data.hasSuffix(".csv"), engine.inputs.count == 1,
            let input = engine.inputs.first, input.shape.count == 2, let width = input.shape[1].size, width > 1
        else { return nil }
        let header = try ExampleRecorder.header(of: data, in: folder)
        let outputs = engine.outputs.map(\.name)
        let columns = header.filter { name in !outputs.contains { name == $0 || name.hasPrefix($0 + "[") } }
        guard columns.count == width, columns.first != input.name + "[0]" else { return nil }
        return columns.map { ProjectFile.Column(name: $0, datatype: nil, isNullable: false, range: nil) }
    }
}

/// A classifier gives a label and, beside it, a score for each class.
private func inferredTask(of signature: Signature) -> String? {
    let hasLabel = signature.outputs.contains {
        ($0.datatype.isInteger || $0.datatype == .bytes) && $0.shape.count <= 2
    }
    let scores = signature.outputs.first {
        $0.datatype.isFloatingPoint && $0.shape.count == 2 && ($0.shape[1].size ?? 0) >= 2
    }
    guard hasLabel, let scores else { return nil }
    return scores.shape[1].size == 2
        ? ProjectFile.Task.binaryClassification.rawValue : ProjectFile.Task.multiclassClassification.rawValue
}

private func lastPart(of path: String) -> String {
    String(path.split(separator: "/").last ?? "")
}

extension ProjectFile {
    /// The project file of `folder`; every default, when there is none.
    package static func read(in folder: any ProjectFolder, syntax: any ConfigSyntax) throws -> ProjectFile {
        guard try folder.contains(fileName) else { return ProjectFile() }
        let bytes = try folder.read(fileName, limit: 1 << 20)
        return try ProjectFile(try syntax.parse(bytes, file: fileName))
    }

    fileprivate func merged(with choices: Packager.Choices) -> ProjectFile {
        var merged = self
        if let name = choices.name {
            // Whoever names the model at the command line means the endpoint too.
            merged.name = name
            merged.endpoints = []
            merged.endpointSettings = [:]
        }
        merged.project = choices.project ?? project
        merged.source = choices.source ?? source
        merged.baseline = choices.baseline ?? baseline
        if let data = choices.examples {
            merged.examples = Examples(data: data, outputs: nil, origin: examples?.origin ?? .original)
        }
        return merged
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
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
        /// A column of the examples that is no input.
        package var target: String?
        /// A folder with the model's own modules.
        package var code: String?
        package var engine: ProjectFile.Engine?

        package init() {}
    }

    static let descriptorName = "worker.json"
    static let forestName = "forest.json"
    /// By what they are called, the engines that open descriptors.
    static let descriptors = [
        GraphDescriptor.fileName: EngineName.graph, forestName: EngineName.forest, descriptorName: EngineName.worker,
    ]
    private static let examplesName = "examples.jsonl"
    private static let baselineName = "baseline.json"

    let folder: any ProjectFolder
    let runtimes: RuntimeLookup
    private let syntax: any ConfigSyntax
    private let stamp: PackingStamp
    /// Asked only for models that no engine opens as they are.
    let preparer: @Sendable () throws -> any ModelPreparer
    /// A new folder for files that are needed while a graph is packed.
    let scratch: @Sendable () throws -> any ProjectFolder
    /// The registered versions that a graph's steps are.
    let components: [ComponentReference: Component]

    /// A registered version, fetched.
    package struct Component: Sendable {
        /// Its bundle.
        package let folder: any ProjectFolder
        /// `growth/churn-text@3`, whatever alias named it.
        package let version: String

        package init(folder: any ProjectFolder, version: String) {
            self.folder = folder
            self.version = version
        }
    }

    package init(
        folder: any ProjectFolder, runtimes: @escaping RuntimeLookup, syntax: any ConfigSyntax, stamp: PackingStamp,
        preparer: @escaping @Sendable () throws -> any ModelPreparer,
        scratch: @escaping @Sendable () throws -> any ProjectFolder = { throw noScratch },
        components: [ComponentReference: Component] = [:]
    ) {
        self.folder = folder
        self.runtimes = runtimes
        self.syntax = syntax
        self.stamp = stamp
        self.preparer = preparer
        self.scratch = scratch
        self.components = components
    }

    /// The same in another folder.
    func inside(_ folder: any ProjectFolder) -> Packager {
        Packager(
            folder: folder, runtimes: runtimes, syntax: syntax, stamp: stamp, preparer: preparer, scratch: scratch)
    }

    /// Packs the model of a step of a graph.
    ///
    /// - Parameter columns: What the values of its rows are called, where the model's one matrix has as many.
    func packStep(_ project: ProjectFile, columns: [String]) throws -> PackedBundle {
        var project = project
        if case .native = try modelSource(of: project) {
            // Nobody but the file itself says what it answers, and it needs no code.
            project.examples = project.examples.map {
                ProjectFile.Examples(data: $0.data, outputs: nil, origin: .recordedBySlipway)
            }
            project.code = nil
        }
        return try pack(project, stepColumns: columns, progress: { _ in })
    }

    /// Blocks for as long as the model takes to load and to answer.
    ///
    /// - Throws: ``ProofFailed`` when the engine does not reproduce recorded answers; refusals that name file, key and
    ///   line for whatever else cannot be packed. Nothing is written.
    package func pack(
        _ choices: Choices = Choices(), progress: @Sendable (String) -> Void = { _ in }
    ) throws -> PackedBundle {
        let project = try ProjectFile.read(in: folder, syntax: syntax).merged(with: choices)
        if let graph = project.graph { return try pack(graph: graph, of: project, progress: progress) }
        return try pack(project, stepColumns: nil, progress: progress)
    }

    private func pack(
        _ project: ProjectFile, stepColumns: [String]?, progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        switch try modelSource(of: project) {
        case .native(let path):
            return try pack(
                ready: path, for: EngineName.native, in: folder, of: project, source: path, columns: stepColumns,
                progress: progress)
        case .described(let descriptor, let engine):
            return try pack(
                ready: descriptor, for: engine, in: folder, of: project, source: descriptor, progress: progress)
        case .foreign(let path): return try pack(foreign: path, of: project, progress: progress)
        }
    }

    /// A model that an engine opens as it is.
    ///
    /// - Parameters:
    ///   - models: The folder that holds it.
    ///   - source: What the project or the command line names.
    ///   - columns: What the values of its rows are called, where it has one matrix of as many; `nil` to find it out.
    func pack(
        ready path: String, for engineName: String, in models: any ProjectFolder, of project: ProjectFile,
        source: String, columns: [String]? = nil, progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        let isWorker = engineName == EngineName.worker
        guard project.engine == .auto || (project.engine == .worker) == isWorker else {
            throw Refusal(
                .optionRefused, .invalidInput,
                isWorker
                    ? "“\(source)” describes a worker, and no native model."
                    : "“\(source)” is a native model, which no worker opens.",
                hint: "Leave the engine out.")
        }
        guard project.code == nil else {
            throw Refusal(
                .optionRefused, .invalidInput, "“\(source)” needs no modules beside it.",
                hint: "Leave the folder with code out.")
        }
        progress("loading \(source)")
        let runtime = try runtimes(engineName)
        let model = try models.modelFile(path)
        try runtime.prepare(for: model)
        let engine = try runtime.open(modelAt: model)
        return try pack(
            Opened(
                engine: engine, identity: runtime.identity, model: lastPart(of: path),
                files: try Self.descriptors[path] == nil ? modelFiles(path, in: models) : filesBeside(of: project),
                folder: models,
                columns: try project.columns ?? columns.flatMap { matrixColumns($0, of: engine) }
                    ?? columnsFromTable(project, engine: engine)),
            of: project, source: source, progress: progress)
    }

    /// A model that was opened, and what its bundle will hold.
    struct Opened {
        let engine: any InferenceEngine
        let identity: EngineIdentity
        /// Path in the bundle of what the engine opens.
        let model: String
        let files: [PackedBundle.Entry]
        /// The folder that holds the files.
        let folder: any ProjectFolder
        let columns: [ProjectFile.Column]?
        var notes: [String] = []
    }

    /// Records, proves, and makes the bundle.
    func pack(
        _ opened: Opened, of project: ProjectFile, source: String, progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        let engine = opened.engine
        var signature = try Signature(inputs: engine.inputs, outputs: engine.outputs, columns: opened.columns)
        let recorder = ExampleRecorder(folder: folder, project: project, engine: engine)
        let recording = try recorder.record(&signature)

        progress("replaying \(recording.examples.count) examples")
        let task = project.task?.rawValue ?? inferredTask(of: signature)
        let verdict = try prove(recording, on: engine, as: signature, task: task, tolerance: project.tolerance)
        guard verdict.holds else { throw ProofFailed(verdict: verdict) }
        return try bundle(
            Packing(
                project: project, source: source, engine: opened.identity, model: opened.model, task: task,
                signature: signature, recording: recording, verdict: verdict, files: opened.files,
                notes: opened.notes + recording.notes, replayAtStart: project.replayAtStart),
            baseline: project.baseline, from: folder, files: opened.folder, progress: progress)
    }

    /// What a bundle is made of, once it is known how the model will be run.
    struct Packing {
        let project: ProjectFile
        /// As the project or the command line names it.
        let source: String
        let engine: EngineIdentity
        /// Path in the bundle of what the engine opens.
        let model: String
        let task: String?
        let signature: Signature
        let recording: ExampleRecorder.Recording
        let verdict: ProofVerdict
        var files: [PackedBundle.Entry]
        var notes: [String]
        let replayAtStart: ReplayCount
        var conversion: ConversionVerdict?
    }

    /// - Parameters:
    ///   - baseline: Path in `data` of the training data.
    ///   - files: The folder that holds the packing's files.
    func bundle(
        _ packing: Packing, baseline: String?, from data: any ProjectFolder, files: any ProjectFolder,
        progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        var packing = packing
        let project = packing.project
        let proof = try recorded(packing, adding: &packing.files)
        if let baseline {
            progress("profiling \(lastPart(of: baseline))")
            let profile = try BaselineProfile(of: baseline, in: data, as: packing.signature)
            packing.notes += profile.notes
            packing.files.append(try made(Self.baselineName, profile.bytes))
        } else {
            packing.notes.append(
                "no training data was named, so drift will have nothing to be held against (baseline.data)")
        }
        let manifest = BundleManifest(
            engine: packing.engine.name, model: packing.model, task: packing.task, signature: packing.signature,
            proof: proof, baseline: baseline == nil ? nil : Self.baselineName,
            policies: try policies(of: project, for: packing.signature),
            subject: project.subject, files: packing.files.map(\.file))
        packing.notes += presumedPolicies(project.fields, packing.signature)
        let name = try modelName(of: project, source: packing.source)
        let model = ModelReference(project: project.project, name: name)
        let endpoints = project.endpoints.isEmpty ? [try EndpointName(name.rawValue)] : project.endpoints
        let described = try [project.examples?.data, project.baseline].compactMap(\.self)
            .map { try folder.describe($0) }
        let commit = folder.commit(leavingOut: [project.examples?.data, project.baseline].compactMap(\.self))
        if commit?.isPatchTooLarge == true {
            packing.notes.append(
                "what differs from the commit takes more than \(SourceCommit.patchByteLimit >> 20) MiB and is left out")
        }
        let provenance = Provenance(
            stamp: stamp, model: model, endpoints: endpoints, endpointSettings: project.endpointSettings,
            source: packing.source, engine: packing.engine, commit: commit, data: described,
            verdict: packing.verdict, conversion: packing.conversion)
        return PackedBundle(
            model: model, endpoints: endpoints, endpointSettings: project.endpointSettings, manifest: manifest,
            provenanceBytes: provenance.bytes, patch: commit?.patch, contents: packing.files, folder: files,
            verdict: packing.verdict,
            conversion: packing.conversion, notes: packing.notes)
    }

    /// Row by row, and then all together: an answer must not depend on its company.
    ///
    /// - Returns: The verdict on the rows alone, unless only their company tells.
    func prove(
        _ recording: ExampleRecorder.Recording, on engine: any InferenceEngine, as signature: Signature,
        task: String?, tolerance: Tolerance
    ) throws(EngineError) -> ProofVerdict {
        let replay = Replay(signature: signature, tolerance: tolerance, task: task)
        let verdict = try replay.run(
            recording.examples, recorded: recording.examples.count, origin: recording.origin, on: engine)
        guard verdict.holds else { return verdict }
        let together = try replay.runTogether(
            Array(recording.examples.prefix(64)), origin: recording.origin, on: engine)
        if let together, !together.holds { return together }
        return verdict
    }

    /// The file that the engine opens, and what it refers to.
    private func modelFiles(_ source: String, in models: any ProjectFolder) throws -> [PackedBundle.Entry] {
        try ([source] + externalData(of: source, in: models)).map { try entry($0, in: models) }
    }

    /// A file as it lies in the bundle, wherever it comes from.
    ///
    /// - Parameter top: The folder that is the bundle's top; that of the file when left out.
    func entry(_ path: String, in models: any ProjectFolder, below top: String? = nil) throws -> PackedBundle.Entry {
        let described = try models.describe(path)
        let name = top.map { path.hasPrefix($0 + "/") ? String(path.dropFirst($0.utf8.count + 1)) : path }
        let file = try BundleFile(
            path: name ?? lastPart(of: path), digest: described.digest, byteCount: described.byteCount)
        return (file, .file(path))
    }

    /// Everything in the folder of a descriptor but what the project says of it; and folders that a graph names.
    private func filesBeside(of project: ProjectFile) throws -> [PackedBundle.Entry] {
        let others = [ProjectFile.fileName, project.examples?.data, project.baseline]
        var names = try folder.fileNames().filter { !others.contains($0) && !$0.hasPrefix(".") }
        if names.contains(GraphDescriptor.fileName) {
            let graph = try folder.read(GraphDescriptor.fileName, limit: GraphDescriptor.byteLimit)
            for inner in try foldersOfGraph(graph) { names += try folder.fileNames(below: inner) }
        }
        return try names.map { (try folder.describe($0), .file($0)) }
    }

    /// The folders that steps of a graph lie in, none inside of another.
    private func foldersOfGraph(_ bytes: [UInt8]) throws -> [String] {
        let graph: GraphDescriptor
        do throws(GraphFault) {
            graph = try GraphDescriptor(file: bytes)
        } catch {
            throw Refusal(
                .modelRefused, .invalidInput, "“\(GraphDescriptor.fileName)” is no graph: \(error.reason).",
                hint: "docs/formats/graph.md says what it holds.")
        }
        let folders = Set(
            graph.steps.compactMap { step -> String? in
                switch step.work {
                case .model(.file(let path, _)): path.split(separator: "/").count > 1 ? folderName(of: path) : nil
                case .model(.bundle(let folder, _)): folder
                default: nil
                }
            })
        return folders.filter { inner in !folders.contains { inner.hasPrefix($0 + "/") } }.sorted()
    }

    /// What the manifest says of the recorded answers, whose file joins `files`; `nil` when there are none.
    private func recorded(
        _ packing: Packing, adding files: inout [PackedBundle.Entry]
    ) throws -> BundleManifest.Proof? {
        let recording = packing.recording
        guard !recording.examples.isEmpty else { return nil }
        let format = try ExampleFormat(signature: packing.signature, outputs: recording.outputs)
        let bytes = try format.write(recording.examples)
        // Every start will read them: what cannot be read back is no proof.
        guard try format.read(lines: bytes).count == recording.examples.count else {
            throw unusableExamples("they are not the same once they are written and read again")
        }
        files.append(try made(Self.examplesName, bytes))
        return BundleManifest.Proof(
            examples: Self.examplesName, count: recording.examples.count, origin: recording.origin,
            outputs: recording.outputs, tolerance: packing.project.tolerance,
            replayAtStart: packing.replayAtStart, edgeCount: recording.edgeCount)
    }

    private func made(_ path: String, _ bytes: [UInt8]) throws -> PackedBundle.Entry {
        (try BundleFile(path: path, digest: Digest(of: bytes), byteCount: bytes.count), .bytes(bytes))
    }
}

/// For packagers of which no graph is asked.
private let noScratch = Refusal(
    .graphUnusable, .unavailable, "Graphs are not packed here.", hint: "Pack the project with `slipway pack`.")

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
        merged.target = choices.target ?? target
        merged.code = choices.code ?? code
        merged.engine = choices.engine ?? engine
        if let data = choices.examples {
            merged.examples = Examples(data: data, outputs: nil, origin: examples?.origin ?? .original)
        }
        return merged
    }
}

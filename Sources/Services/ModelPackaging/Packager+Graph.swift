// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import ModelDomain
internal import ModelExecution
internal import TableTransforms
internal import Tensors

/// Projects whose model is a graph.
extension Packager {
    /// How many rows a step's model is prepared with.
    private static let stepRows = 2000

    func pack(
        graph: GraphProject, of project: ProjectFile, progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        for (key, isGiven) in [
            ("model.source", project.source != nil), ("model.engine", project.engine != .auto),
        ] where isGiven {
            throw Refusal(
                .optionRefused, .invalidInput, "The project has a graph and “\(key)”.",
                hint: "Leave one out; engines are chosen in the graph's steps.")
        }
        let columns = try GraphColumns(of: project, in: folder, outputs: graph.outputs.map(\.name))
        let signature = try Signature(inputs: columns.inputs, outputs: [], columns: columns.columns)
        let rows = try exampleRows(of: project, as: signature)
        var loaded: DecodedRows?
        let folder = folder
        let training = { () throws -> DecodedRows? in
            guard loaded == nil, let path = project.baseline else { return loaded }
            loaded = try trainingRows(path, in: folder, as: signature)
            return loaded
        }
        var assembly = GraphAssembly(signature: signature, rows: rows, training: training)
        var notes: [String] = []
        let steps = try ordered(graph)
        for (step, provisional) in steps {
            do {
                try add(step, provisional, to: &assembly, of: project, notes: &notes, progress: progress)
            } catch let fault as GraphFault {
                let reason = fault.reason.hasPrefix("step “") ? fault.reason : "step “\(step.name)”: \(fault.reason)"
                throw unusable(reason, line: step.line)
            }
        }
        return try finish(assembly, graph, columns.columns, of: project, notes: notes, progress: progress)
    }

    private func finish(
        _ assembly: GraphAssembly, _ graph: GraphProject, _ columns: [ProjectFile.Column], of project: ProjectFile,
        notes: [String], progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        let engine: GraphEngine
        var descriptor = assembly.descriptor
        do throws(GraphFault) {
            descriptor.outputs = try graph.outputs.map { output throws(GraphFault) in
                GraphDescriptor.Output(output.name, from: try GraphReference(output.source))
            }
            engine = try assembly.engine(outputs: descriptor.outputs)
        } catch {
            throw unusable(error.reason, line: nil)
        }
        let bytes = descriptor.json.canonical
        let file = try BundleFile(path: GraphDescriptor.fileName, digest: Digest(of: bytes), byteCount: bytes.count)
        return try pack(
            Opened(
                engine: engine, identity: try runtimes(EngineName.graph).identity, model: GraphDescriptor.fileName,
                files: [(file, .bytes(bytes))] + assembly.files, folder: folder, columns: columns, notes: notes),
            of: project, source: GraphDescriptor.fileName, progress: progress)
    }

    private func unusable(_ reason: String, line: Int?) -> Refusal {
        Refusal(
            .graphUnusable, .invalidInput,
            "\(ProjectFile.fileName)\(line.map { ":\($0)" } ?? ""): the graph does not fit together: \(reason).",
            hint: "docs/how-to/graphs.md shows how steps are written.")
    }

    /// Rows of the examples, or of the training data where there are none.
    private func exampleRows(of project: ProjectFile, as signature: Signature) throws -> [Example] {
        if let examples = project.examples {
            let format = try ExampleFormat(signature: signature, outputs: [], ignoringOthers: true)
            let bytes = try folder.read(examples.data, limit: ExampleFormat.byteLimit)
            return switch try RowFileForm(of: examples.data) {
            case .table: try format.read(csv: bytes)
            case .lines: try format.read(lines: bytes)
            }
        }
        guard let baseline = project.baseline else { return [] }
        let rows = try trainingRows(baseline, in: folder, as: signature)
        return (0..<min(rows.rowCount, Self.stepRows)).map { row in
            Example(inputs: rows.inputs.map { $0.row(row, of: rows.rowCount) }, outputs: [])
        }
    }

    /// The steps in the order in which they run, each with what `graph.json` will say of it but its work.
    private func ordered(_ graph: GraphProject) throws -> [(GraphProject.Step, GraphDescriptor.Step)] {
        var provisional: [GraphDescriptor.Step] = []
        for step in graph.steps {
            do throws(GraphFault) {
                guard isStepName(step.name) else {
                    throw GraphFault(
                        "“\(step.name.prefix(64))” is no name of a step: it has 1 to 64 lower-case letters, digits, “-” "
                            + "and “_”, begins with a letter, and is not “input”")
                }
                var made = GraphDescriptor.Step(
                    step.name, in: try step.sources.map { source throws(GraphFault) in try GraphReference(source) },
                    .transform([]))
                made.conditions = try GraphDescriptor.Condition.list(.array(step.conditions))
                made.timeoutMilliseconds = step.timeoutMilliseconds
                made.cachedRows = step.cachedRows ?? 0
                made.failurePolicy = try GraphDescriptor.FailurePolicy(step.failurePolicy)
                provisional.append(made)
            } catch {
                throw unusable("step “\(step.name.prefix(64))”: \(error.reason)", line: step.line)
            }
        }
        do throws(GraphFault) {
            return try GraphPlan.inOrder(provisional).compactMap { made in
                graph.steps.first { $0.name == made.name }.map { ($0, made) }
            }
        } catch {
            throw unusable(error.reason, line: nil)
        }
    }

    private func add(
        _ step: GraphProject.Step, _ provisional: GraphDescriptor.Step, to assembly: inout GraphAssembly,
        of project: ProjectFile, notes: inout [String], progress: @Sendable (String) -> Void
    ) throws {
        var made = provisional
        switch step.work {
        case .combine(let rule):
            made.work = .combine(rule)
            assembly.add(made)
            // Types are checked as soon as they are there.
            _ = try assembly.engine(outputs: [])
        case .transform(let items):
            let (engine, columns) = try assembly.table(of: provisional.sources, step: step.name)
            let current = assembly
            var words = TransformWords(on: columns) { try current.frame(engine, columns) }
            for (index, item) in items.enumerated() {
                do {
                    try words.add(item)
                } catch let fault as GraphFault {
                    throw GraphFault("operation \(index + 1): \(fault.reason)")
                }
            }
            made.work = .transform(words.operations)
            assembly.add(made)
            _ = try assembly.engine(outputs: [])
        case .model(let source, let engine):
            let isVersion = ComponentReference(source) != nil
            progress("step \(step.name): \(isVersion ? "taking" : "packing") \(source)")
            let packed =
                try ComponentReference(source).map { try component($0) }
                ?? stepModel(source, engine, provisional, assembly, project)
            let runtime = try runtimes(packed.bundle.manifest.engine)
            let opened = try runtime.open(modelAt: try packed.modelFile())
            let folder = "steps/\(step.name)"
            made.sources = try feed(packed.bundle.manifest, provisional, assembly) ?? provisional.sources
            made.work = .model(.bundle(folder: folder, version: packed.version))
            try assembly.add(made, packed.bundle, opened)
            _ = try assembly.engine(outputs: [])
            notes.append(
                "step “\(step.name)”: "
                    + (packed.version.map { "version \($0), " } ?? packed.bundle.conversion.map { $0.line + "; " } ?? "")
                    + packed.bundle.verdict.line)
        }
    }

    /// A step's model with the bundle that it is in.
    private struct StepModel {
        let bundle: PackedBundle
        /// `growth/churn-text@3` for a registered one.
        let version: String?

        func modelFile() throws -> ModelFile { try bundle.folder.modelFile(bundle.modelPath) }
    }

    private func component(_ reference: ComponentReference) throws -> StepModel {
        guard let found = components[reference] else {
            throw GraphFault("the version “\(reference)” was not fetched")
        }
        let bundle = try PackedBundle(reading: found.folder, runtimes: runtimes)
        return StepModel(bundle: bundle, version: found.version)
    }

    /// Packs a step's model as a project of its own, on the rows that reach it.
    private func stepModel(
        _ source: String, _ engine: ProjectFile.Engine, _ step: GraphDescriptor.Step, _ assembly: GraphAssembly,
        _ project: ProjectFile
    ) throws -> StepModel {
        let (table, columns) = try assembly.table(of: step.sources, step: step.name)
        let rowsFile = "rows-of-\(step.name).jsonl"
        let lines = assembly.lines(table, columns, limit: Self.stepRows)
        guard !lines.isEmpty else {
            throw GraphFault(
                "no row reaches it: name some as proof.examples.data or baseline.data, which the model is tried with")
        }
        let scratch = try scratch()
        try scratch.create(rowsFile, lines)
        var own = ProjectFile()
        own.name = try ModelName(step.name)
        own.source = source
        own.engine = engine
        own.code = project.code
        own.tolerance = project.tolerance
        own.examples = ProjectFile.Examples(data: rowsFile, outputs: nil, origin: .original)
        let packager = inside(LayeredFolder(front: scratch, project: folder))
        do {
            let bundle = try packager.packStep(own, columns: columns.flatMap(\.valueNames))
            return StepModel(bundle: bundle, version: nil)
        } catch let error as any ExplainedError {
            // It names what is wrong with this step's model; which step that is, only we know.
            let explanation = error.explanation
            throw Refusal(
                Explanation(
                    explanation.code, explanation.kind, "Step “\(step.name)”: \(explanation.message)",
                    hint: explanation.hint, details: explanation.details))
        }
    }

    /// What a model takes, in its order, where the columns that it was made for have other places here.
    private func feed(
        _ manifest: BundleManifest, _ step: GraphDescriptor.Step, _ assembly: GraphAssembly
    ) throws(GraphFault) -> [GraphReference]? {
        guard manifest.signature.inputs.count == 1, manifest.signature.layout.fields.count > 1 else { return nil }
        let wanted = manifest.signature.layout.fields.map(\.name)
        let values = try GraphPlan.fields(of: step.sources, in: assembly.descriptor, models: assembly.engines)
            .flatMap(\.values)
        guard values.map(\.name) != wanted, Set(values.map(\.name)).isSuperset(of: wanted) else { return nil }
        return wanted.compactMap { name in values.first { $0.name == name }?.reference }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// Models that no engine opens as they are: prepared in a process apart, converted where that is proven to change
/// nothing, and else run as they are by a worker.
extension Packager {
    /// A worker takes its time: not every start replays all that was recorded.
    private static let workerReplays = 100

    func pack(
        foreign source: String, of project: ProjectFile, progress: @Sendable (String) -> Void
    ) throws -> PackedBundle {
        let request = try request(source, of: project)
        let prepared = try preparer().prepare(request, progress: progress)
        let report = prepared.report
        guard report.descriptor != nil else {
            guard let candidate = report.candidates.first else { throw noNativeForm(report, []) }
            return try pack(
                ready: candidate.file, for: EngineName.native, in: prepared.folder, of: project, source: source,
                progress: progress)
        }
        let rows = try rows(prepared, request, of: project)
        var attempts: [ConversionVerdict.Attempt] = []
        var chosen: Packing?
        if project.engine != .worker {
            for candidate in report.candidates where chosen == nil {
                progress("comparing \(candidate.converter), \(candidate.form), with the original")
                let (attempt, packing) = try compare(candidate, prepared, rows, of: project, source: source)
                attempts.append(attempt)
                chosen = packing
            }
        }
        if chosen == nil {
            guard project.engine != .native else { throw noNativeForm(report, attempts) }
            progress("starting a worker")
            chosen = try worker(prepared, rows, of: project, source: source)
        }
        guard var packing = chosen else { throw noNativeForm(report, attempts) }
        packing.conversion = ConversionVerdict(
            original: report.type, isNative: packing.engine.name != EngineName.worker, attempts: attempts,
            notConverted: report.notConverted.map { "\($0.converter), \($0.form): \($0.reason)" },
            notes: report.notes)
        return try bundle(
            packing, baseline: report.baseline, from: prepared.folder, files: prepared.folder, progress: progress)
    }

    private func request(_ source: String, of project: ProjectFile) throws -> PreparationRequest {
        // `package.module:Name` names no file.
        let isName = source.contains(":") && !source.contains("/")
        var request = PreparationRequest(source: isName ? source : try folder.place(source))
        request.rows = try project.examples.map { try folder.place($0.data) }
        request.baseline = try project.baseline.map { try folder.place($0) }
        request.code = try project.code.map { try folder.place($0) } ?? (isName ? try folder.place(".") : nil)
        request.target = project.target
        request.recorded = try folder.contains(Self.descriptorName) ? try folder.place(Self.descriptorName) : nil
        request.converts = project.engine != .worker
        return request
    }

    /// The original's answers: to rows that were given, and to rows that were made to lie at the edges.
    private struct Rows {
        let examples: [UInt8]
        let edges: [UInt8]
    }

    /// Answers that the original gave where it was made are worth more than those that its saved copy gives here: a copy
    /// that answers otherwise is what the proof is to find.
    private func rows(
        _ prepared: PreparedModel, _ request: PreparationRequest, of project: ProjectFile
    ) throws -> Rows {
        let read = { (path: String, folder: any ProjectFolder) in
            try folder.read(path, limit: ExampleFormat.byteLimit)
        }
        var examples = try prepared.report.examples.map { try read($0, prepared.folder) } ?? []
        if request.recorded != nil, let recorded = project.examples, recorded.data.hasSuffix(".jsonl") {
            examples = try read(recorded.data, folder)
        }
        return Rows(examples: examples, edges: try prepared.report.edges.map { try read($0, prepared.folder) } ?? [])
    }

    private func recording(
        _ rows: Rows, of report: PreparedReport, as signature: Signature
    ) throws -> (recording: ExampleRecorder.Recording, edgesFrom: Int) {
        let outputs = signature.outputs.map(\.name)
        let format = try ExampleFormat(signature: signature, outputs: outputs)
        let examples = try format.read(lines: rows.examples)
        let edges = try format.read(lines: rows.edges)
        let recording = ExampleRecorder.Recording(
            examples: examples + edges, outputs: outputs, origin: report.origin, notes: [], edgeCount: edges.count)
        return (recording, examples.count)
    }

    /// Holds a converted form against the original's answers, on the engine that would serve it.
    ///
    /// - Returns: What was found, and the packing when every row agrees.
    private func compare(
        _ candidate: PreparedReport.Candidate, _ prepared: PreparedModel, _ rows: Rows, of project: ProjectFile,
        source: String
    ) throws -> (ConversionVerdict.Attempt, Packing?) {
        let form = "\(candidate.converter), \(candidate.form)"
        let report = prepared.report
        do {
            let runtime = try runtimes(Self.descriptors[lastPart(of: candidate.file)] ?? EngineName.native)
            let file = try prepared.folder.modelFile(candidate.file)
            try runtime.prepare(for: file)
            let engine = try runtime.open(modelAt: file)
            let signature = try Signature(
                inputs: engine.inputs, outputs: engine.outputs, columns: report.columns)
            let (recording, edgesFrom) = try recording(rows, of: report, as: signature)
            let verdict = try prove(
                recording, on: engine, as: signature, task: report.task, tolerance: project.tolerance)
            let attempt = ConversionVerdict.Attempt(
                form: form, rows: verdict.replayed, edgeRows: recording.examples.count - edgesFrom,
                largestDifference: verdict.largestDifference, differingRows: verdict.differingRows,
                firstDifference: verdict.differences.first.map { difference in
                    let kind = difference.row >= edgesFrom ? report.edgeKinds[safe: difference.row - edgesFrom] : nil
                    return difference.line + (kind.map { " (made to lie at an edge: \($0))" } ?? "")
                }, problem: nil)
            guard attempt.agrees else { return (attempt, nil) }
            let packing = Packing(
                project: project, source: source, engine: runtime.identity, model: lastPart(of: candidate.file),
                task: report.task, signature: signature, recording: recording, verdict: verdict,
                files: try candidate.files.map {
                    try entry($0, in: prepared.folder, below: folderName(of: candidate.file))
                },
                notes: report.notes,
                replayAtStart: project.replayAtStart)
            return (attempt, packing)
        } catch let error as EngineError {
            return (.failed(form, error.explanation.message), nil)
        } catch let refusal as Refusal {
            return (.failed(form, refusal.explanation.message), nil)
        }
    }

    /// The original itself, in a process of its own. It has to give the answers again that it was recorded with.
    private func worker(
        _ prepared: PreparedModel, _ rows: Rows, of project: ProjectFile, source: String
    ) throws -> Packing {
        let report = prepared.report
        guard let descriptor = report.descriptor else { throw noNativeForm(report, []) }
        let runtime = try runtimes(EngineName.worker)
        let engine = try runtime.open(modelAt: prepared.folder.modelFile(descriptor))
        let signature = try Signature(inputs: engine.inputs, outputs: engine.outputs, columns: report.columns)
        let (recording, _) = try recording(rows, of: report, as: signature)
        let verdict = try prove(
            recording, on: engine, as: signature, task: report.task, tolerance: project.tolerance)
        guard verdict.holds else { throw ProofFailed(verdict: verdict) }
        let files = try report.workerFiles.map { path -> PackedBundle.Entry in
            (try prepared.folder.describe(path), .file(path))
        }
        return Packing(
            project: project, source: source, engine: runtime.identity, model: descriptor, task: report.task,
            signature: signature, recording: recording, verdict: verdict, files: files, notes: report.notes,
            replayAtStart: .atMost(project.replayAtStart.limit(Self.workerReplays)))
    }

    private func noNativeForm(_ report: PreparedReport, _ attempts: [ConversionVerdict.Attempt]) -> Refusal {
        let tried = attempts.map { ($0.form, $0.problem ?? $0.firstDifference ?? "differs") }
        let untried = report.notConverted.map { ("\($0.converter), \($0.form)", $0.reason) }
        return Refusal(
            .answersDiffer, .conflict, "No native form of \(report.type) answers as the original does.",
            hint: "Leave --engine out: a worker then runs the original itself.",
            details: (tried + untried).prefix(10).map { .init($0.0, $0.1) })
    }
}

extension ConversionVerdict.Attempt {
    fileprivate static func failed(_ form: String, _ problem: String) -> Self {
        Self(
            form: form, rows: 0, edgeRows: 0, largestDifference: 0, differingRows: 0, firstDifference: nil,
            problem: problem)
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import ModelReproduction
internal import WireTypes

/// Trains a recorded version again, in a folder of its own and against a server of its own.
struct ReproductionRun {
    let original: RecordedVersion
    /// The server that has the original.
    let client: SlipwayClient
    let folder: String
    let count: Int
    let choice: ReproductionEnvironment?

    private var data: String { "\(folder)/server" }

    func report(keptAt kept: String?) async throws -> ReproductionReport {
        let tools = try Tools.required()
        try await fetch()
        // What cannot be laid out is refused before anything is started.
        try await layOut(at: "\(folder)/1")
        let environment = try await chosenEnvironment()
        if let python = environment?.program { try tools.runs.usePython(python) }
        let local = try await tools.runs.startServer(data: data)
        do {
            let report = try await train(environment, on: local, keptAt: kept)
            _ = try await tools.stopServer(data: data)
            return report
        } catch {
            _ = try? await tools.stopServer(data: data)
            throw error
        }
    }

    private func train(
        _ environment: ChosenEnvironment?, on local: LocalServer, keptAt kept: String?
    ) async throws -> ReproductionReport {
        let scratch = try SlipwayClient(url: local.url, token: local.token)
        var reproduction = original.reproduction
        let rows = "\(folder)/rows.jsonl"
        try Tools.required().runs.write(reproduction.rows(), to: rows)
        var made: [(run: String, seconds: Double)] = []
        for repetition in 1...count {
            let place = "\(folder)/\(repetition)"
            Console.current.note("repetition \(repetition) of \(count)")
            if repetition > 1 { try await layOut(at: place) }
            let working = original.record.folder == "." ? place : "\(place)/\(original.record.folder)"
            // A file's time is that of the last tick of a clock: what lay there before must be told from what is written.
            try await Task.sleep(for: .milliseconds(50))
            let began = try Tools.required().time
            let run = try await runCommand(in: working, environment, scratch)
            let ended = try Tools.required().time
            made.append((run.id, Double(ended.microseconds - began.microseconds) / 1e6))
            let model = TrainedModel(
                original: original, run: run, scratch: scratch, working: working, rows: rows, data: data,
                since: Timestamp(microseconds: began.microseconds - 25_000))
            let bundle = "\(folder)/bundle-\(repetition)"
            try await model.pack(to: bundle)
            let (manifest, engine) = try Tools.required().runs.open(bundleAt: bundle, data: data)
            Console.current.progress("comparing \(reproduction.rowCount) rows")
            try reproduction.add(manifest.signature, engine)
        }
        return ReproductionReport(original, reproduction, environment, runs: made, folder: kept)
    }

    // MARK: The folder

    private var archive: String { "\(folder)/code.tar" }
    private var patch: String { "\(folder)/code.patch" }

    private func fetch() async throws {
        guard let code = original.record.code else { return }
        Console.current.progress("fetching the code, \(byteText(code.archive.byteCount))")
        try await original.fetch(code.archive, to: archive, from: client)
        if let file = code.patch { try await original.fetch(file, to: patch, from: client) }
    }

    private func layOut(at place: String) async throws {
        let runs = try Tools.required().runs
        try runs.layOut(archive, patch: original.record.code?.patch == nil ? nil : patch, in: place)
        let working = original.record.folder == "." ? place : "\(place)/\(original.record.folder)"
        for version in original.record.data {
            let reference = DatasetReference(project: version.project, name: version.dataset)
            let known = try await client.record(.number(version.version), of: reference)
            guard known.data.digest == version.digest else {
                throw DatasetError.differs(
                    "\(version.dataset)@\(version.version)", expected: version.digest, found: known.data.digest)
            }
            let path = "\(working)/\(version.path)"
            // What the repository has there may be another version.
            if try Tools.required().isThere(path),
                try Tools.required().dataFile(path, format: known.format, data: nil).digest() != version.digest
            {
                runs.remove(path)
            }
            try await version.provide(from: client, in: working, format: known.format)
        }
    }

    // MARK: Python

    private func chosenEnvironment() async throws -> ChosenEnvironment? {
        guard let recorded = original.record.environment else { return nil }
        let runs = try Tools.required().runs
        let list = "\(folder)/requirements.txt"
        try await original.fetch(recorded.requirements, to: list, from: client)
        let wanted = try text(of: list).split(separator: "\n").map(String.init)
        if choice != .recorded {
            // The command's own, and then the one that is active.
            let here = [try? runs.python(of: original.record.command), runs.activePython()].compactMap(\.self)
            let judged = here.map { ($0, $0.differences(from: wanted, python: recorded.python)) }
            if let (python, _) = judged.first(where: { $0.1.isEmpty }) {
                return ChosenEnvironment(kind: .active, program: python.program, version: python.version)
            }
            if choice == .active {
                guard let (python, differences) = judged.first else {
                    throw Refusal(
                        .environmentMissing, .unavailable, "No Python is active, which the run needs.",
                        hint: "Activate one, or leave --environment out.")
                }
                return ChosenEnvironment(
                    kind: .active, program: python.program, version: python.version, differences: differences)
            }
        }
        let console = Console.current
        let program = try runs.makeEnvironment(
            at: "\(folder)/environment", python: recorded.python, requirements: wanted,
            progress: { console.progress($0) })
        return ChosenEnvironment(kind: .recorded, program: program, version: recorded.python)
    }

    private func text(of path: String) throws -> String {
        let next = try Tools.required().runs.pieces(of: path)
        var bytes: [UInt8] = []
        while let piece = try next(), bytes.count < 4 << 20 { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: The command

    private func runCommand(
        in working: String, _ environment: ChosenEnvironment?, _ scratch: SlipwayClient
    ) async throws -> SlipwayClient.TrackedRun {
        let tools = try Tools.required()
        let run = try await scratch.startRun(
            in: scratch.experiment(named: original.experiment), name: nil, user: "slipway", at: tools.time, tags: [:])
        var words = original.record.command
        var variables = Console.current.environment.filter { !$0.key.hasPrefix("MLFLOW_") }
        variables["SLIPWAY_DATA"] = data
        variables["PWD"] = working
        if let environment {
            let programs = environment.program.split(separator: "/").dropLast().joined(separator: "/")
            variables["PATH"] = "/\(programs):" + (variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
            if environment.kind == .recorded { variables["VIRTUAL_ENV"] = "\(folder)/environment" }
            if isPythonProgram(words[0]) { words[0] = environment.program }
        }
        let added = RunVariables(client: scratch, run: run, seed: original.record.seed).added(to: variables)
        let end = try await tools.runs.run(
            TrainingCommand(words: words, folder: working, environment: added, isAttended: false))
        guard !end.wasGivenUp else { throw CancellationError() }
        try await scratch.endRun(run, status: end.status, at: tools.time)
        guard end.exitCode == 0, !end.wasKilled else {
            let last = String(decoding: end.output.suffix(4000), as: UTF8.self).split(separator: "\n").suffix(5)
            throw Refusal(
                .commandFailed, .conflict, "The command ended with \(end.exitCode) when it was run again.",
                hint: "See what it said last; what it ran in was kept.",
                details: last.enumerated().map { .init("said \($0.offset + 1)", String($0.element)) })
        }
        return run
    }
}

/// The Python that a run is done again with.
struct ChosenEnvironment {
    let kind: ReproductionEnvironment
    let program: String
    let version: String
    /// From what was recorded.
    var differences: [String] = []
}

/// `python`, `python3`, `python3.11`, wherever they are.
private func isPythonProgram(_ program: String) -> Bool {
    let name = program.split(separator: "/").last.map(String.init) ?? program
    return name.hasPrefix("python") && name.dropFirst(6).allSatisfy { $0.isNumber || $0 == "." }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import ModelPackaging
internal import Tensors
internal import WireTypes

/// The model that came of a repetition, wherever the command left it.
struct TrainedModel {
    let original: RecordedVersion
    let run: SlipwayClient.TrackedRun
    /// The server that the command talked to.
    let scratch: SlipwayClient
    let working: String
    /// The original's rows without their answers.
    let rows: String
    let data: String
    /// What was written before this moment is no result.
    let since: Timestamp

    /// Makes a bundle of it.
    ///
    /// - Throws: `RPR-006` when there is none, or it cannot be told which of several.
    func pack(to folder: String) async throws {
        if let version = try await registered() {
            let model = ModelReference(name: try ModelName(version.model))
            let found = try await scratch.version(String(version.version), of: model)
            if let bundle = found.bundle.flatMap({ Digest($0) }) {
                return try await fetch(bundle, to: folder)
            }
            return try await pack("\(model.name)@\(version.version)", to: folder)
        }
        try await pack(try fileToPack(), to: folder)
    }

    private func pack(_ path: String, to folder: String) async throws {
        var options = PackOptions(
            path: path, name: original.model.name.rawValue, project: nil, examples: rows, baseline: nil)
        options.data = data
        options.server = { [scratch] in scratch }
        let console = Console.current
        let tools = try Tools.required()
        let packed: any PackedProject
        do {
            packed = try await tools.pack(options, progress: { console.progress($0) })
        } catch let refusal as Refusal where refusal.explanation.code == .examplesUnusable {
            // A native file does not say what the columns of the original's rows are; it needs none to be asked.
            options.examples = nil
            packed = try await tools.pack(options, progress: { console.progress($0) })
        }
        _ = try await packed.write(to: folder)
    }

    /// What the command registered, or logged.
    private func registered() async throws -> SlipwayClient.MadeVersion? {
        let name = original.model.name.rawValue
        let versions = try await scratch.versionsMade(by: run.id)
        if let version = versions.first(where: { $0.model == name }) ?? versions.first { return version }
        let found = try await scratch.run(run.id, in: .standard)
        let logged = try await loggedModel(of: found.models)
        if let logged {
            return try await scratch.registerLogged("models:/\(logged)", as: name, run: run.id, loggedModel: logged)
        }
        // Clients before 3.0 say it in a tag.
        let history = found.tags["mlflow.log-model.history"].flatMap { try? JSONValue.parse($0) }?.elements ?? []
        let paths = Set(history.compactMap { $0["artifact_path"]?.string })
        guard let path = paths.first else { return nil }
        guard paths.count == 1 else { throw severalModels(paths.sorted()) }
        return try await scratch.registerLogged(
            "runs:/\(run.id)/\(path)", as: name, run: run.id, loggedModel: nil)
    }

    private func loggedModel(of ids: [String]) async throws -> String? {
        guard ids.count > 1 else { return ids.first }
        var names: [(id: String, name: String)] = []
        for id in ids { names.append((id, try await scratch.loggedModelName(id))) }
        let wanted = names.filter { $0.name == original.loggedModel }
        guard let only = wanted.first, wanted.count == 1 else { throw severalModels(names.map(\.name)) }
        return only.id
    }

    private func severalModels(_ names: [String]) -> Refusal {
        Refusal(
            .nothingTrained, .conflict,
            "The command logged several models, \(names.joined(separator: ", ")), and which one is meant is not known.",
            hint: "Register the one that counts in the command, under the model's name.")
    }

    /// The file that the original was packed from, if the command wrote one of that name.
    private func fileToPack() throws -> String {
        let tools = try Tools.required()
        let name = original.source.split(separator: "/").last.map(String.init) ?? original.source
        let written = try tools.runs.files(named: name, below: working, since: since)
        let exact = written.filter { $0 == original.source }
        guard let path = exact.first ?? written.first, exact.count == 1 || written.count == 1 else {
            throw Refusal(
                .nothingTrained, .conflict,
                written.isEmpty
                    ? "The command registered and logged no model, and wrote no “\(name)”."
                    : "The command wrote several files “\(name)”: \(written.joined(separator: ", ")).",
                hint: "Log the model with MLflow's client in the command, or deploy it there.")
        }
        let parts = path.split(separator: "/").dropLast().map(String.init)
        // A project file says more than the model alone: of the file's folder, or one above.
        for count in stride(from: parts.count, through: 0, by: -1) {
            let folder = ([working] + parts.prefix(count)).joined(separator: "/")
            if tools.isThere("\(folder)/\(ProjectFile.fileName)") { return folder }
        }
        return "\(working)/\(path)"
    }

    /// A bundle that the command made itself.
    private func fetch(_ bundle: Digest, to folder: String) async throws {
        let tools = try Tools.required()
        let bytes = try await content(bundle, limit: 16 << 20, from: scratch)
        try tools.runs.write(bytes, to: "\(folder)/\(BundleManifest.fileName)")
        for file in try BundleManifest(manifest: bytes).files {
            let path = "\(folder)/\(file.path)"
            try tools.runs.makeFolder(for: path)
            try await tools.receive(path) { write in
                try await scratch.blob(file.digest) { try write($0) }
            }
        }
    }
}

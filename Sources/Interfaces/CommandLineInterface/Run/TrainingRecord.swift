// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import ModelReproduction

/// What is recorded of a run before its command starts, and the files that go along.
struct TrainingRecord {
    let record: RunRecord
    let notes: [String]
    /// For the run, in MLflow's words and ours.
    let tags: [String: String]
    private let requirements: [UInt8]
    private let snapshot: CodeSnapshot?

    /// - Throws: `RPR-007` where the code cannot be kept.
    init(
        command: [String], seed: Int64?, folder: String, data: [RunRecord.Data], keepsCode: Bool,
        _ tools: any RunTools, scratch: String, at time: Timestamp
    ) throws {
        Console.current.progress("recording the code")
        let snapshot =
            keepsCode
            ? try tools.snapshot(of: folder, leavingOut: data.map(\.path), in: scratch) : nil
        let python = try tools.python(of: command)
        let requirements = Array((python?.text ?? "").utf8)
        let git = snapshot.map(\.git) ?? tools.commit(of: folder)
        let code = try snapshot.map { snapshot in
            RunRecord.Code(
                archive: try file("code.tar", at: snapshot.archive),
                patch: try snapshot.patch.map { try file("code.patch", at: $0) })
        }
        let environment = try python.map { python in
            RunRecord.Environment(
                python: python.version, platform: python.platform,
                requirements: try BundleFile(
                    path: "\(RunRecord.folder)/requirements.txt", digest: Digest(of: requirements),
                    byteCount: requirements.count))
        }
        record = RunRecord(
            command: command, folder: snapshot?.folder ?? ".", seed: seed, git: git, code: code,
            environment: environment, data: data, startedAt: time, tool: Product.nameAndVersion)
        guard record.bytes.count <= RunRecord.byteLimit else {
            throw notRecordable("the command is longer than \(byteText(RunRecord.byteLimit))")
        }
        notes = snapshot?.notes ?? []
        let line = command.map { shellWord($0) }.joined(separator: " ")
        var tags = [
            "mlflow.source.name": String(line.prefix(4000)), "mlflow.source.type": "LOCAL",
            "slipway.command": String(line.prefix(4000)),
        ]
        if let git { tags["mlflow.source.git.commit"] = git.commit }
        self.tags = tags
        self.requirements = requirements
        self.snapshot = snapshot
    }

    /// The record last: it names nothing that is not there.
    func upload(to run: SlipwayClient.TrackedRun, _ client: SlipwayClient) async throws {
        if let snapshot, let code = record.code {
            try await send(snapshot.archive, as: code.archive, of: run, client)
            if let patch = code.patch, let path = snapshot.patch { try await send(path, as: patch, of: run, client) }
        }
        if let environment = record.environment {
            try await client.putArtifact(environment.requirements.path, requirements, of: run)
        }
        try await client.putArtifact(RunRecord.path, record.bytes, of: run)
    }

    private func send(
        _ path: String, as file: BundleFile, of run: SlipwayClient.TrackedRun, _ client: SlipwayClient
    ) async throws {
        Console.current.progress("sending \(file.path), \(byteText(file.byteCount))")
        let next = try Tools.required().runs.pieces(of: path)
        try await client.putArtifact(
            file.path, byteCount: file.byteCount, AsyncThrowingStream { try next() }, of: run)
    }
}

/// An artifact of the run, as the file on this machine has it.
private func file(_ name: String, at path: String) throws -> BundleFile {
    let next = try Tools.required().runs.pieces(of: path)
    var hasher = DigestHasher()
    var byteCount = 0
    while let piece = try next() {
        hasher.update(piece)
        byteCount += piece.count
    }
    return try BundleFile(path: "\(RunRecord.folder)/\(name)", digest: hasher.finish(), byteCount: byteCount)
}

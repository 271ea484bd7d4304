// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import ModelExecution
internal import ModelReproduction
internal import WireTypes

/// A version whose run was recorded, with all that the server knows of it.
struct RecordedVersion {
    let model: ModelReference
    let number: Int
    let run: SlipwayClient.TrackedRun
    let experiment: String
    let record: RunRecord
    /// The file that was packed, as its project called it.
    let source: String
    /// The name of the logged model that it was packed from.
    let loggedModel: String?
    let reproduction: Reproduction

    var title: String { "\(model)@\(number)" }

    /// - Throws: `RPR-001` to `RPR-003` that say what is missing; `REG-012` for a version that was not packed yet.
    init(_ named: RegisteredSource, from client: SlipwayClient) async throws {
        model = named.model
        let version = try await client.version(named.version, of: model)
        number = version.version
        let title = "\(model)@\(number)"
        guard let id = version.run else {
            throw Refusal(
                .runNotLinked, .conflict, "Which run \(title) came of is not known.",
                hint:
                    "Deploy from within `slipway run start`, name the run with `slipway deploy --run`, or log the model."
            )
        }
        guard let digest = version.bundle.flatMap({ Digest($0) }) else {
            throw Refusal(
                .versionNotReady, .conflict, "\(title) has no bundle yet, and so no answers to compare with.",
                hint: "Pack it first: slipway deploy \(title).")
        }
        let found = try await client.run(id, in: model.project)
        let run = SlipwayClient.TrackedRun(id: id, experiment: found.experiment)
        guard let bytes = try await client.artifactIfAny(RunRecord.path, of: run, limit: RunRecord.byteLimit) else {
            throw Refusal(
                .runNotRecorded, .conflict, "The run \(id) of \(title) has no record of how it was done.",
                hint: "Train with `slipway run start -- COMMAND`, which keeps one.")
        }
        record = try RunRecord(record: bytes)
        guard record.code != nil else {
            throw Refusal(
                .runNotRecorded, .conflict, "The code of run \(id) was left out of its record.",
                hint: "Train with `slipway run start` and without --no-code.")
        }
        self.run = run
        experiment =
            try await client.experiments(in: model.project, filter: nil, view: "all")
            .first { $0.id == found.experiment }?.name ?? "Default"
        source = try await client.provenance(of: model, version: String(number)).source
        let made = try await client.versionsMade(by: id).first {
            $0.model == named.model.name.rawValue && $0.version == version.version
        }
        if let logged = made?.loggedModel {
            loggedModel = try await client.loggedModelName(logged)
        } else {
            loggedModel = nil
        }
        let manifest = try BundleManifest(manifest: await content(digest, limit: 16 << 20, from: client))
        let examples = manifest.proof.flatMap { manifest.file($0.examples) }
        reproduction = try Reproduction(
            of: manifest,
            examples: examples == nil
                ? [] : await content(examples?.digest ?? digest, limit: ExampleFormat.byteLimit, from: client))
    }

    /// Fetches one of the record's files to a path, and holds it against its digest.
    func fetch(_ file: BundleFile, to path: String, from client: SlipwayClient) async throws {
        var hasher = DigestHasher()
        var byteCount = 0
        let tools = try Tools.required()
        try await tools.receive(path) { write in
            try await client.artifact(run.place(of: file.path)) { piece in
                byteCount += piece.count
                guard byteCount <= file.byteCount else { throw damaged("“\(file.path)” is larger than it says") }
                hasher.update(piece)
                try write(piece)
            }
            guard hasher.finish() == file.digest else { throw damaged("“\(file.path)” is not what was recorded") }
        }
    }

    private func damaged(_ reason: String) -> Refusal { FieldReader.Subject.run.damaged(reason) }
}

/// A content of a server, which is held against its digest.
func content(_ digest: Digest, limit: Int, from client: SlipwayClient) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await client.blob(digest) { piece in
        bytes += piece
        guard bytes.count <= limit else { throw FieldReader.damaged("a file of it is too large") }
    }
    guard Digest(of: bytes) == digest else { throw FieldReader.damaged("a file of it is not what was packed") }
    return bytes
}

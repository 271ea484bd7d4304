// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelRegistry
internal import Synchronization
internal import Tensors

/// Writes down a version with its lineage.
package final class ModelExport: Sendable {
    private let tracking: any TrackingStore
    private let registrations: ModelRegistrations
    private let registry: ModelRegistry
    private let blobs: any BlobStore
    private let holds: any ContentHolds
    /// What may be fetched of versions that were written down in this process.
    private let written = Mutex<[ModelVersionName: Set<Digest>]>([:])

    private struct ModelVersionName: Hashable {
        let model: ModelReference
        let number: Int
    }

    package init(
        tracking: any TrackingStore, registrations: ModelRegistrations, registry: ModelRegistry, blobs: any BlobStore,
        holds: any ContentHolds
    ) {
        self.holds = holds
        self.tracking = tracking
        self.registrations = registrations
        self.registry = registry
        self.blobs = blobs
    }

    private static let documentLimit = 16 << 20

    /// - Throws: `REG-001`, `REG-002`, `REG-004`; `REG-012` for a version that was not packed yet; `REG-007` or `PRJ-009` for
    ///   a content that is not there, or not whole.
    package func document(
        _ selector: VersionSelector, of model: ModelReference, tool: String
    ) async throws -> TransferDocument {
        let version = try await registry.version(selector, of: model)
        guard let bundle = version.bundle, let provenance = version.provenance else {
            throw Refusal(
                .versionNotReady, .conflict, "Version \(version.number) of “\(model)” has no bundle yet.",
                hint: "Deploy it once, which packs it, or copy the whole platform with `slipway backup`.")
        }
        let record = try await registrations.version(version.number, of: model)
        let about = try await registrations.model(model)
        let evidence = try await keepEvidence(of: model, version.number)
        let manifest = try BundleManifest(manifest: try await blobs.read(bundle, limit: Self.documentLimit))
        let lineage = try await lineage(of: record)
        var roles: [Digest: String] = [bundle: "bundle", provenance: "provenance", evidence: "evidence"]
        for file in manifest.files where roles[file.digest] == nil { roles[file.digest] = "file" }
        for digest in lineage.files where roles[digest] == nil { roles[digest] = "artifact" }
        var contents: [JSONValue] = []
        for (digest, role) in roles.sorted(by: { $0.key < $1.key }) {
            guard let byteCount = try await blobs.byteCount(of: digest) else {
                throw Refusal(
                    .contentMissing, .conflict, "The content \(digest.short), which the model needs, is not here.",
                    hint: "Deploy the model again, which sends it anew.",
                    details: [.init("digest", digest.description), .init("role", role)])
            }
            contents.append(
                .record([
                    ("sha256", .string(digest.hex)), ("bytes", .integer(Int64(byteCount))), ("role", .string(role)),
                ]))
        }
        let document = try TransferDocument(
            .record([
                ("schema", .string(TransferDocument.schema)), ("tool", .string(tool)),
                ("made_at", .string(registry.time.text)), ("project", .string(model.project.rawValue)),
                ("model", .string(model.name.rawValue)), ("description", about.description.map { .string($0) }),
                ("tags", json(about.tags)),
                (
                    "version",
                    .record([
                        ("number", .integer(Int64(version.number))), ("bundle", .string(bundle.hex)),
                        ("provenance", .string(provenance.hex)),
                        ("origin", version.origin.map { .string($0.rawValue) }),
                        ("created_at", .string(version.createdAt.text)), ("created_by", .string(version.createdBy)),
                        ("description", record.description.map { .string($0) }), ("tags", json(record.tags)),
                        ("source", record.registration.source.map { .string($0) }),
                        ("run", record.registration.run.map { .string($0) }),
                        ("run_link", record.registration.runLink.map { .string($0) }),
                        ("logged_model", record.registration.loggedModel.map { .string($0) }),
                        ("stage", .string(record.stage.rawValue)),
                    ])
                ),
                ("run", lineage.run), ("logged_model", lineage.model), ("experiment", lineage.experiment),
                ("evidence", .string(evidence.hex)), ("contents", .array(contents)),
            ]))
        let digests = Set(document.contents.map(\.digest))
        let day = Timestamp(microseconds: registry.time.microseconds + 86_400_000_000)
        try await holds.hold(digests, as: holder(model, version.number), until: day)
        remember(digests, ModelVersionName(model: model, number: version.number))
        return document
    }

    /// A content of a version that was written down, piece by piece.
    ///
    /// - Throws: `REG-007` for one that does not belong to it, or where that was long ago.
    package func pieces(
        of digest: Digest, version number: Int, of model: ModelReference
    ) async throws -> @Sendable () async throws -> [UInt8]? {
        let name = ModelVersionName(model: model, number: number)
        // Another process may have written it down, or this one before it was started anew.
        if !mayBeFetched(digest, of: name),
            let held = try await holds.contents(heldAs: holder(model, number), at: registry.time)
        {
            remember(held, name)
        }
        guard mayBeFetched(digest, of: name) else {
            throw Refusal(
                .contentMissing, .notFound,
                "The content \(digest.short) is not of “\(model)” version \(number), as it was exported last.",
                hint: "Begin the export again.")
        }
        return try await blobs.pieces(of: digest)
    }

    private func mayBeFetched(_ digest: Digest, of name: ModelVersionName) -> Bool {
        written.withLock { $0[name]?.contains(digest) ?? false }
    }

    private func remember(_ contents: Set<Digest>, _ name: ModelVersionName) {
        written.withLock { written in
            if written.count >= 100 { written.removeAll() }
            written[name] = contents
        }
    }

    private func holder(_ model: ModelReference, _ number: Int) -> String { "export \(model) \(number)" }

    private struct Lineage {
        var run: JSONValue?
        var model: JSONValue?
        var experiment: JSONValue?
        var files: Set<Digest> = []
    }

    private func lineage(of record: VersionRecord) async throws -> Lineage {
        try await tracking.read { store in
            var lineage = Lineage()
            let model = try record.registration.loggedModel.flatMap { LoggedModelID($0) }.flatMap {
                try store.loggedModel($0)
            }
            let run = record.registration.run.flatMap { RunID($0) } ?? model?.sourceRun
            var experiment: ExperimentID?
            if let model {
                let files = try store.artifacts(
                    below: .files(of: model.id, in: model.experiment), limit: Int(Int32.max))
                lineage.model = TransferredRun.json(model, files: files)
                lineage.files.formUnion(files.map(\.content))
                experiment = model.experiment
            }
            if let run, let found = try store.runs([run]).first {
                let files = try store.artifacts(below: .files(of: found.info), limit: Int(Int32.max))
                lineage.run = try TransferredRun.json(found, in: store, files: files)
                lineage.files.formUnion(files.map(\.content))
                experiment = found.info.experiment
            }
            if let experiment, let found = try store.experiment(experiment) {
                lineage.experiment = .record([
                    ("number", .integer(found.id.number)), ("name", .string(found.name)), ("tags", json(found.tags)),
                ])
            }
            return lineage
        }
    }

    /// What the ledger says of the version and its model, as lines; a content, which is no part of another ledger's chain.
    private func keepEvidence(of model: ModelReference, _ number: Int) async throws -> Digest {
        let modelPath = "model/\(model.project)/\(model.name)"
        let versionPath = "\(modelPath)/\(number)"
        let aliases = "alias/\(model.project)/\(model.name)/"
        var lines: [UInt8] = []
        var next = 0
        while true {
            let page = try await registry.ledger(from: next, limit: 500)
            for entry in page {
                let change = entry.change
                let object = change.object.prefix { $0 != "#" }
                guard
                    object == modelPath || object == versionPath || change.after == versionPath
                        || change.before == versionPath || object.hasPrefix(aliases)
                else { continue }
                lines += Self.line(entry)
            }
            guard let last = page.last else { break }
            next = last.sequence + 1
        }
        let bytes = lines
        return try await blobs.keep(
            AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
        ).digest
    }

    private static func line(_ entry: LedgerEntry) -> [UInt8] {
        JSONValue.record([
            ("sequence", .integer(Int64(entry.sequence))), ("time", .string(entry.time.text)),
            ("actor", .string(entry.change.actor)), ("action", .string(entry.change.action)),
            ("object", .string(entry.change.object)), ("before", entry.change.before.map { .string($0) }),
            ("after", entry.change.after.map { .string($0) }), ("reason", entry.change.reason.map { .string($0) }),
            ("leaf", .string(lowercaseHex(entry.leaf))), ("chain", .string(entry.chain.hex)),
        ]).canonical + [0x0A]
    }
}

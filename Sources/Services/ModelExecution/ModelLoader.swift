// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// Opens the model of a bundle and has it prove itself: what every start and every deployment does.
package struct ModelLoader: Sendable {
    private let runtime: RuntimeLookup
    private let blobs: any BlobStore
    private let shelf = EngineShelf()

    package init(runtime: @escaping RuntimeLookup, blobs: any BlobStore) {
        self.runtime = runtime
        self.blobs = blobs
    }

    /// Reads and checks the manifest of a bundle.
    package func manifest(of bundle: Digest) async throws -> BundleManifest {
        try BundleManifest(manifest: try await blobs.read(bundle, limit: 16 << 20))
    }

    /// - Throws: `REG-007` naming the first file of the bundle that is not in the store.
    package func requireContents(of manifest: BundleManifest, provenance: Digest) async throws {
        for file in manifest.files where try await !blobs.contains(file.digest) {
            throw contentMissing(file.path, file.digest)
        }
        guard try await blobs.contains(provenance) else { throw contentMissing("provenance.json", provenance) }
    }

    private func contentMissing(_ path: String, _ digest: Digest) -> Refusal {
        Refusal(
            .contentMissing, .conflict, "“\(path)” (\(digest.short)) has not been uploaded.",
            hint: "Upload it with PUT /v1/blobs/\(digest) first; `slipway deploy` does.")
    }

    /// A content of at most `limit` bytes.
    package func read(_ digest: Digest, limit: Int) async throws -> [UInt8] {
        try await blobs.read(digest, limit: limit)
    }

    /// Keeps a content that was made here.
    package func keep(_ bytes: [UInt8]) async throws -> Digest {
        let digest = Digest(of: bytes)
        try await blobs.put(
            digest,
            AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            })
        return digest
    }

    /// Reads of a bundle what has to be waited for.
    package func fetch(_ bundle: Digest) async throws -> FetchedBundle {
        let manifest = try await manifest(of: bundle)
        guard let proof = manifest.proof, let file = manifest.file(proof.examples) else {
            return FetchedBundle(digest: bundle, manifest: manifest, examples: [])
        }
        return FetchedBundle(
            digest: bundle, manifest: manifest,
            examples: try await blobs.read(file.digest, limit: ExampleFormat.byteLimit))
    }

    /// What executes the models of an engine's name now; `nil` where that is not there.
    package func identity(of engine: String) -> EngineIdentity? { try? runtime(engine).identity }

    /// Opens the engine of a bundle without having it prove itself: for what is to be computed again, not answered with.
    /// Blocks.
    package func engine(of bundle: FetchedBundle, on device: ComputeDevice = .cpu) throws -> any InferenceEngine {
        let manifest = bundle.manifest
        if let open = openEngine(of: bundle, on: device) { return open }
        let folder = try blobs.materialize(manifest.files, as: bundle.digest)
        return try runtime(manifest.engine).open(
            modelAt: ModelFile(path: "\(folder)/\(manifest.model)"), on: device)
    }

    /// The engine of a bundle, where one with the same files is open.
    package func openEngine(of bundle: FetchedBundle, on device: ComputeDevice) -> (any InferenceEngine)? {
        shelf.engine(for: EngineShelf.Key(bundle.manifest, on: device))
    }

    /// Gets what a model needs and the machine lacks; not at a start. Blocks.
    package func prepare(for bundle: FetchedBundle) throws {
        let manifest = bundle.manifest
        let folder = try blobs.materialize(manifest.files, as: bundle.digest)
        try runtime(manifest.engine).prepare(for: ModelFile(path: "\(folder)/\(manifest.model)"))
    }

    /// Has the engine of a bundle take what it keeps for all models, so that what is measured of this one is its own. Once,
    /// and not for what is large beside that. Blocks.
    package func warmUp(for bundle: FetchedBundle, on device: ComputeDevice) throws {
        let manifest = bundle.manifest
        let runtime = try runtime(manifest.engine)
        guard runtime.keepsCommonMemory, bundle.engineByteCount < 16 << 20,
            shelf.isFirst(of: manifest.engine, on: device)
        else { return }
        let folder = try blobs.materialize(manifest.files, as: bundle.digest)
        _ = try runtime.open(modelAt: ModelFile(path: "\(folder)/\(manifest.model)"), on: device)
    }

    /// Lays the bundle's files out, opens the engine, and replays as many examples as a start does. Blocks for as long as
    /// that takes: call it on a thread of its own.
    ///
    /// An engine that is open on the same files is shared; the examples are replayed all the same.
    ///
    /// - Parameters:
    ///   - device: What computes the answers.
    ///   - reopening: Whether the files are opened again also where an engine is open on them.
    /// - Throws: ``EngineError`` when the model cannot be opened or run; ``ProofFailed`` when it answers differently.
    package func load(
        _ bundle: FetchedBundle, on device: ComputeDevice = .cpu, reopening: Bool = false
    ) throws -> ProvenModel {
        let manifest = bundle.manifest
        let folder = try blobs.materialize(manifest.files, as: bundle.digest)
        let runtime = try runtime(manifest.engine)
        let model = ModelFile(path: "\(folder)/\(manifest.model)")
        var examples: [Example] = []
        if let proof = manifest.proof {
            let format = try ExampleFormat(signature: manifest.signature, outputs: proof.outputs)
            examples = try format.read(lines: bundle.examples, limit: proof.replayAtStart.limit(proof.count))
        }
        let engine = try shelf.engine(for: EngineShelf.Key(manifest, on: device), reopening: reopening) {
            () throws(EngineError) in
            try runtime.open(modelAt: model, on: device)
        }
        return try ProvenModel(
            proving: PreparedBundle(manifest: manifest, model: model, examples: examples), with: engine)
    }
}

/// What was read of a bundle; its files are not laid out yet.
package struct FetchedBundle: Sendable {
    fileprivate let digest: Digest
    package let manifest: BundleManifest
    /// As lines, not yet decoded.
    fileprivate let examples: [UInt8]

    /// Of the files that the engine reads, which it takes at least while it is loaded.
    package var engineByteCount: Int { manifest.engineFiles.reduce(0) { $0 + $1.byteCount } }
}

/// A bundle whose files lie where an engine can open them.
package struct PreparedBundle: Sendable {
    package let manifest: BundleManifest
    package let model: ModelFile
    package let examples: [Example]

    package init(manifest: BundleManifest, model: ModelFile, examples: [Example]) {
        self.manifest = manifest
        self.model = model
        self.examples = examples
    }
}

/// A loaded model that reproduced its recorded answers.
package struct ProvenModel: Sendable {
    package let engine: any InferenceEngine
    package let manifest: BundleManifest
    package let verdict: ProofVerdict
    /// What was replayed: real rows, to warm the engine with.
    package let examples: [Example]

    /// - Throws: ``EngineError`` when the model cannot be opened or run, or is not the one that the signature describes;
    ///   ``ProofFailed`` when it answers differently.
    package init(proving bundle: PreparedBundle, on runtime: any EngineRuntime) throws {
        try self.init(proving: bundle, with: try runtime.open(modelAt: bundle.model))
    }

    /// The same with an engine that is open already.
    init(proving bundle: PreparedBundle, with engine: any InferenceEngine) throws {
        manifest = bundle.manifest
        examples = bundle.examples
        self.engine = engine
        guard manifest.signature.describes(engine) else {
            throw EngineError.modelRefused(reason: "its inputs and outputs are not those of the bundle's signature")
        }
        verdict = try Replay(
            signature: manifest.signature, tolerance: manifest.proof?.tolerance ?? .standard, task: manifest.task
        ).run(
            examples, recorded: manifest.proof?.count ?? 0, origin: manifest.proof?.origin ?? .recordedBySlipway,
            on: engine)
        guard verdict.holds else { throw ProofFailed(verdict: verdict) }
    }
}

extension Signature {
    /// Whether the engine takes and gives what callers are promised. The rank of an output that the engine leaves open was
    /// found out when the bundle was packed.
    fileprivate func describes(_ engine: any InferenceEngine) -> Bool {
        engine.inputs.count == inputs.count && engine.outputs.count == outputs.count
            && zip(engine.inputs, inputs).allSatisfy { $0.isLike($1) }
            && zip(engine.outputs, outputs).allSatisfy { $0.isLike($1) || $0.leavesRankOpen(of: $1) }
    }
}

extension TensorSpec {
    fileprivate func leavesRankOpen(of other: TensorSpec) -> Bool {
        name == other.name && datatype == other.datatype && shape.isEmpty
    }
}

/// The engine answers otherwise than was recorded.
package struct ProofFailed: ExplainedError {
    package let verdict: ProofVerdict

    package init(verdict: ProofVerdict) { self.verdict = verdict }

    package var explanation: Explanation {
        Explanation(
            .answersDiffer, .conflict,
            "\(verdict.differingRows) of \(verdict.replayed) examples get other answers than were recorded.",
            hint:
                "Compare the rows below with the original; if the difference is expected, state it as proof.tolerance.",
            details: verdict.differences.map { .init("row \($0.row)", $0.line) })
    }
}

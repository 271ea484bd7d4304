// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import PlatformReplicas
internal import Synchronization
internal import Tensors

/// Graphs hold copies of the registered versions that they use. When one of those models has a newer version, every graph
/// that uses it is packed anew with that, replays its recorded rows, and becomes a version of its own: ready where its
/// answers are still the recorded ones, failed where they are not. What answers somewhere does not change.
extension Rollouts {
    static let actor = Product.name

    /// Brings every graph up to date that is not. Safe to call again at any time.
    package func updateGraphs() async {
        // What another server does at the moment need not be done here.
        try? await replicas.alone(.graphs) { [self] in
            await readIndex()
            await update(graphs.withLock { $0?.graphs ?? [] })
        }
    }

    /// Brings the graphs up to date that a new version of `model` may have outdated.
    func updateGraphs(after model: ModelReference, _ manifest: BundleManifest) async {
        // Another server may have read what there is before this version was there.
        try? await replicas.alone(.graphs, waiting: .seconds(300)) { [self] in
            // Others may have registered graphs of which this server knows nothing.
            if !replicas.isAlone || graphs.withLock({ $0 == nil }) {
                await readIndex()
            } else {
                let components = await components(of: manifest)
                graphs.withLock { $0?.note(model, uses: components) }
            }
            await update(graphs.withLock { $0?.affected(by: model) ?? [] })
        }
    }

    /// Whatever goes wrong with one is written down, and no reason to leave the others out.
    private func update(_ outdated: [ModelReference]) async {
        var outdated = outdated
        var seen = Set(outdated)
        while let model = outdated.first {
            outdated.removeFirst()
            do {
                guard try await update(model) else { continue }
                // Graphs may lie in graphs.
                let further = graphs.withLock { $0?.affected(by: model) ?? [] }
                outdated += further.filter { seen.insert($0).inserted }
            } catch {
                noteGraph(model, 0, explain(error).message)
            }
        }
    }

    /// Reads of every model what its newest version is: once, while the server runs.
    private func readIndex() async {
        guard let models = try? await registry.models() else { return }
        var index = GraphIndex()
        for model in models {
            guard let bundle = try? await registry.versions(of: model).first?.bundle,
                let manifest = try? await loader.manifest(of: bundle)
            else { continue }
            index.note(model, uses: await components(of: manifest))
        }
        graphs.withLock { [index] in $0 = index }
    }

    /// - Returns: `nil` for what is no graph, or cannot be read as one.
    private func components(of manifest: BundleManifest) async -> Set<ModelReference>? {
        guard manifest.engine == EngineName.graph, let file = manifest.file(manifest.model) else { return nil }
        return try? await graph(file).components
    }

    /// - Returns: Whether it has a new version.
    private func update(_ model: ModelReference) async throws -> Bool {
        guard let newest = try await registry.versions(of: model).first, let bundle = newest.bundle,
            let provenance = newest.provenance
        else { return false }
        let manifest = try await loader.manifest(of: bundle)
        guard manifest.engine == EngineName.graph, let file = manifest.file(manifest.model) else { return false }
        let graph = try await graph(file)
        var updated = graph
        var files = manifest.files
        var changes: [String] = []
        for index in graph.steps.indices {
            guard case .model(.bundle(let folder, let pinned?)) = graph.steps[index].work,
                let component = try await newer(than: pinned)
            else { continue }
            changes.append(component.name)
            updated.steps[index].work = .model(.bundle(folder: folder, version: component.name))
            files.removeAll { $0.path.hasPrefix(folder + "/") }
            files += try await component.files(in: folder)
        }
        guard !changes.isEmpty else { return false }
        let bytes = updated.json.canonical
        files.removeAll { $0.path == manifest.model }
        files.append(try BundleFile(path: manifest.model, digest: try await loader.keep(bytes), byteCount: bytes.count))
        let packed = BundleManifest(
            engine: manifest.engine, model: manifest.model, task: manifest.task, signature: manifest.signature,
            proof: manifest.proof, baseline: manifest.baseline, policies: manifest.policies,
            subject: manifest.subject, files: files)
        let digest = try await loader.keep(packed.canonicalBytes)
        let (summary, agrees) = await verdict(of: digest)
        let because = changes.joined(separator: ", ")
        let version = try await registry.register(
            model, manifest: digest,
            provenance: try await repacked(provenance, of: newest.number, with: because, summary, agrees: agrees),
            origin: packed.proof?.origin, status: agrees ? .ready : .failed, by: Self.actor)
        noteGraph(model, version.number, "version \(newest.number) with \(because): \(summary)")
        return true
    }

    private func graph(_ file: BundleFile) async throws -> GraphDescriptor {
        let bytes = try await loader.read(file.digest, limit: GraphDescriptor.byteLimit)
        do throws(GraphFault) {
            return try GraphDescriptor(file: bytes)
        } catch {
            throw FieldReader.damaged("its graph cannot be read: \(error.reason)")
        }
    }

    /// A version of a model that a graph may take in.
    private struct Component {
        /// `growth/churn-text@4`
        let name: String
        let bundle: Digest
        let loader: ModelLoader

        func files(in folder: String) async throws -> [BundleFile] {
            let manifest = try await loader.manifest(of: bundle)
            let bytes = manifest.canonicalBytes
            let inner = try manifest.files.map { file throws(Refusal) in
                try BundleFile(path: "\(folder)/\(file.path)", digest: file.digest, byteCount: file.byteCount)
            }
            return inner + [
                try BundleFile(
                    path: "\(folder)/\(BundleManifest.fileName)", digest: bundle, byteCount: bytes.count)
            ]
        }
    }

    /// - Returns: `nil` when a pinned version is the newest that is ready, or its model is gone.
    private func newer(than pinned: String) async throws -> Component? {
        guard let pinned = PinnedVersion(pinned), let versions = try? await registry.versions(of: pinned.model),
            let newest = versions.first(where: { $0.status == .ready && $0.bundle != nil }),
            newest.number > pinned.number, let bundle = newest.bundle
        else { return nil }
        let (project, name) = (pinned.model.project, pinned.model.name)
        return Component(name: "\(project)/\(name)@\(newest.number)", bundle: bundle, loader: loader)
    }

    private func noteGraph(_ model: ModelReference, _ version: Int, _ summary: String) {
        note(.repacked, nil, model, version, summary)
    }

    private func verdict(of bundle: Digest) async -> (summary: String, agrees: Bool) {
        do {
            let fetched = try await loader.fetch(bundle)
            let proof = try await aside { [loader] in
                try loader.prepare(for: fetched)
                return try loader.load(fetched).verdict
            }
            await returnMemory()
            return (proof.line, true)
        } catch {
            await returnMemory()
            return (explain(error).message, false)
        }
    }

    private func repacked(
        _ provenance: Digest, of version: Int, with because: String, _ summary: String, agrees: Bool
    ) async throws -> Digest {
        var members = try JSONValue.parse(await loader.read(provenance, limit: 16 << 20)).members ?? []
        members.removeAll { ["packed_at", "packed_by", "repacked", "tool", "proof"].contains($0.name) }
        members += [
            ("packed_at", .string(registry.time.text)), ("packed_by", .string(Self.actor)),
            ("tool", .string(Product.nameAndVersion)),
            ("proof", .record([("proven", .bool(agrees)), ("summary", .string(summary))])),
            (
                "repacked",
                .record([("of", .integer(Int64(version))), ("with", .string(because)), ("agrees", .bool(agrees))])
            ),
        ]
        return try await loader.keep(JSONValue.object(members).canonical)
    }
}

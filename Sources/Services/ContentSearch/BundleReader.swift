// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
package import ModelDomain
package import ModelExecution
internal import Synchronization
internal import Tensors

/// Reads bundles out of the blob store, each once: what a digest names never changes.
package final class BundleReader: Sendable {
    /// Bundles in bundles go no deeper, and a circle ends.
    private static let depthLimit = 8
    /// Of all kept bundles together, so that huge ones do not fill the memory.
    private static let keptFileLimit = 500_000

    private struct Kept {
        var bundles: [Digest: BundleContents] = [:]
        var provenances: [Digest: ProvenanceContents] = [:]
        var fileCount = 0
    }

    private let blobs: any BlobStore
    private let kept = Mutex(Kept())

    package init(blobs: any BlobStore) { self.blobs = blobs }

    /// - Throws: Why its manifest cannot be read.
    package func contents(of bundle: Digest) async throws -> BundleContents {
        if let known = kept.withLock({ $0.bundles[bundle] }) { return known }
        let bytes = try await blobs.read(bundle, limit: 16 << 20)
        let manifest = try BundleManifest(manifest: bytes)
        var contents = BundleContents()
        contents.files =
            try [BundleFile(path: BundleManifest.fileName, digest: bundle, byteCount: bytes.count)] + manifest.files
        await read(manifest.engine, opening: manifest.model, of: manifest, into: &contents, depth: 1)
        let made = contents
        // What is only missing now may be there the next time.
        guard made.gaps.isEmpty else { return made }
        kept.withLock { kept in
            if kept.fileCount + made.files.count > Self.keptFileLimit { kept = Kept() }
            kept.bundles[bundle] = made
            kept.fileCount += made.files.count
        }
        return made
    }

    /// - Throws: Why it cannot be read.
    package func provenance(_ digest: Digest) async throws -> ProvenanceContents {
        if let known = kept.withLock({ $0.provenances[digest] }) { return known }
        let fields = try FieldReader(document: await blobs.read(digest, limit: 16 << 20), what: "provenance")
        let made = try ProvenanceContents(fields)
        kept.withLock { kept in
            if kept.fileCount + made.data.count + 1 > Self.keptFileLimit { kept = Kept() }
            kept.provenances[digest] = made
            kept.fileCount += made.data.count + 1
        }
        return made
    }

    /// What an engine says of the file that it opens, by its path in the outermost bundle, which lists all files.
    private func read(
        _ engine: String, opening path: String, of whole: BundleManifest, into contents: inout BundleContents,
        depth: Int
    ) async {
        contents.engines.append(.init(name: engine, path: path))
        do {
            switch engine {
            case EngineName.worker: try await readWorker(path, of: whole, into: &contents)
            case EngineName.graph:
                guard depth < Self.depthLimit else {
                    throw FieldReader.damaged("graphs lie in graphs more than \(Self.depthLimit) deep")
                }
                try await readGraph(path, of: whole, into: &contents, depth: depth)
            default: break
            }
        } catch {
            contents.gaps.append(.init(of: .everything, reason: "“\(path)” cannot be read: \(reason(error))"))
        }
    }

    /// The lock of the environment that a worker needs.
    private func readWorker(
        _ path: String, of whole: BundleManifest, into contents: inout BundleContents
    ) async throws {
        let fields = try FieldReader(document: await content(path, of: whole, limit: 16 << 20), what: "descriptor")
        guard let lock = try fields.optionalText("environment") else {
            // What needs only its language has no lock.
            if try fields.optionalText("language") == nil {
                contents.gaps.append(
                    .init(of: .libraries, reason: "what the command of “\(path)” needs is recorded nowhere"))
            }
            return
        }
        let file = folder(of: path) + lock
        let environment = try FieldReader(document: await content(file, of: whole, limit: 1 << 20), what: "environment")
        if let python = try environment.optionalText("python") {
            contents.libraries.append(.init(name: "python", version: python, path: file))
        }
        for requirement in try environment.texts("requirements") {
            let parts = requirement.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].hasPrefix("=") else {
                contents.gaps.append(
                    .init(of: .libraries, reason: "“\(requirement.prefix(100))” in “\(file)” is no pin"))
                continue
            }
            contents.libraries.append(
                .init(name: normalisedPackageName(String(parts[0])), version: String(parts[1].dropFirst()), path: file))
        }
    }

    private func readGraph(
        _ path: String, of whole: BundleManifest, into contents: inout BundleContents, depth: Int
    ) async throws {
        let bytes = try await content(path, of: whole, limit: GraphDescriptor.byteLimit)
        let graph: GraphDescriptor
        do throws(GraphFault) {
            graph = try GraphDescriptor(file: bytes)
        } catch {
            throw FieldReader.damaged("its graph cannot be read: \(error.reason)")
        }
        for step in graph.steps {
            guard case .model(let model) = step.work else { continue }
            switch model {
            case .file(let file, let engine):
                await read(engine, opening: folder(of: path) + file, of: whole, into: &contents, depth: depth + 1)
            case .bundle(let name, let pinned):
                let inner = folder(of: path) + name
                if let component = pinned.flatMap({ BundleContents.Component($0, in: inner) }) {
                    contents.components.append(component)
                }
                let manifest = try BundleManifest(
                    manifest: await content("\(inner)/\(BundleManifest.fileName)", of: whole, limit: 16 << 20))
                await read(
                    manifest.engine, opening: "\(inner)/\(manifest.model)", of: whole, into: &contents,
                    depth: depth + 1)
            }
        }
    }

    private func content(_ path: String, of manifest: BundleManifest, limit: Int) async throws -> [UInt8] {
        guard let file = manifest.file(path) else {
            throw FieldReader.damaged("“\(path.prefix(200))” is not among its files")
        }
        return try await blobs.read(file.digest, limit: limit)
    }
}

extension ProvenanceContents {
    fileprivate init(_ fields: FieldReader) throws {
        engine = try fields.optionalFields("engine").map { engine in
            EngineIdentity(
                name: try engine.text("name"), version: try engine.text("version"),
                build: try engine.optionalText("build") ?? "")
        }
        data = try (fields.has("data") ? fields.list("data") : []).compactMap { file in
            guard let digest = Digest(try file.text("sha256")) else { return nil }
            return DataFile(path: try file.text("path"), digest: digest)
        }
        if let git = try fields.optionalFields("git") {
            commit = try git.optionalText("commit")
            isDirty = try git.optionalFlag("dirty") ?? false
            patch = try git.optionalFields("patch")?.optionalText("sha256").flatMap { Digest($0) }
        }
        source = try fields.optionalText("source")
        packedAt = try fields.optionalText("packed_at")
        packedBy = try fields.optionalText("packed_by")
        tool = try fields.optionalText("tool")
        if let proof = try fields.optionalFields("proof") {
            self.proof = try proof.optionalText("summary")
            isProven = try proof.optionalFlag("proven") ?? false
        }
    }
}

/// With a slash behind it; empty for a path without one.
private func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

/// A failure as a part of a sentence.
func reason(_ error: any Error) -> String {
    (error as? any ExplainedError)?.explanation.message ?? "it could not be read"
}

extension BundleContents.Component {
    /// - Parameter pinned: `growth/churn-text@3`
    fileprivate init?(_ pinned: String, in folder: String) {
        guard let sign = pinned.lastIndex(of: "@"), let number = Int(pinned[pinned.index(after: sign)...]),
            let slash = pinned.firstIndex(of: "/"), slash < sign,
            let project = ProjectName(rawValue: String(pinned[..<slash])),
            let name = ModelName(rawValue: String(pinned[pinned.index(after: slash)..<sign]))
        else { return nil }
        self.init(model: ModelReference(project: project, name: name), number: number, folder: folder)
    }
}

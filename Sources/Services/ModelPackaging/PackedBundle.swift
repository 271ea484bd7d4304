// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Synchronization

/// A bundle that was packed and holds its proof, before it is written or sent anywhere.
package struct PackedBundle: Sendable {
    /// Where the bytes of a file are.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// In ``PackedBundle/folder``, under this path.
        case file(String)
        /// In another folder.
        case elsewhere(String, any ProjectFolder)
    }

    package typealias Entry = (file: BundleFile, content: Content)

    package static let provenanceName = "provenance.json"
    /// What ``patch`` is called in a folder.
    package static let patchName = "provenance.patch"

    package let model: ModelReference
    /// The endpoints that the project names; the model's own name when it names none.
    package let endpoints: [EndpointName]
    /// What the project says of how they treat their callers.
    package let endpointSettings: [EndpointName: [EndpointSettings.Key: String]]
    package let manifest: BundleManifest
    /// Canonical JSON of ``manifest``; its digest is the bundle's.
    package let manifestBytes: [UInt8]
    package let provenanceBytes: [UInt8]
    /// What the code had otherwise than the commit that the provenance names; a content of its own, beside the bundle.
    package let patch: [UInt8]?
    package let contents: [Entry]
    /// The project, or what was prepared from it.
    package let folder: any ProjectFolder
    package let verdict: ProofVerdict
    /// What became of the attempts to convert the model; `nil` for one that needed none.
    package let conversion: ConversionVerdict?
    /// What a person should know and need not act on.
    package let notes: [String]

    package var digest: Digest { Digest(of: manifestBytes) }

    /// Where in ``folder`` the file lies that the engine opens.
    var modelPath: String {
        for (file, content) in contents where file.path == manifest.model {
            if case .file(let path) = content { return path }
        }
        return manifest.model
    }

    package init(
        model: ModelReference, endpoints: [EndpointName],
        endpointSettings: [EndpointName: [EndpointSettings.Key: String]] = [:], manifest: BundleManifest,
        provenanceBytes: [UInt8], patch: [UInt8]? = nil, contents: [Entry], folder: any ProjectFolder,
        verdict: ProofVerdict,
        conversion: ConversionVerdict? = nil, notes: [String]
    ) {
        self.model = model
        self.endpoints = endpoints
        self.endpointSettings = endpointSettings
        self.manifest = manifest
        manifestBytes = manifest.canonicalBytes
        self.provenanceBytes = provenanceBytes
        self.patch = patch
        self.contents = contents
        self.folder = folder
        self.verdict = verdict
        self.conversion = conversion
        self.notes = notes
    }

    /// The bytes of one of its files, piece by piece.
    package func pieces(of file: BundleFile) throws -> @Sendable () throws -> [UInt8]? {
        switch contents.first(where: { $0.file == file })?.content {
        case .bytes(let bytes):
            let rest = Mutex([bytes])
            return { rest.withLock { $0.popLast() } }
        case .file(let path): return try folder.pieces(of: path)
        case .elsewhere(let path, let folder): return try folder.pieces(of: path)
        case nil: return { nil }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// A bundle that was packed and holds its proof, before it is written or sent anywhere.
package struct PackedBundle: Sendable {
    /// Where the bytes of a file are.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// In the project folder, under this path.
        case projectFile(String)
    }

    package typealias Entry = (file: BundleFile, content: Content)

    package static let manifestName = "manifest.json"
    package static let provenanceName = "provenance.json"

    package let model: ModelReference
    /// The endpoints that the project names; the model's own name when it names none.
    package let endpoints: [EndpointName]
    /// What the project says of how they treat their callers.
    package let endpointSettings: [EndpointName: [EndpointSettings.Key: String]]
    package let manifest: BundleManifest
    /// Canonical JSON of ``manifest``; its digest is the bundle's.
    package let manifestBytes: [UInt8]
    package let provenanceBytes: [UInt8]
    package let contents: [Entry]
    package let verdict: ProofVerdict
    /// What a person should know and need not act on.
    package let notes: [String]

    package var digest: Digest { Digest(of: manifestBytes) }

    package init(
        model: ModelReference, endpoints: [EndpointName],
        endpointSettings: [EndpointName: [EndpointSettings.Key: String]] = [:], manifest: BundleManifest,
        provenanceBytes: [UInt8], contents: [Entry], verdict: ProofVerdict, notes: [String]
    ) {
        self.model = model
        self.endpoints = endpoints
        self.endpointSettings = endpointSettings
        self.manifest = manifest
        manifestBytes = manifest.canonicalBytes
        self.provenanceBytes = provenanceBytes
        self.contents = contents
        self.verdict = verdict
        self.notes = notes
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import ModelPackaging
internal import WireTypes

/// Brings a packed bundle to a server, leaving out what is there already.
struct BundleUpload {
    private let packed: any PackedProject
    private let client: SlipwayClient
    private let run: String?

    /// - Parameter run: The run that it came of.
    init(_ packed: any PackedProject, to client: SlipwayClient, run: String? = nil) {
        self.packed = packed
        self.client = client
        self.run = run
    }

    /// - Returns: The version that the bundle is on the server, new or not.
    func register() async throws -> ModelVersionV1 {
        let bundle = packed.bundle
        for content in bundle.contents where try await !client.hasBlob(content.file.digest) {
            let file = content.file
            Console.current.progress("sending \(file.path), \(byteText(file.byteCount))")
            try await client.putBlob(file.digest, byteCount: file.byteCount, packed.read(file))
        }
        let provenance = Digest(of: bundle.provenanceBytes)
        if let patch = bundle.patch { try await send(patch, as: Digest(of: patch)) }
        try await send(bundle.manifestBytes, as: bundle.digest)
        try await send(bundle.provenanceBytes, as: provenance)
        return try await client.registerVersion(
            of: bundle.model, manifest: bundle.digest, provenance: provenance, as: packed.registeredVersion,
            run: run)
    }

    private func send(_ bytes: [UInt8], as digest: Digest) async throws {
        guard try await !client.hasBlob(digest) else { return }
        try await client.putBlob(digest, bytes)
    }
}

// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import CommandLineInterface
import Foundation
import ModelDomain
import ModelPackaging
import ModelRollouts

/// Deploys a folder of this machine from inside of the server: a bundle, a project, or a folder with a model.
struct FolderDeployment: Sendable {
    let engines: EngineLibraries
    let blobs: BlobFiles
    let rollouts: Rollouts
    /// Folders outside of this one are refused; `nil` for any.
    let root: String?

    /// The same for a platform that chooses the endpoint's name.
    @Sendable func byName(_ path: String, _ endpoint: EndpointName) async throws {
        try await deploy(path, to: endpoint, by: "container")
    }

    /// - Parameter endpoint: Where to answer; `nil` for the endpoints that the bundle names, else one of the model's name.
    func deploy(_ path: String, to endpoint: EndpointName?, by actor: String) async throws {
        let folder = try resolved(path)
        let packed = try await pack(folder)
        let bundle = packed.bundle
        for content in bundle.contents where try await !blobs.contains(content.file.digest) {
            try await blobs.put(content.file.digest, packed.read(content.file))
        }
        let provenance = Digest(of: bundle.provenanceBytes)
        try await blobs.put(bundle.digest, stream(bundle.manifestBytes))
        try await blobs.put(provenance, stream(bundle.provenanceBytes))
        let version = try await rollouts.register(
            model: bundle.model, manifest: bundle.digest, provenance: provenance, by: actor)
        let named = bundle.endpoints.isEmpty ? [try EndpointName(bundle.model.name.rawValue)] : bundle.endpoints
        for name in endpoint.map({ [$0] }) ?? named {
            _ = try await rollouts.deploy(
                bundle.model, version: String(version.number), to: name,
                settings: bundle.endpointSettings[name] ?? [:], by: actor, reason: "found in \(path)")
        }
    }

    private func pack(_ folder: String) async throws -> any PackedProject {
        let packed = Task { [engines, rollouts] in
            try await rollouts.aside {
                try MachineToolbox().pack(
                    PackOptions(path: folder, name: nil, project: nil, examples: nil, baseline: nil), engines: engines,
                    progress: { _ in })
            }
        }
        // The model was loaded once to pack it, and will be again to serve.
        let result = await packed.result
        await rollouts.returnMemory()
        return try result.get()
    }

    private func resolved(_ path: String) throws -> String {
        guard let root else { return path }
        let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        let home = URL(fileURLWithPath: root).resolvingSymlinksInPath().standardizedFileURL.path
        guard folder.hasPrefix(home + "/") else {
            throw Refusal(
                .pathOutside, .invalidInput, "“\(path.prefix(200))” is not below \(root).",
                hint: "Models are loaded from there only.")
        }
        return folder
    }

    private func stream(_ bytes: [UInt8]) -> AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
    }
}

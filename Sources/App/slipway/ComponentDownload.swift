// SPDX-License-Identifier: Apache-2.0
import APIClient
import Foundation
import ModelDomain
import ModelPackaging
import WireTypes

/// Fetches the registered versions that a graph's steps are, each into a folder of its own.
struct ComponentDownload {
    let client: SlipwayClient
    let scratch: () throws -> StagedFolder

    func component(_ reference: ComponentReference) async throws -> Packager.Component {
        let selector = Int(reference.version) == nil ? "@\(reference.version)" : reference.version
        let version = try await client.version(selector, of: reference.model)
        guard let bundle = version.bundle.flatMap({ Digest($0) }),
            let provenance = version.provenance.flatMap({ Digest($0) })
        else {
            throw Refusal(
                .versionNotReady, .conflict, "Version \(version.version) of “\(reference.model)” has no bundle yet.",
                hint: "Pack and register one.")
        }
        let folder = try scratch()
        try await fetch(bundle, as: BundleManifest.fileName, into: folder)
        try await fetch(provenance, as: PackedBundle.provenanceName, into: folder)
        // What it names is inside of the folder, and every file is compared with its digest when the bundle is read.
        let manifest = try BundleManifest(
            manifest: Array(
                FileManager.default.contents(atPath: "\(folder.staging.path)/\(BundleManifest.fileName)") ?? Data()))
        for file in manifest.files { try await fetch(file.digest, as: file.path, into: folder) }
        return Packager.Component(
            folder: folder, version: "\(reference.model.project)/\(reference.model.name)@\(version.version)")
    }

    private func fetch(_ digest: Digest, as name: String, into folder: StagedFolder) async throws {
        try await folder.receive(name) { write in try await client.blob(digest) { try write($0) } }
    }
}

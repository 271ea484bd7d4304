// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import ModelDomain
import ModelRegistry
import StoreSQL

/// Makes sure that a registry and a folder of contents belong together, before either is used: one would clear away what only
/// the other knows to be needed. They are bound to each other at the first start that finds both free.
///
/// A registry in a file is in the data folder, as its contents are, and nobody else has both while a server has the lock.
struct ContentsUnion {
    let registry: RegistryDatabase
    let database: any SQLDatabase
    let folder: DataFolder
    let blobs: BlobFiles

    /// - Throws: `RPL-003` when either belongs to another, or does not look as if they belonged together; then neither was
    ///   changed.
    func require() async throws {
        if case .file = registry, !folder.sharesContents { return }
        let placement = SQLPlacement(database: database)
        let known = try await placement.known()
        switch (try blobs.owner().map(Owner.init), known) {
        case (let owner?, let known):
            guard let owner, owner.platform == known?.platform else { throw foreign }
            guard try await placement.contents(orElse: owner.name) == owner.name else { throw elsewhere }
        case (nil, let known?) where known.contents != nil: throw elsewhere
        case (nil, let known): try await bind(placement, known?.platform)
        }
    }

    private func bind(_ placement: SQLPlacement, _ platform: String?) async throws {
        let hasModels = try await !ModelRegistry(store: SQLRegistryStore(database: database), now: { .now })
            .models().isEmpty
        let hasContents = try await !blobs.contents().isEmpty
        if hasModels, !hasContents { throw elsewhere }
        // In the data folder they may be of a registry in a file, which a person has given up for this one.
        if hasContents, !hasModels, folder.sharesContents { throw foreign }
        let platform = try await placement.platform(orElse: UUID().uuidString.lowercased())
        guard
            let owner = Owner(try blobs.platform(claimedBy: "\(platform) \(UUID().uuidString.lowercased())")),
            owner.platform == platform
        else { throw foreign }
        guard try await placement.contents(orElse: owner.name) == owner.name else { throw elsewhere }
    }

    /// Who a folder belongs to, and its own name.
    private struct Owner {
        let platform: String
        let name: String

        init?(_ line: String) {
            let parts = line.split(separator: " ").map(String.init)
            guard parts.count == 2 else { return nil }
            (platform, name) = (parts[0], parts[1])
        }
    }

    private var foreign: Refusal {
        Refusal(
            .contentsForeign, .conflict, "The contents in “\(folder.contents)” belong to another registry.",
            hint: "Start the server with the registry that they belong to, or with another folder: --contents.")
    }

    private var elsewhere: Refusal {
        Refusal(
            .contentsForeign, .conflict,
            "The registry's contents are in another folder than “\(folder.contents)”.",
            hint: "Have all servers of one registry share one folder: `slipway serve --database URL --contents FOLDER`."
        )
    }
}

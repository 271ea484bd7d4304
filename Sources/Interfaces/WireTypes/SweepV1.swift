// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
internal import ModelDomain

/// What clearing away did, or would do.
package struct SweepV1: Codable, Sendable, Equatable {
    package struct Share: Codable, Sendable, Equatable {
        package let count: Int
        package let bytes: Int

        init(_ share: Sweep.Share) {
            count = share.count
            bytes = share.byteCount
        }
    }

    /// Whether it was done.
    package let applied: Bool
    /// Rows that were deleted before the time that they are kept for, and go for good.
    package let runs: Int
    package let experiments: Int
    package let loggedModels: Int
    package let versions: Int
    package let artifacts: Int
    /// Contents for the trash: named by no row, and named only by rows that go.
    package let unnamed: Share
    package let ofDeleted: Share
    /// Contents of the trash: deleted for good, and brought back because something needs them.
    package let destroyed: Share
    package let broughtBack: Share
    /// Contents that stay: needed, held by a backup that is being made, used within the last day.
    package let needed: Share
    package let held: Share
    package let young: Share
    /// Folders of bundles that were laid out and are not needed any more.
    package let bundleFolders: Int
    /// The digest of the list of what was moved and deleted, which the ledger names.
    package let list: String?

    package init(_ sweep: Sweep) {
        applied = sweep.isApplied
        runs = sweep.expiry.runs
        experiments = sweep.expiry.experiments
        loggedModels = sweep.expiry.loggedModels
        versions = sweep.expiry.versions
        artifacts = sweep.expiry.artifacts
        unnamed = Share(sweep.unnamed)
        ofDeleted = Share(sweep.ofDeleted)
        destroyed = Share(sweep.destroyed)
        broughtBack = Share(sweep.broughtBack)
        needed = Share(sweep.needed)
        held = Share(sweep.held)
        young = Share(sweep.young)
        bundleFolders = sweep.bundleFolders
        list = sweep.list?.description
    }
}

/// A content of the trash.
package struct TrashedContentV1: Codable, Sendable, Equatable {
    package let digest: String
    package let bytes: Int
    /// RFC 3339: when it was moved there.
    package let movedAt: String

    package init(digest: String, bytes: Int, movedAt: String) {
        self.digest = digest
        self.bytes = bytes
        self.movedAt = movedAt
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A store of contents as those see it who clear it out. Every conforming type passes `ContentShelfContract`.
///
/// A content in the trash is brought back by whoever puts it or asks for it again, so that it can only be lost where
/// nobody did for as long as the trash keeps it.
package protocol ContentShelf: Sendable {
    /// Every content, in no order. The time is when it was last put, or asked about.
    func contents() async throws -> [KeptContent]

    /// Moves a content to the trash, unless it was put or asked about after `unusedSince`.
    ///
    /// - Returns: Whether it did.
    func discard(_ digest: Digest, unusedSince: Timestamp, at time: Timestamp) async throws -> Bool

    /// What is in the trash, in no order. The time is when it was moved there.
    func trash() async throws -> [KeptContent]

    /// - Returns: Whether it was in the trash.
    func bringBack(_ digest: Digest) async throws -> Bool

    /// Deletes a content of the trash for good, if it was moved there before `time`.
    ///
    /// - Returns: Whether it did.
    func destroy(_ digest: Digest, discardedBefore time: Timestamp) async throws -> Bool

    /// Removes what was laid out of bundles other than `bundles`, unless it was made after `unusedSince`.
    ///
    /// - Returns: How many folders went.
    func removeBundleFolders(except bundles: Set<Digest>, unusedSince: Timestamp) async throws -> Int
}

package struct KeptContent: Sendable, Hashable {
    package let digest: Digest
    package let byteCount: Int
    package let time: Timestamp

    package init(digest: Digest, byteCount: Int, time: Timestamp) {
        self.digest = digest
        self.byteCount = byteCount
        self.time = time
    }
}

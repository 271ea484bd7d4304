// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What clearing away did, or would do.
package struct Sweep: Sendable {
    /// Contents of one kind.
    package struct Share: Sendable, Equatable {
        package var count = 0
        package var byteCount = 0

        mutating func add(_ content: KeptContent) {
            count += 1
            byteCount += content.byteCount
        }
    }

    package internal(set) var isApplied = false
    package let expiry: Expiry
    /// Contents that no row named.
    package internal(set) var unnamed = Share()
    /// Contents that only rows named which went.
    package internal(set) var ofDeleted = Share()
    /// Of the trash: what is deleted for good because its time has passed, and what came back because it is needed.
    package internal(set) var destroyed = Share()
    package internal(set) var broughtBack = Share()
    /// What stays, for which reason.
    package internal(set) var needed = Share()
    package internal(set) var young = Share()
    package internal(set) var held = Share()
    package internal(set) var bundleFolders = 0
    /// The list of what was moved, which the ledger names; `nil` where nothing was.
    package internal(set) var list: Digest?

    init(_ expiry: Expiry) { self.expiry = expiry }

    mutating func add(_ content: KeptContent, isOfDeleted: Bool) {
        if isOfDeleted { ofDeleted.add(content) } else { unnamed.add(content) }
    }
}

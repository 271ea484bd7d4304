// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A content that a row of the registry names.
package struct ContentReference: Sendable, Hashable {
    /// What it is to the row, and so what it may name itself.
    package enum Role: String, Sendable, Hashable {
        /// A manifest, which names the files of its bundle.
        case bundle
        /// A document of ours in which digests may stand, such as a provenance.
        case document
        /// Bytes that are somebody else's business.
        case plain
        /// What an entry of the ledger names, which may be gone for long.
        case evidence
    }

    package let digest: Digest
    package let role: Role
    /// Which row it is, for a message: `churn version 3`. `nil` where nobody would have to know.
    package let holder: String?

    package init(_ digest: Digest, _ role: Role, holder: String? = nil) {
        self.digest = digest
        self.role = role
        self.holder = holder
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelRegistry

/// Where the hashes of tokens are kept, beside the ledger of who made them. Every conforming type passes
/// `CredentialStoreContract`.
package protocol CredentialStore: Sendable {
    /// In no particular order.
    func credentials() async throws -> [Credential]

    /// All of the body's changes, or none; on disk when this returns. The body may run again from the start after a
    /// conflict with another writer: it must not have effects of its own.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any CredentialWriting) throws -> Result) async throws
        -> Result
}

/// What can be changed inside one transaction. Callers append the ledger entry of a change beside it.
package protocol CredentialWriting: LedgerWriting {
    /// In no particular order.
    func credentials() throws -> [Credential]
    /// Remembers a token by its hash.
    ///
    /// - Throws: `REG-008` when the hash, or a token of the same id, is there.
    func insert(_ credential: Credential) throws
    func setExpiry(_ time: Timestamp, of tokenDigest: Digest) throws
    /// Forgets a token; one that is not known is no mistake.
    func remove(_ tokenDigest: Digest) throws
}

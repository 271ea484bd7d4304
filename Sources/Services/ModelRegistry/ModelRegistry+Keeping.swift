// SPDX-License-Identifier: Apache-2.0

extension ModelRegistry {
    /// Writes into the ledger what somebody did with the platform as a whole, which changes no row.
    ///
    /// - Throws: `IN-008` for texts that the ledger cannot hold.
    package func record(_ action: String, _ object: String, after: String?, by actor: String) async throws {
        try await change(by: actor) { _, log in try log.append(action, object, after: after) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a loaded version takes of the process's memory, in bytes.
package struct MemoryUse: Sendable, Hashable {
    /// Of what it shares with no other version.
    package let own: Int
    /// Of its engine, which versions with the same model file share.
    package let engine: Int

    package init(own: Int = 0, engine: Int = 0) {
        self.own = own
        self.engine = engine
    }

    package var total: Int { own + engine }
}

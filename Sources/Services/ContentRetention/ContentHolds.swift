// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Contents that somebody works with who has no row for them yet, such as a backup that is being copied: whoever clears away
/// on the same platform leaves them alone, in whichever process. Every conforming type passes `ContentHoldsContract`.
package protocol ContentHolds: Sendable {
    /// Holds `contents` instead of what was held as `id` before. It is on disk when this returns.
    ///
    /// - Parameters:
    ///   - id: Any text of the caller's.
    ///   - end: When they are let go of by themselves: whoever held them may have died.
    func hold(_ contents: Set<Digest>, as id: String, until end: Timestamp) async throws

    /// Harmless where nothing is held as `id`.
    func release(_ id: String) async throws

    /// What is held as `id` at `time`; `nil` when nothing is.
    func contents(heldAs id: String, at time: Timestamp) async throws -> Set<Digest>?

    /// All that anybody holds at `time`. What has ended by then is forgotten.
    ///
    /// - Throws: `RET-001` when it cannot be read what somebody holds: it might be anything.
    func held(at time: Timestamp) async throws -> Set<Digest>
}

// SPDX-License-Identifier: Apache-2.0

/// What one replica at a time does for all of them.
package enum SingleWork: String, Sendable, CaseIterable {
    /// Contents that nothing needs go to the trash, or a backup finds out which ones it needs.
    case clearing
    /// Endpoints come to answer with what their aliases stand for.
    case following
    /// Graphs are packed anew with newer versions of their parts.
    case graphs
    /// All servers are looked at, and people told of what needs them.
    case alerts
}

/// The right to do some work alone, for as long as nobody else was given it.
///
/// Every time that the work goes to another holder its ``token`` grows. Whatever is written under a lease is written only
/// if the token is still the present one, in the same transaction: a server that was suspended, and goes on after another
/// has taken its work over, changes nothing any more.
package struct Lease: Sendable, Hashable {
    package let work: SingleWork
    package let token: Int

    package init(_ work: SingleWork, token: Int) {
        self.work = work
        self.token = token
    }

    /// What the present task holds. Stores ask for it.
    @TaskLocal package static var held: [Lease] = []
}

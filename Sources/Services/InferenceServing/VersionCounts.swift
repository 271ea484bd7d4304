// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What one loaded version was asked and has answered: equal once nothing runs on it any more.
package final class VersionCounts: Sendable {
    private let acceptedCount = Atomic<Int>(0)
    private let answeredCount = Atomic<Int>(0)

    package init() {}

    package var accepted: Int { acceptedCount.load(ordering: .acquiring) }
    /// Accepted and answered, failures included.
    package var answered: Int { answeredCount.load(ordering: .acquiring) }

    func accept() { acceptedCount.add(1, ordering: .relaxed) }

    /// It was not accepted after all.
    func retract() { acceptedCount.subtract(1, ordering: .relaxed) }

    /// Releasing: who sees the count sees what the call did.
    func answer() { answeredCount.add(1, ordering: .releasing) }
}

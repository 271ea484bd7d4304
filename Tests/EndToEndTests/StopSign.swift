// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells the load that the changes are over.
final class StopSign: Sendable {
    private let up = Atomic<Bool>(false)
    var isUp: Bool { up.load(ordering: .relaxed) }
    func raise() { up.store(true, ordering: .relaxed) }
}

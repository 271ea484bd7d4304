// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import Logging
import ServiceLifecycle
import Synchronization

/// How a server ends: asked once, it answers what it accepted, for as long as the limit allows; asked twice, at once.
///
/// A model that never returns holds a thread that nothing can end but the end of the process.
final class Ending: Sendable {
    /// The exit code when something that was accepted was not answered.
    static let cutShort: Int32 = 8

    private let group: ServiceGroup
    private let limit: Duration
    private let counts: @Sendable () -> Counts
    private let logger: Logger
    private let leave: @Sendable (Counts) -> Void
    private let hasBegun = Atomic<Bool>(false)

    struct Counts: Sendable {
        let accepted: Int
        let answered: Int
    }

    /// - Parameter leave: Called before the process ends without having finished.
    init(
        _ group: ServiceGroup, limit: Duration, counts: @escaping @Sendable () -> Counts, logger: Logger,
        leave: @escaping @Sendable (Counts) -> Void
    ) {
        self.group = group
        self.limit = limit
        self.counts = counts
        self.logger = logger
        self.leave = leave
    }

    /// Stops accepting, and lets what runs come to its end.
    func begin() async {
        guard hasBegun.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return cut(because: "told to stop again")
        }
        await group.triggerGracefulShutdown()
        // A thread, because nothing else may be left to run on.
        Thread { [self] in
            Thread.sleep(forTimeInterval: limit / .seconds(1))
            cut(because: "still running after \(limit / .seconds(1)) s")
        }.start()
    }

    private func cut(because reason: String) {
        let counts = counts()
        logger.warning(
            "stopped before everything was answered",
            metadata: [
                "reason": "\(reason)", "accepted": "\(counts.accepted)", "answered": "\(counts.answered)",
                "cut": "\(counts.accepted - counts.answered)",
            ])
        leave(counts)
        // Not `exit`: it would take libraries apart under the threads that still run.
        _exit(Self.cutShort)
    }
}

extension Ending.Counts {
    /// Of all endpoints of a server, since its start.
    init(_ table: ServingTable) {
        let counters = table.endpoints.values.map(\.counters)
        // In this order: what is accepted in between must not look unanswered the other way round.
        let answered = counters.reduce(0) { $0 + $1.answered }
        self.init(accepted: counters.reduce(0) { $0 + $1.accepted }, answered: answered)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Synchronization

/// Runs on an event loop that took longer than runs there may: of a model whose time depends on the values that it gets,
/// or on a machine that is too busy to keep what was measured when the version was warmed.
///
/// Whatever they take too much is a debt, which time pays off. Beyond what may be owed, calls run on lanes for a while,
/// each time for twice as long.
final class InlineOverruns: Sendable {
    /// What may be owed, in nanoseconds: a few runs that lost their core to another program.
    static let credit = 20_000_000
    /// A twentieth of the time may be overruns for ever.
    static let payment = 20
    static let firstPause = 60_000_000_000
    static let longestPause = 64 * firstPause

    private struct Account {
        var debt = 0
        var latest = Moment(nanoseconds: 0)
        var nextPause = InlineOverruns.firstPause
    }

    /// Until when calls run on lanes, in nanoseconds; 0 for never yet. All that a call reads that keeps to the budget.
    private let end = Atomic<Int>(0)
    private let account = Mutex(Account())

    /// Whether calls run on lanes at the moment.
    var isPaused: Bool {
        let end = end.load(ordering: .relaxed)
        return end > 0 && Moment.now.nanoseconds < end
    }

    /// A run on an event loop has ended.
    ///
    /// - Parameters:
    ///   - nanoseconds: How long it took.
    ///   - budget: How long it may take.
    func ran(_ nanoseconds: Int, budget: Int, now: @autoclosure () -> Moment = .now) {
        guard nanoseconds > budget else { return }
        let now = now()
        account.withLock { account in
            account.debt = max(0, account.debt - now.since(account.latest) / Self.payment) + nanoseconds - budget
            account.latest = now
            guard account.debt > Self.credit else { return }
            account.debt = 0
            end.store(now.after(account.nextPause).nanoseconds, ordering: .relaxed)
            account.nextPause = min(2 * account.nextPause, Self.longestPause)
        }
    }
}

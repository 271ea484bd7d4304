// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import ModelExecution
internal import Synchronization

/// Runs on an event loop that took the processor for longer than runs there may: of a model whose time depends on the values
/// that it gets.
///
/// Whatever they take too much is a debt, which time pays off. Beyond what may be owed, calls run on lanes for a while,
/// each time for twice as long. A run that lost its core to another program took long as well, and is no debt; the
/// processor's own time costs a system call to ask for, so that it is asked only for a while after a run took long.
final class InlineOverruns: Sendable {
    /// What may be owed, in nanoseconds.
    static let credit = 20_000_000
    /// A twentieth of the time may be overruns for ever.
    static let payment = 20
    static let watch = 10_000_000_000
    static let firstPause = 60_000_000_000
    static let longestPause = 64 * firstPause

    private struct Account {
        var debt = 0
        var latest = Moment(nanoseconds: 0)
        var nextPause = InlineOverruns.firstPause
    }

    /// Until when calls run on lanes, and until when runs are watched, in nanoseconds; 0 for never yet.
    private let pauseEnd = Atomic<Int>(0)
    private let watchEnd = Atomic<Int>(0)
    private let account = Mutex(Account())

    /// Whether calls run on lanes at the moment.
    var isPaused: Bool {
        let end = pauseEnd.load(ordering: .relaxed)
        return end > 0 && Moment.now.nanoseconds < end
    }

    /// A run begins on this thread.
    ///
    /// - Returns: What the thread has had of the processor, in nanoseconds, while runs are watched.
    func begin(_ now: Moment) -> Int? {
        now.nanoseconds < watchEnd.load(ordering: .relaxed) ? processorNanoseconds() : nil
    }

    /// It has ended.
    ///
    /// - Parameters:
    ///   - nanoseconds: How long it took.
    ///   - begun: What ``begin(_:)`` gave.
    ///   - budget: How long it may take.
    func end(_ nanoseconds: Int, begun: Int?, budget: Int) {
        guard nanoseconds > budget else { return }
        note(begun.map { processorNanoseconds() - $0 }, budget: budget, now: .now)
    }

    /// A run took longer than `budget`.
    ///
    /// - Parameter used: How long it had the processor, where that was watched.
    func note(_ used: Int?, budget: Int, now: Moment) {
        watchEnd.store(now.after(Self.watch).nanoseconds, ordering: .relaxed)
        guard let used, used > budget else { return }
        account.withLock { account in
            account.debt = max(0, account.debt - now.since(account.latest) / Self.payment) + used - budget
            account.latest = now
            guard account.debt > Self.credit else { return }
            account.debt = 0
            pauseEnd.store(now.after(account.nextPause).nanoseconds, ordering: .relaxed)
            account.nextPause = min(2 * account.nextPause, Self.longestPause)
        }
    }
}

/// What this thread has had of the processor.
private func processorNanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

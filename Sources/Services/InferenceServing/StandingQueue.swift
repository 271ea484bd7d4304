// SPDX-License-Identifier: Apache-2.0

/// Tells a burst, which a queue is for, from overload, in which a queue only makes everybody late.
///
/// The measure is the time that a request would wait, in units of a target: the service time, and at least 5 ms. A queue
/// that was empty a moment ago takes a burst of ten targets. When one would wait longer than that, or the queue has not
/// been empty for twenty, it is overload: from then on nobody waits longer than the target, until the queue was empty.
///
/// - SeeAlso: K. Nichols and V. Jacobson, *Controlling Queue Delay*, 2012 (a queue is bad when it stands, not when it is
///   long); B. Maurer, *Fail at Scale*, 2015 (the same at a server).
struct StandingQueue {
    static let leastTargetNanoseconds = 5_000_000
    static let burstTargets = 10
    static let standingTargets = 20

    private(set) var isOverloaded = false
    private var occupiedSince: Moment?

    /// The queue is empty.
    mutating func drained() {
        occupiedSince = nil
        isOverloaded = false
    }

    /// Whether one more may wait.
    ///
    /// - Parameters:
    ///   - wait: How long it is expected to, in nanoseconds.
    ///   - target: In nanoseconds.
    mutating func admits(wait: Int, target: Int, now: Moment) -> Bool {
        let since = occupiedSince ?? now
        occupiedSince = since
        if now.since(since) > target.multiplied(by: Self.standingTargets)
            || wait > target.multiplied(by: Self.burstTargets)
        {
            isOverloaded = true
        }
        return !isOverloaded || wait <= target
    }
}

extension Int {
    /// The product; `Int.max` when it is larger.
    func multiplied(by factor: Int) -> Int {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}

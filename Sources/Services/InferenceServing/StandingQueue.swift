// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

/// Tells a burst, which a queue is for, from overload, in which a queue only makes everybody late.
///
/// The measure is the time that a request would wait, in units of a target: the service time, and at least 5 ms. A burst
/// of ten targets is taken. When one would wait longer than that, or each one for twenty targets would have waited too
/// long, it is overload: from then on nobody waits longer than a bound below the target, until nobody had to be refused
/// for twenty targets.
///
/// - SeeAlso: K. Nichols and V. Jacobson, *Controlling Queue Delay*, 2012 (a queue is bad when it stands, not when it is
///   long); B. Maurer, *Fail at Scale*, 2015 (the same at a server).
struct StandingQueue {
    static let leastTargetNanoseconds = 5_000_000
    static let burstTargets = 10
    static let intervalTargets = 20

    private(set) var isOverloaded = false
    /// Since when each one would have waited longer than the bound.
    private var lateSince: Moment?
    private var lastRefusal = Moment(nanoseconds: .min)

    /// The queue is empty.
    mutating func drained() { lateSince = nil }

    /// Whether one more may wait.
    ///
    /// - Parameters:
    ///   - wait: How long it is expected to, in nanoseconds; 0 when nobody is ahead.
    ///   - bound: The longest wait under overload, in nanoseconds.
    ///   - target: In nanoseconds.
    mutating func admits(wait: Int, bound: Int, target: Int, now: Moment) -> Bool {
        let interval = target.multiplied(by: Self.intervalTargets)
        if isOverloaded, wait == 0, now.since(lastRefusal) > interval { isOverloaded = false }
        let since = wait > bound ? lateSince ?? now : nil
        lateSince = since
        let stands = since.map { now.since($0) > interval } ?? false
        if !isOverloaded, stands || wait > target.multiplied(by: Self.burstTargets) {
            isOverloaded = true
            lastRefusal = now
        }
        guard isOverloaded, wait > bound else { return true }
        lastRefusal = now
        return false
    }
}

extension Int {
    /// The product; `Int.max` when it is larger.
    func multiplied(by factor: Int) -> Int {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}

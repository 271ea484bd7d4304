// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// One bucket of tokens for each caller, kept as the one moment at which it will be full again.
///
/// A bucket holds what the rate allows in one period, so that a caller may send that much at once after a pause. Memory is
/// bounded however many callers come: they live in two generations of at most ``generationSize``, and the older one is
/// forgotten as a whole. A caller who is forgotten starts with a full bucket: no one is refused for others.
struct CallerRates {
    static let generationSize = 8192

    /// When each caller's bucket is full again.
    private var recent: [CallerKey: Moment] = [:]
    private var older: [CallerKey: Moment] = [:]

    /// Takes a token of `caller`.
    ///
    /// - Returns: `nil` when there was one, else the nanoseconds until there is.
    mutating func take(from caller: CallerKey, at rate: RequestRate, now: Moment) -> Int? {
        let full = max(recent[caller] ?? older[caller] ?? now, now)
        let next = full.after(rate.intervalNanoseconds)
        let excess = next.since(now) - rate.period.nanoseconds
        guard excess <= 0 else { return excess }
        if recent.count >= Self.generationSize, recent[caller] == nil {
            older = recent
            recent.removeAll(keepingCapacity: true)
        }
        recent[caller] = next
        return nil
    }

    /// Callers that are remembered.
    var count: Int { recent.count + older.count }
}

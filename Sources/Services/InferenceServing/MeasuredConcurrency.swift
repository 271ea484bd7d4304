// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Statistics

/// Feeds a ``ConcurrencyLimit`` with one sample a second rather than one a call: the mean time of the calls that ended,
/// and the most that ran at once.
struct MeasuredConcurrency {
    static let windowNanoseconds = 1_000_000_000
    static let fewestCalls = 10
    static let highest = 200

    private var limit: ConcurrencyLimit
    private var windowStart: Moment?
    private var sum = 0.0
    private var calls = 0
    private var mostRunning = 0

    init(cores: Int) {
        // At a gradient of one half the limit settles at twice the headroom, so that more would keep it from the cores.
        limit = ConcurrencyLimit(initial: 2 * cores, range: cores...max(cores, Self.highest), headroom: 1)
    }

    var value: Int { limit.value }

    /// A call ended.
    ///
    /// - Parameter running: How many ran, this one included.
    mutating func record(nanoseconds: Int, running: Int, now: Moment) {
        let start = windowStart ?? now
        windowStart = start
        sum += Double(nanoseconds)
        calls += 1
        mostRunning = max(mostRunning, running)
        guard calls >= Self.fewestCalls, now.since(start) >= Self.windowNanoseconds else { return }
        limit.record(time: sum / Double(calls), inFlight: mostRunning)
        windowStart = now
        (sum, calls, mostRunning) = (0, 0, 0)
    }
}

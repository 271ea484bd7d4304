// SPDX-License-Identifier: Apache-2.0
import ModelExecution
import Testing

@testable import InferenceServing

@Suite struct InlineOverrunsTests {
    private static let budget = 100_000

    /// Runs of `nanoseconds` each, one every `interval`.
    private func pauses(after runs: Int, of nanoseconds: Int, every interval: Int) -> Bool {
        let overruns = InlineOverruns()
        var now = Moment.now
        for _ in 0..<runs {
            if nanoseconds > Self.budget { overruns.note(nanoseconds, budget: Self.budget, now: now) }
            now = now.after(interval)
        }
        return overruns.isPaused
    }

    @Test func runsWithinTheBudgetAreNone() {
        #expect(!pauses(after: 1000, of: 100_000, every: 100_000))
    }

    @Test func oneLongRunIsEnough() {
        #expect(pauses(after: 1, of: 25_000_000, every: 0))
    }

    /// The first long run only begins the watch, and one that waited for a core is no debt.
    @Test func whatDidNotHaveTheProcessorIsNoDebt() {
        let overruns = InlineOverruns()
        #expect(overruns.begin(.now) == nil)
        for used in [nil, 50_000, 90_000] { overruns.note(used, budget: Self.budget, now: .now) }
        #expect(!overruns.isPaused)
        #expect(overruns.begin(.now) != nil)
    }

    @Test func rareShortOnesAreForgiven() {
        #expect(!pauses(after: 10_000, of: 3_000_000, every: 100_000_000))
        #expect(pauses(after: 10_000, of: 3_000_000, every: 10_000_000))
    }

    @Test func eachPauseIsTwiceAsLong() {
        let overruns = InlineOverruns()
        let start = Moment.now.after(-3 * InlineOverruns.firstPause / 2)
        overruns.note(1_000_000_000, budget: Self.budget, now: start)
        #expect(!overruns.isPaused)
        overruns.note(1_000_000_000, budget: Self.budget, now: start)
        #expect(overruns.isPaused)
    }
}

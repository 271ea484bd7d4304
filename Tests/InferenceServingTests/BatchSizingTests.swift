// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import InferenceServing

/// How many rows a call takes, without a clock.
struct BatchSizingTests {
    /// 0.84 ms a call and 0.16 ms a row: 32 rows cost six times as much as one.
    private static func cost(_ rows: Int) -> Int { 840_000 + 160_000 * rows }
    private static let measured = RunCost(
        oneRowNanoseconds: cost(1), furtherRowNanoseconds: 160_000, joint: .shown(rows: 64))

    /// Full calls until nothing changes any more.
    private func settled(
        _ sizing: inout BatchSizing, budget: Int, cost: (Int) -> Int = Self.cost, calls: Int = 300
    ) -> [Int] {
        (0..<calls).map { _ in
            sizing.ran(rows: sizing.cap, nanoseconds: cost(sizing.cap), isFull: true, budget: budget)
            return sizing.cap
        }
    }

    @Test func theCapGrowsToWhatTheBudgetAllows() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        #expect(sizing.cap == 1)
        let caps = settled(&sizing, budget: 5_000_000)
        // 0.9 · 5 ms are 22 rows; one more is tried and stays, because it is within the budget.
        #expect(caps.last == 23)
        #expect(caps.prefix(5) == [2, 4, 8, 16, 17])
        #expect(caps.allSatisfy { Self.cost($0) <= 5_000_000 })
    }

    @Test func noMoreRowsThanWereShownToBeSafe() {
        var sizing = BatchSizing(cost: Self.measured, most: 16)
        #expect(settled(&sizing, budget: .max / 4).last == 16)
    }

    /// One row alone takes longer than the objective: then nothing is joined.
    @Test func aBudgetThatNothingKeepsLeavesCallsAlone() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        #expect(settled(&sizing, budget: 500_000).allSatisfy { $0 == 1 })
    }

    @Test func theCapShrinksWhenCallsTakeLonger() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        _ = settled(&sizing, budget: 5_000_000)
        let caps = settled(&sizing, budget: 5_000_000, cost: { 3 * Self.cost($0) })
        #expect(caps[0] == 20)
        #expect(3 * Self.cost(caps.last ?? 0) <= 5_000_000)
        // And it grows again.
        #expect(settled(&sizing, budget: 5_000_000).last == 23)
    }

    @Test func callsThatAreNotFullSayNothingAboutTheCap() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        _ = settled(&sizing, budget: 5_000_000)
        for _ in 0..<100 { sizing.ran(rows: 3, nanoseconds: 1000, isFull: false, budget: 5_000_000) }
        #expect(sizing.cap == 23)
    }

    @Test func theCostIsKnownFromTheStartAndFollowsTheCalls() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        for rows in [1, 8, 32, 64] { #expect(abs(sizing.nanoseconds(rows: rows) - Self.cost(rows)) < 2000) }
        for call in 0..<200 {
            let rows = 1 + call % 30
            sizing.ran(rows: rows, nanoseconds: 2 * Self.cost(rows), isFull: false, budget: 5_000_000)
        }
        for rows in [1, 8, 30, 60] {
            #expect(abs(Double(sizing.nanoseconds(rows: rows)) / Double(2 * Self.cost(rows)) - 1) < 0.05)
        }
    }

    /// Calls of one size say nothing about the others: what a row costs stays what was measured.
    @Test func callsOfOneSizeKeepTheSlope() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        for _ in 0..<200 {
            sizing.ran(rows: 4, nanoseconds: Self.cost(4) + 1_000_000, isFull: false, budget: 5_000_000)
        }
        #expect(abs(sizing.nanoseconds(rows: 24) - Self.cost(24) - 1_000_000) < 200_000)
    }

    /// One call that was interrupted for a second does not count as one.
    @Test func anInterruptionIsNotBelieved() {
        var sizing = BatchSizing(cost: Self.measured, most: 64)
        for _ in 0..<50 { sizing.ran(rows: 8, nanoseconds: Self.cost(8), isFull: false, budget: 5_000_000) }
        sizing.ran(rows: 8, nanoseconds: 1_000_000_000, isFull: false, budget: 5_000_000)
        #expect(sizing.nanoseconds(rows: 8) < 2 * Self.cost(8))
    }

    @Test func withoutAMeasureTheFirstCallsTell() {
        var sizing = BatchSizing(
            cost: RunCost(oneRowNanoseconds: .max, furtherRowNanoseconds: 0), most: 1)
        #expect(sizing.nanoseconds(rows: 1) == 0)
        sizing.ran(rows: 1, nanoseconds: 2_000_000, isFull: false, budget: 10_000_000)
        #expect(sizing.nanoseconds(rows: 1) == 2_000_000)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Testing

@testable import InferenceServing

struct CallerRatesTests {
    private let caller = CallerKey(hashing: "a")

    @Test func aBucketHoldsOnePeriodAndFillsAtItsRate() throws {
        let rate = try #require(RequestRate("100/s"))
        var rates = CallerRates()
        var now = Moment(nanoseconds: 0)
        for _ in 0..<100 { #expect(rates.take(from: caller, at: rate, now: now) == nil) }
        #expect(rates.take(from: caller, at: rate, now: now) == 10_000_000)
        now = now.after(9_000_000)
        #expect(rates.take(from: caller, at: rate, now: now) == 1_000_000)
        now = now.after(1_000_000)
        #expect(rates.take(from: caller, at: rate, now: now) == nil)
        #expect(rates.take(from: caller, at: rate, now: now) != nil)
        // A long pause fills it, and not more than that.
        now = now.after(3_600_000_000_000)
        let taken = (0..<200).count { _ in rates.take(from: caller, at: rate, now: now) == nil }
        #expect(taken == 100)
    }

    @Test func callersDoNotSpendEachOthersTokens() throws {
        let rate = try #require(RequestRate("1/h"))
        var rates = CallerRates()
        let now = Moment(nanoseconds: 0)
        #expect(rates.take(from: caller, at: rate, now: now) == nil)
        #expect(rates.take(from: caller, at: rate, now: now) == 3_600_000_000_000)
        #expect(rates.take(from: CallerKey(hashing: "b"), at: rate, now: now) == nil)
    }

    @Test func anyNumberOfCallersFitsIntoBoundedMemory() throws {
        let rate = try #require(RequestRate("1/s"))
        var rates = CallerRates()
        for index in 0..<100_000 {
            let now = Moment(nanoseconds: index)
            #expect(rates.take(from: CallerKey(hashing: "caller \(index)"), at: rate, now: now) == nil)
        }
        #expect(rates.count <= 2 * CallerRates.generationSize)
        // Whoever came lately is remembered.
        #expect(
            rates.take(from: CallerKey(hashing: "caller 99999"), at: rate, now: Moment(nanoseconds: 100_000)) != nil)
    }
}

struct MeasuredConcurrencyTests {
    /// One sample a second: what happens within the second is averaged.
    @Test func aWindowIsOneSample() {
        var measured = MeasuredConcurrency(cores: 2)
        #expect(measured.value == 4)
        var now = Moment(nanoseconds: 0)
        for _ in 0..<1000 {
            measured.record(nanoseconds: 1_000_000, running: 4, now: now)
            now = now.after(500_000)
        }
        #expect(measured.value == 4, "no second has passed")
        for _ in 0..<20_000 {
            measured.record(nanoseconds: 1_000_000, running: 4, now: now)
            now = now.after(500_000)
        }
        #expect(measured.value > 4)
        #expect(measured.value <= 9, "what runs is less than half of the limit then")
    }

    @Test func fewCallsSayNothing() {
        var measured = MeasuredConcurrency(cores: 2)
        for second in 0..<9 {
            measured.record(nanoseconds: 1, running: 100, now: Moment(nanoseconds: second * 2_000_000_000))
        }
        #expect(measured.value == 4)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import CommandLineInterface

/// A server as a formula: what comes of a rate.
private typealias Server = (_ perSecond: Double) -> KneeSearch.Outcome

struct KneeSearchTests {
    private let grid = RateGrid(anchor: 100)

    private func search(_ server: Server, start: Int = 0, thoroughly: Bool = true) -> (KneeSearch, rates: [Double]) {
        let range = grid.index(upTo: 2)...grid.index(upTo: RateGrid.highestPerSecond)
        var search = KneeSearch(start: start, range: range, stride: grid.doubling)
        var rates: [Double] = []
        while let index = search.next(thoroughly: thoroughly) {
            rates.append(grid.rate(index))
            search.note(server(grid.rate(index)), at: index)
            guard rates.count <= 200 else { break }
        }
        return (search, rates)
    }

    /// With one queue and random arrivals the time in the system is exponential, with rate capacity − arrivals: p99 is
    /// ln 100 over that.
    private func queue(capacity: Double, p99 seconds: Double) -> Server {
        { $0 < capacity && log(100) / (capacity - $0) <= seconds ? .held : .missed }
    }

    @Test(arguments: [(50.0, 0.5), (300, 0.1), (4000, 0.02), (90_000, 0.01)], [-24, 0, 16])
    func theKneeOfAQueueIsFoundToOneStepOfTheGrid(_ server: (capacity: Double, p99: Double), _ start: Int) throws {
        let truth = server.capacity - log(100) / server.p99
        let (search, rates) = search(queue(capacity: server.capacity, p99: server.p99), start: start)
        let knee = search.knee
        let held = grid.rate(try #require(knee.held))
        let failed = grid.rate(try #require(knee.failed))
        #expect(held <= truth && truth < failed)
        #expect(failed / held < 1.1)
        #expect(!knee.isNoisy)
        #expect(knee.limit == .server)
        #expect(rates.count <= 40, "\(rates)")
    }

    @Test func ratesRiseByNoMoreThanDoublingUntilOneMisses() throws {
        let (_, rates) = search { $0 < 7000 ? .held : .missed }
        let rise = try #require(rates.firstIndex { $0 >= 7000 })
        for (before, after) in zip(rates[..<rise], rates[1...rise]) { #expect(after / before < 2.2) }
        #expect(rates[rise...].allSatisfy { $0 < 14_000 })
    }

    @Test func bothSidesOfACliffAreTriedThreeTimes() throws {
        let (search, _) = search { $0 < 700 ? .held : .missed }
        let knee = search.knee
        #expect(search.tallies[try #require(knee.held)] == .init(held: 3))
        #expect(search.tallies[try #require(knee.failed)] == .init(missed: 3))
        #expect(try #require(knee.held) + 1 == knee.failed)
    }

    @Test func withoutThoroughnessOnlyMissesAreRepeated() {
        let (search, _) = search({ $0 < 700 ? .held : .missed }, thoroughly: false)
        #expect(search.tallies.values.allSatisfy { $0 == .init(held: 1) || $0 == .init(missed: 2) })
    }

    @Test func whatNeverHoldsEndsAtTheLowestRate() {
        let (search, rates) = search { _ in .missed }
        #expect(search.knee.held == nil)
        #expect(search.knee.surelyHeld == nil)
        #expect(search.knee.failed == search.range.lowerBound)
        #expect(rates.count <= 20)
    }

    @Test func aServerFasterThanTheGeneratorHasNoKneeButABound() throws {
        let (search, _) = search { $0 < 5000 ? .held : .beyondGenerator }
        #expect(search.knee.limit == .generator)
        let held = grid.rate(try #require(search.knee.held))
        #expect((4500...5000).contains(held))
    }

    @Test func whatHoldsEverywhereEndsAtTheHighestRate() {
        let (search, _) = search { _ in .held }
        #expect(search.knee.limit == .highestRate)
        #expect(search.knee.held == search.range.upperBound)
        #expect(search.knee.failed == nil)
        #expect(!search.knee.isNoisy)
    }

    @Test(arguments: 0..<12)
    func oneHiccupDoesNotMoveTheKnee(_ hiccup: Int) throws {
        var step = 0
        let (search, _) = search { rate in
            defer { step += 1 }
            return rate < 700 && step != hiccup ? .held : .missed
        }
        let held = grid.rate(try #require(search.knee.held))
        #expect((630..<700).contains(held), "\(held)")
        #expect(search.knee.isNoisy == search.tallies.values.contains { $0.held > 0 && $0.failed > 0 })
    }

    /// Near its knee a noisy server holds now and then: 10 % around it a step may come out either way.
    @Test func theIntervalOfANoisyServerIsHonest() throws {
        var generator = SeededGenerator(seed: 7)
        var (covered, noisy) = (0, 0)
        for _ in 0..<200 {
            let (search, rates) = search { rate in
                let chance = 1 / (1 + exp((rate / 1000 - 1) * 40))
                return Double.random(in: 0..<1, using: &generator) < chance ? .held : .missed
            }
            #expect(rates.count <= KneeSearch.stepLimit)
            let knee = search.knee
            let held = grid.rate(try #require(knee.held))
            #expect((700...1300).contains(held))
            if knee.isNoisy { noisy += 1 }
            let low = knee.surelyHeld.map(grid.rate) ?? 0
            let high = knee.surelyFailed.map(grid.rate) ?? .infinity
            if low <= 1000, 1000 <= high { covered += 1 }
        }
        #expect(covered >= 170, "\(covered) of 200 intervals hold the knee")
        #expect(noisy >= 50, "\(noisy) of 200 were called noisy")
    }

    @Test func aMachineThatNeverAgreesWithItselfIsGivenUp() {
        var isHeld = false
        let (search, rates) = search { _ in
            isHeld.toggle()
            return isHeld ? .missed : .held
        }
        #expect((2...KneeSearch.stepLimit).contains(rates.count))
        #expect(search.next(thoroughly: true) == nil)
    }

    @Test func aRateAndItsMarginAreOnTheGrid() {
        for margin in [0.05, 0.2, 0.5, 1, 3] {
            let grid = RateGrid(anchor: 500, margin: margin)
            let index = grid.index(upTo: 500 * (1 + margin))
            #expect(abs(grid.rate(index) - 500 * (1 + margin)) < 1e-6)
            #expect(grid.index(upTo: 500) == 0)
            #expect((1.05...1.12).contains(grid.ratio), "\(margin): \(grid.ratio)")
        }
        #expect(RateGrid(anchor: 500, margin: 0).ratio == RateGrid.usualRatio)
    }
}

struct SizingTests {
    private let grid = RateGrid(anchor: 500, margin: 0.2)
    private var margin: Int { grid.index(upTo: 600) }

    /// Runs a sizing on settings that hold up to a rate each.
    private func size(
        _ goal: Sizing.Goal, _ capacities: [Double]
    ) -> (setting: Int, isEnough: Bool, knee: Double?, tried: Set<Int>) {
        var sizing = Sizing(
            settings: capacities.count, goal: goal, start: -grid.doubling,
            range: grid.index(upTo: 2)...grid.index(upTo: 1e6), stride: grid.doubling)
        var tried: Set<Int> = []
        for _ in 0..<1000 {
            switch sizing.next {
            case .done(let setting, let isEnough):
                let knee = sizing.searches[setting].knee.held
                return (setting, isEnough, knee.map(grid.rate), tried)
            case .measure(let setting, let rate):
                tried.insert(setting)
                sizing.note(grid.rate(rate) < capacities[setting] ? .held : .missed, setting: setting, rate: rate)
            }
        }
        Issue.record("it never ends")
        return (0, false, nil, tried)
    }

    @Test func theSmallestSettingWithTheMarginIsTakenAndNoLargerOneTried() {
        let result = size(.rate(0, withMargin: margin), [300, 590, 900, 2000])
        #expect(result.setting == 2)
        #expect(result.isEnough)
        #expect(result.tried == [0, 1, 2])
        #expect((800..<900).contains(result.knee ?? 0))
    }

    @Test func withoutTheMarginTheSmallestThatHoldsTheRateIsTaken() {
        let result = size(.rate(0, withMargin: margin), [300, 560, 590])
        #expect(result.setting == 1)
        #expect(result.isEnough)
        #expect(result.tried == [0, 1, 2])
    }

    @Test func whereNoneIsEnoughTheBestIsTold() {
        let result = size(.rate(0, withMargin: margin), [100, 450, 440])
        #expect(result.setting == 1)
        #expect(!result.isEnough)
        #expect((400..<450).contains(result.knee ?? 0))
    }

    @Test func whereNothingEverHoldsThereIsNoKnee() {
        for goal in [Sizing.Goal.rate(0, withMargin: margin), .highest] {
            let result = size(goal, [0, 0])
            #expect(result.knee == nil)
            #expect(!result.isEnough)
        }
    }

    @Test func forTheHighestRateAllAreTriedAndOfEqualOnesTheSmallerTaken() {
        let result = size(.highest, [400, 1000, 1001, 980])
        #expect(result.setting == 1)
        #expect(result.tried == [0, 1, 2, 3])
        #expect((900..<1000).contains(result.knee ?? 0))
        #expect(size(.highest, [400, 1000, 2000, 2000]).setting == 2)
    }
}

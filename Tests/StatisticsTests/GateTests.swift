// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct GateTests {
    @Test func equalOutputsPassAndTooFewRowsSaySo() throws {
        let equal = try #require(PairedAccuracy(championOnlyRight: 0, challengerOnlyRight: 0, rows: 3))
        #expect(equal.verdict(margin: 0.005) == .pass)
        // The specification: half a point needs 464 rows even without one disagreement.
        for (rows, isEnough) in [(463, false), (464, true)] {
            let found = try #require(PairedAccuracy(championOnlyRight: 0, challengerOnlyRight: 0, rows: rows))
            #expect(found.isNonInferior(margin: 0.005) == isEnough)
        }
        let few = try #require(PairedAccuracy(championOnlyRight: 3, challengerOnlyRight: 2, rows: 100))
        guard case .insufficient(let needed) = try #require(few.verdict(margin: 0.005)) else {
            Issue.record("100 rows cannot tell")
            return
        }
        // With so many rows, and the same discordance evenly split, the standard error is within the margin.
        func isEnough(_ rows: Int) throws -> Bool {
            let each = Int((0.025 * Double(rows)).rounded())
            let found = try #require(PairedAccuracy(championOnlyRight: each, challengerOnlyRight: each, rows: rows))
            return found.isNonInferior(margin: 0.005) == true
        }
        #expect(try isEnough(needed + 40))
        #expect(try !isEnough(needed - 40))
    }

    @Test func aVerdictIsAFunctionOfWhatIsSeen() throws {
        func verdict(_ lost: Int, _ gained: Int, _ rows: Int) -> PairedAccuracy.Verdict? {
            PairedAccuracy(championOnlyRight: lost, challengerOnlyRight: gained, rows: rows)?.verdict(margin: 0.01)
        }
        #expect(verdict(100, 120, 10_000) == .pass)
        #expect(verdict(300, 100, 10_000) == .fail)
        #expect(verdict(30, 5, 100) == .fail)
        #expect(verdict(11, 10, 10) == nil)
        #expect(verdict(0, 0, 0) == nil)
        #expect(PairedAccuracy(championOnlyRight: 1, challengerOnlyRight: 1, rows: 9)?.verdict(margin: 0) == nil)
        #expect(PairedAccuracy(championOnlyRight: .max, challengerOnlyRight: .max, rows: .max) == nil)
    }

    @Test func theSameSeedDrawsTheSameRows() throws {
        let values = (0..<50).map { Double($0 * $0 % 17) }
        func mean(_ rows: [Int]) -> Double? { rows.reduce(0) { $0 + values[$1] } / Double(rows.count) }
        let one = try #require(Bootstrap(rows: 50, resamples: 200, seed: 1, statistic: mean))
        #expect(one == Bootstrap(rows: 50, resamples: 200, seed: 1, statistic: mean))
        #expect(one != Bootstrap(rows: 50, resamples: 200, seed: 2, statistic: mean))
        #expect(one.replicates.count == 200)
        let interval = try #require(one.interval())
        let found = try #require(mean(Array(0..<50)))
        #expect(interval.lower < found && found < interval.upper)
    }

    /// Ten rows that always agree are one piece of evidence, not ten.
    @Test func rowsOfOneEntityAreDrawnTogether() throws {
        let ids = (0..<400).map { Array("user \($0 / 10)".utf8) }
        let values = (0..<400).map { Double($0 / 10 * 7 % 5) }
        func mean(_ rows: [Int]) -> Double? { rows.reduce(0) { $0 + values[$1] } / Double(rows.count) }
        let entities = Bootstrap.entities(ids)
        #expect(entities.count == 40 && entities.allSatisfy { $0.count == 10 })
        let byUser = try #require(Bootstrap(entities: entities, seed: 9, statistic: mean)?.interval())
        let byRow = try #require(Bootstrap(rows: 400, seed: 9, statistic: mean)?.interval())
        // √10 = 3.2
        #expect((2.6...3.9).contains(byUser.width / byRow.width), "\(byUser.width / byRow.width)")
    }

    @Test func undefinedResamplesAreCounted() throws {
        let found = try #require(
            Bootstrap(rows: 4, resamples: 400, seed: 3) { rows in rows.contains(0) ? 1 : (rows.contains(1) ? .nan : nil)
            })
        #expect(found.replicates.allSatisfy { $0 == 1 })
        #expect(found.replicates.count + found.undefinedCount == 400 && found.undefinedCount > 50)
        #expect(Bootstrap(rows: 4, seed: 3) { _ in nil } == nil)
        #expect(Bootstrap(rows: 0, seed: 3) { _ in 1 } == nil)
    }

    @Test func manySlicesDoNotFailByChance() throws {
        var random = SplitMix(seed: 12)
        let rows = 200 * 60
        let names = (0..<rows).map { Array("slice \($0 % 200)".utf8) }
        let labels = (0..<rows).map { _ in random.nextUnit() < 0.5 }
        var predictions = labels.map { random.nextUnit() < 0.8 ? $0 : !$0 }
        let good = try #require(SliceReport(labels: labels, predictions: predictions, slices: names, margin: 0))
        #expect(good.slices.count == 200 && good.slices.allSatisfy { !$0.fails })
        // One that is wrong half of the time is still found among them.
        for row in 0..<rows where names[row] == Array("slice 7".utf8) {
            predictions[row] = random.nextUnit() < 0.4 ? labels[row] : !labels[row]
        }
        let one = try #require(SliceReport(labels: labels, predictions: predictions, slices: names, margin: 0))
        #expect(one.slices.filter(\.fails).map(\.name) == ["slice 7"])
    }

    @Test func aGroupWithoutPositivesTakesNoPartInOdds() throws {
        let report = try #require(
            SliceReport(
                labels: [true, false, true, false, false], predictions: [true, false, false, true, false],
                slices: [[0x61], [0x61], [0x62], [0x62], [0x63]], minimumRows: 1))
        #expect(report.slices.map(\.truePositiveRate) == [1, 0, nil])
        #expect(report.equalizedOddsDifference == 1)
        #expect(report.demographicParityRatio == 0)
    }

    @Test func aNaNIsNoInvariance() {
        #expect(MetamorphicTest(invariant: [.nan, 1, 1], [.nan, .nan, 1], tolerance: 1).failures == [0, 1])
        #expect(MetamorphicTest(increasing: [1, .nan], [.nan, 1], tolerance: 1).failures == [0, 1])
        #expect(MetamorphicTest(invariant: [Double](), [], tolerance: 1).failureRate == nil)
    }

    /// The specification's example: one stall of 30 ms that a closed loop does not see.
    @Test func anOpenLoopSeesAStall() throws {
        let services = (0..<60).map { $0 == 0 ? 30 : 0.2 }
        let found = try #require(
            OpenLoopQueue(arrivals: (0..<60).map(Double.init), services: services, workers: 1))
        func percentile(_ share: Double, _ values: [Double]) throws -> Double {
            try #require(OpenLoopQueue.nearestRank(share, in: values.sorted()))
        }
        #expect(try percentile(0.95, services) == 0.2)
        #expect(try percentile(0.5, found.latencies) > 5)
        #expect(try percentile(0.95, found.latencies) > 25)
        #expect(OpenLoopQueue(arrivals: [0], services: [1], workers: 0) == nil)
        #expect(OpenLoopQueue(arrivals: [1e308, 1e308], services: [1e308, 1e308], workers: 1) == nil)
        #expect(OpenLoopQueue.nearestRank(0.07, in: (1...100).map(Double.init)) == 7)
        #expect(OpenLoopQueue.nearestRank(0.5, in: []) == nil)
    }

    @Test func aHistogramKeepsItsDigits() throws {
        var random = SplitMix(seed: 15)
        for digits in 1...4 {
            var histogram = try #require(HDRHistogram(highest: .max, significantDigits: digits))
            let power = [10, 100, 1000, 10_000][digits - 1]
            for _ in 0..<500 {
                let value = Int(random.next() >> (1 + random.next() % 63))
                let isCounted = histogram.record(value)
                #expect(isCounted)
                let (low, high) = (histogram.lowestEquivalent(of: value), histogram.highestEquivalent(of: value))
                #expect(low <= value && value <= high)
                #expect(histogram.index(of: low) == histogram.index(of: high))
                #expect(high == .max || histogram.index(of: high + 1) == histogram.index(of: high) + 1)
                #expect(value < 2 * power ? low == high : (high - low) <= value / power)
            }
            histogram.record(.max)
            #expect(histogram.value(atPercentile: 100) == .max)
            #expect(histogram.count == 501)
        }
        var small = try #require(HDRHistogram(highest: 1000, significantDigits: 2))
        #expect(small.value(atPercentile: 50) == nil)
        let counted = [small.record(-1), small.record(1_000_000)]
        #expect(counted == [false, false] && small.count == 0)
        #expect(HDRHistogram(highest: 1, significantDigits: 3) == nil)
        #expect(HDRHistogram(highest: 100, significantDigits: 6) == nil)
    }
}

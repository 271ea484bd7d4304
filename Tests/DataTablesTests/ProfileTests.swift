// SPDX-License-Identifier: Apache-2.0
import DataTables
import Statistics
import Tensors
import Testing

/// What is known of columns.
struct ProfileTests {
    // MARK: Types

    @Test(arguments: [
        (["1", "2"], ColumnType.integer), (["1", "2.5"], .number), (["1", "nan"], .number),
        (["true", "false"], .boolean),
        (["true", "1"], .text), (["2026-03-01", "2026-03-01 14:05"], .time), (["2026-03-01", "1"], .text),
        (["2026-02-30"], .text), (["", ""], .empty), (["", "x"], .text), (["", "1"], .integer),
        (["9223372036854775808", "1"], .number), (["007"], .text),
    ])
    func aColumnIsWhatAllItsCellsAre(_ cells: [String], _ type: ColumnType) throws {
        #expect(try table("c\n" + cells.map { "\($0)\n" }.joined()).columns == [DataColumn("c", type)])
    }

    @Test func aRowThatIsShorterLeavesTheRestEmpty() {
        var tally = SchemaTally()
        tally.take([.integer(1)])
        tally.take([.integer(1), .boolean(true)])
        #expect(
            tally.columns(named: ["a", "b", "c"]) == [
                DataColumn("a", .integer), DataColumn("b", .boolean), DataColumn("c", .empty),
            ])
    }

    // MARK: Numbers

    /// Held against what NumPy says of the same sixty numbers.
    @Test func numbersAreThoseOfNumPy() throws {
        let profile = try #require(profiled((0..<60).map { .float(Double(($0 * $0 * 37) % 101) / 4 - 7) }))
        let numbers = try #require(profile.numbers)
        #expect(profile.column.type == .number && profile.count == 60 && profile.missing == 0)
        #expect(numbers.finite == 60 && numbers.sampled == 60 && numbers.minimum == -7 && numbers.maximum == 18)
        #expect(try isClose(#require(numbers.mean), 4.991666666666666))
        #expect(try isClose(#require(numbers.standardDeviation), 7.688309233508789))
        let expected = [
            0: -7, 1: -6.8525, 10: -4.825, 25: -1.5625, 50: 4.5, 75: 12.5625, 90: 14.775, 99: 17.5575, 100: 18,
        ]
        for (percent, value) in expected { #expect(isClose(numbers.percentiles[percent], value), "\(percent) %") }
        #expect(numbers.binCounts == [6, 6, 7, 5, 6, 7, 5, 6, 6, 6])
        let edges = try #require(numbers.bins).edges
        #expect(edges.count == 9 && isClose(edges[0], -4.825) && isClose(edges[8], 14.775))
    }

    @Test func whatIsNoNumberIsCountedApart() throws {
        let profile = try #require(
            profiled([.float(.infinity), .float(-.infinity), .float(.nan), .missing, .integer(3), .float(3)]))
        let numbers = try #require(profile.numbers)
        #expect(profile.count == 6 && profile.missing == 2 && profile.distinct == 3)
        #expect(numbers.finite == 2 && numbers.positiveInfinities == 1 && numbers.negativeInfinities == 1)
        #expect(numbers.mean == 3 && numbers.standardDeviation == 0)
    }

    /// What is added up gets larger than a number can be; the record must be one all the same.
    @Test func theLargestNumbersHaveAProfile() throws {
        let largest = Double.greatestFiniteMagnitude
        let cells: [CellValue] = (0..<40).map { .float($0 % 2 == 0 ? largest : -largest) } + [.float(0), .float(1e300)]
        let profile = try #require(profiled(cells))
        let numbers = try #require(profile.numbers)
        #expect(numbers.minimum == -largest && numbers.maximum == largest && numbers.standardDeviation == nil)
        #expect(numbers.percentiles.allSatisfy { $0.isFinite })
        #expect(numbers.bins?.edges.allSatisfy { $0.isFinite } == true)
        #expect(numbers.share(upTo: largest / 2) >= 0.4)
        #expect(drift(from: [profile], to: [profile]).map(\.level) == [.none])
        let range = try #require(Expectations(suggestedBy: manifest(of: [profile])).columns[0].range)
        #expect(range.lowest?.isFinite ?? true && range.highest?.isFinite ?? true)
    }

    @Test func moreThanTheSampleIsDrawnEvenly() throws {
        var tally = ProfileTally([DataColumn("c", .integer)])
        for value in 0..<500_000 as Range<Int64> { tally.take([.integer(value)]) }
        let numbers = try #require(tally.profiles[0].numbers)
        #expect(numbers.finite == 500_000 && numbers.sampled == 200_000 && numbers.mean == 249_999.5)
        #expect(abs(numbers.percentiles[50] - 250_000) < 2500)
        #expect(tally.profiles[0].distinct == DataProfile.countedDistinct)
    }

    @Test func sharesLieOnTheLineBetweenPercentiles() throws {
        let numbers = try #require(profiled((0...100).map { .integer($0) })?.numbers)
        #expect(numbers.share(upTo: -1) == 0 && numbers.share(upTo: 100) == 1 && numbers.share(upTo: 1000) == 1)
        #expect(isClose(numbers.share(upTo: 25), 0.25) && isClose(numbers.share(upTo: 25.5), 0.255))
        let zeros = try #require(profiled((0..<100).map { .integer($0 < 50 ? 0 : 1) })?.numbers)
        #expect((0.49...0.51).contains(zeros.share(upTo: 0)))
    }

    @Test func timesAreSecondsSince1970() throws {
        let profile = try #require(profiled(["1970-01-02", "1970-01-01T00:00:01Z"].map { .text(Array($0.utf8)) }))
        #expect(profile.column.type == .time && profile.numbers?.minimum == 1 && profile.numbers?.maximum == 86_400)
    }

    // MARK: Texts

    @Test func textsAreCounted() throws {
        let profile = try #require(profiled(["b", "a", "b"].map { .text(Array($0.utf8)) } + [.missing]))
        let categories = try #require(profile.categories)
        #expect(profile.distinct == 2 && categories.count == 4 && categories.missing == 1 && categories.other == 0)
        #expect(categories.categories.map { String(decoding: $0.bytes, as: UTF8.self) } == ["b", "a"])
    }

    @Test func documentsAreNotKept() throws {
        let long = [UInt8](repeating: 0x61, count: 201)
        let profile = try #require(profiled([.text(long), .text(long), .text(long + [0x62]), .text([0x61])]))
        let categories = try #require(profile.categories)
        #expect(profile.distinct == 3 && categories.other == 3 && categories.categories.map(\.bytes) == [[0x61]])
    }

    @Test func valuesOfFewRowsCanBeLeftOut() throws {
        let cells = (0..<30).map { CellValue.text(Array(($0 < 20 ? "often" : "rare \($0)").utf8)) }
        let profile = try #require(profiled(cells)).withoutRareValues
        #expect(profile.categories?.categories.count == 1 && profile.categories?.other == 10 && profile.distinct == 11)
    }

    @Test func aTableWithoutRowsHasAProfile() {
        let profiles = ProfileTally([DataColumn("n", .integer), DataColumn("t", .text), DataColumn("e", .empty)])
            .profiles
        #expect(profiles.allSatisfy { $0.count == 0 && $0.missingShare == 0 && $0.distinct == 0 })
        #expect(drift(from: profiles, to: profiles).allSatisfy { $0.level == .none })
    }
}

private func isClose(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-12 * max(1, abs(other)) }

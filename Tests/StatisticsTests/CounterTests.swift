// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct CounterTests {
    @Test func everyValueFallsWhereTheBinsSay() throws {
        var random = SplitMix(seed: 40)
        for bins in [1, 2, 10, 17, 40, 150] {
            let baseline = (0..<500).map { _ in
                random.uniform() < 0.3 ? Double(Int.random(in: -2...2, using: &random)) : random.bell() * 3
            }
            let profile = NumericProfile(of: baseline, binCount: bins)
            let edges = try #require(profile.bins)
            let counter = BinCounter(profile)
            let values =
                edges.edges + edges.edges.map(\.nextUp) + edges.edges.map(\.nextDown) + extremeNumbers + baseline
            for value in values {
                var counts = counter.empty
                counter.count(value, into: &counts)
                #expect(counts.rows == 1)
                #expect(counts.missing == (value.isNaN ? 1 : 0))
                if !value.isNaN { #expect(counts.bins[edges.index(of: value)] == 1, "\(value)") }
                #expect(counts.positiveInfinities == (value == .infinity ? 1 : 0))
                #expect(counts.negativeInfinities == (value == -.infinity ? 1 : 0))
                let (least, largest) = (try #require(profile.minimum), try #require(profile.maximum))
                #expect(counts.belowMinimum == (value.isFinite && value < least ? 1 : 0))
                #expect(counts.aboveMaximum == (value.isFinite && value > largest ? 1 : 0))
            }
            #expect(counter.counts(of: baseline).distribution == profile.distribution)
        }
    }

    @Test func aReferenceWithoutANumberHasOneBin() {
        for profile in [NumericProfile(of: []), NumericProfile(of: [.nan, .infinity, -.infinity])] {
            let counter = BinCounter(profile)
            let counts = counter.counts(of: extremeNumbers)
            #expect(counts.bins == [extremeNumbers.count - 1] && counts.missing == 1)
            #expect(counts.positiveInfinities == 1 && counts.negativeInfinities == 1)
            #expect(counts.belowMinimum == 0 && counts.aboveMaximum == 0)
            #expect(profile.distribution.count == counts.distribution.count)
        }
    }

    @Test func aColumnOfATableIsCountedWhereItStands() {
        let counter = BinCounter(NumericProfile(of: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
        let table: [Double] = [1, 100, 5, 200, .nan, 300, 9]
        var single = counter.empty
        for value in [1, 5, Double.nan, 9] { counter.count(value, into: &single) }
        #expect(counter.counts(of: table, column: 0, width: 2) == single)
        let narrow = table.map(Float.init)
        var narrowCounts = counter.empty
        counter.count(narrow.span, column: 0, width: 2, into: &narrowCounts)
        #expect(narrowCounts == single)
        let last = counter.counts(of: table, column: 1, width: 2)
        #expect(last.aboveMaximum == 3 && last.rows == 3)
        #expect(counter.counts(of: table, column: 7, width: 2).rows == 0)
        #expect(counter.counts(of: []).rows == 0)
    }

    @Test func rowsAreCountedAsTheirColumnsAre() {
        var random = SplitMix(seed: 43)
        let counters = [1, 10, 40, 0, 9].map { size in
            BinCounter(NumericProfile(of: (0..<size * 10).map { _ in random.bell() }, binCount: max(1, size)))
        }
        var table = RowCounter(counters)
        let rows = (0..<5 * 400).map { _ in
            random.uniform() < 0.1
                ? extremeNumbers[Int.random(in: extremeNumbers.indices, using: &random)] : random.bell()
        }
        for start in stride(from: 0, to: rows.count, by: 5) {
            let row = Array(rows[start..<start + 5])
            table.count(row.span)
        }
        table.countTypeError(inColumn: 2)
        for (column, counter) in counters.enumerated() {
            var expected = counter.counts(of: rows, column: column, width: 5)
            if column == 2 { expected.typeErrors = 1 }
            #expect(table[column] == expected)
        }
        var again = RowCounter(counters)
        again.count(rows.span)
        again.countTypeError(inColumn: 2)
        #expect(again == table)
        let narrow = rows.map(Float.init)
        var (one, other) = (RowCounter(counters), RowCounter(counters))
        one.count(narrow.span)
        let wide = narrow.map(Double.init)
        other.count(wide.span)
        #expect(one == other)
        var none = RowCounter([])
        none.count(rows.span)
    }

    @Test func partsAddUpInAnyOrder() {
        var random = SplitMix(seed: 41)
        let counter = BinCounter(NumericProfile(of: (0..<300).map { _ in random.bell() }))
        let parts = (0..<5).map { _ in
            var counts = counter.empty
            for value in random.wildNumbers(50) { counter.count(value, into: &counts) }
            counts.typeErrors += 1
            return counts
        }
        let sum = { (parts: [BinCounts]) in parts.reduce(into: counter.empty) { $0 += $1 } }
        #expect(sum(parts) == sum(parts.reversed()))
        #expect(sum(parts).rows == parts.reduce(0) { $0 + $1.rows })
    }

    /// Keys are bytes: an “é” of one scalar and one of two are two categories.
    @Test func categoriesAreToldApartByBytes() throws {
        let texts = ["", "a", "b", "ab", "\u{e9}", "e\u{301}", "eight chr", "eight chs", "12345678", "123456789"]
        let profile = CategoricalProfile(of: texts.map { Array($0.utf8) } + [nil])
        let counter = CategoryCounter(profile)
        var counts = counter.empty
        for text in texts { counter.count(text, into: &counts) }
        #expect(counts.known == [Int](repeating: 1, count: texts.count) && counts.other == 0)
        for (place, category) in profile.categories.enumerated() {
            let found = counter.place(of: category.bytes.span)
            #expect(found == place)
        }
        for text in ["c", "A", "a ", "eight ch", "eight cht", "\0", "1234567", "É"] {
            counter.count(text, into: &counts)
        }
        #expect(counts.other == 8 && counts.rows == texts.count + 8)
        #expect(counts.otherRate == 8.0 / 18)
    }

    @Test func anExplosionOfCategoriesIsCountedAsOthers() {
        var random = SplitMix(seed: 42)
        let profile = CategoricalProfile(of: (0..<400).map { Array("category \($0 % 150)".utf8) })
        #expect(!profile.isComplete && profile.categories.count == 100)
        let counter = CategoryCounter(profile)
        var (one, other) = (counter.empty, counter.empty)
        for _ in 0..<10_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            counter.count(bytes.span, into: &one)
            counter.count("category \(Int.random(in: 0..<150, using: &random))", into: &other)
        }
        #expect(one.known.allSatisfy { $0 == 0 } && one.other == 10_000)
        #expect((3000...3700).contains(other.other))
        one += other
        #expect(one.rows == 20_000 && one.distribution.count == profile.distribution.count)
    }

    @Test func aReferenceWithoutCategoriesKnowsNone() {
        let counter = CategoryCounter(CategoricalProfile(of: [nil]))
        var counts = counter.empty
        #expect(counts.otherRate == nil)
        counter.count("x", into: &counts)
        #expect(counts.other == 1 && counts.otherRate == 1)
    }
}

extension BinCounter {
    fileprivate func counts(of values: [Double], column: Int = 0, width: Int = 1) -> BinCounts {
        var counts = empty
        count(values.span, column: column, width: width, into: &counts)
        return counts
    }
}

extension CategoryCounter {
    fileprivate func count(_ text: String, into counts: inout CategoryCounts) {
        let bytes = Array(text.utf8)
        count(bytes.span, into: &counts)
    }
}

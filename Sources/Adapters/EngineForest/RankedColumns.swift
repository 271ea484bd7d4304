// SPDX-License-Identifier: Apache-2.0

/// What a CatBoost tree asks of a row.
enum RankedQuestion: Hashable {
    /// Whether the number is larger than a border.
    case number(column: Int, above: Float)
    /// Whether the category is this one.
    case category(column: Int, is: UInt32)
    /// Whether a counter's value is larger than a border.
    case counter(Int, above: Float)
}

/// A question, answered by ranks: yes where the row's rank at `place` is at least `rank`.
struct RankedSplit: BitwiseCopyable {
    var place: UInt32
    var rank: UInt8
}

/// Turns rows into ranks, once for all trees: how many of the borders that trees ask about lie below a value.
///
/// A rank has one byte; a column of more borders has several places. A category that is asked about has a place of its
/// own, whose rank is 0 or 1. Numbers come first, then categories, then counters, which are made of both.
struct RankedColumns: Sendable {
    private struct Numbers {
        let column: Int
        /// Whether a missing value is larger than every border, rather than smaller.
        let missingIsLarger: Bool
        let firstPlace: Int
        let placeCount: Int
        let firstBorder: Int
        /// Borders are padded to one less than a power of two, and found in so many halvings.
        let halvings: Int
    }

    /// Categories and questions that are counted together, and where their counters stand.
    private struct Projection {
        let categories: [Int]
        let conditions: [RankedSplit]
        let tables: Range<Int>
    }

    private var numbers: [Numbers] = []
    private var borders: [Float] = []
    private var categories: [(column: Int, hash: UInt32)] = []
    private var firstCategory = 0
    private var projections: [Projection] = []
    private var tables: [CounterTable] = []
    private(set) var placeCount = 0

    /// Borders of one place.
    private static let bordersOfPlace = 255
    /// Of all counters together: a file of few bytes must not ask for all memory.
    private static let counterLimit = 1 << 28

    /// - Parameters:
    ///   - questions: Of all trees.
    ///   - missingIsLarger: The columns of numbers whose missing values are larger than every border.
    ///   - counters: Those that questions ask about, by their numbers.
    /// - Returns: The columns, and how each question is asked of ranks.
    /// - Throws: ``ForestFault`` when the counters are too many.
    static func of(
        _ questions: some Sequence<RankedQuestion>, missingIsLarger: Set<Int>, counters: [Counter]
    ) throws(ForestFault) -> (columns: RankedColumns, splits: [RankedQuestion: RankedSplit]) {
        var columns = RankedColumns()
        var splits: [RankedQuestion: RankedSplit] = [:]
        var asked = Asked()
        for question in questions { asked.add(question) }
        for number in asked.counters.keys {
            for question in counters[number].projection.conditions { asked.add(question) }
        }
        for (column, borders) in asked.numbers.sorted(by: { $0.key < $1.key }) {
            columns.add(column, borders.sorted(), missingIsLarger.contains(column), &splits)
        }
        columns.firstCategory = columns.placeCount
        for (column, hashes) in asked.categories.sorted(by: { $0.key < $1.key }) {
            for hash in hashes.sorted() {
                splits[.category(column: column, is: hash)] = RankedSplit(place: UInt32(columns.placeCount), rank: 1)
                columns.categories.append((column, hash))
                columns.placeCount += 1
            }
        }
        try columns.add(asked.counters, counters, &splits)
        return (columns, splits)
    }

    /// What is asked of each column.
    private struct Asked {
        var numbers: [Int: Set<Float>] = [:]
        var categories: [Int: Set<UInt32>] = [:]
        var counters: [Int: Set<Float>] = [:]

        mutating func add(_ question: RankedQuestion) {
            switch question {
            case .number(let column, let border): numbers[column, default: []].insert(border)
            case .category(let column, let hash): categories[column, default: []].insert(hash)
            case .counter(let number, let border): counters[number, default: []].insert(border)
            }
        }
    }

    private mutating func add(
        _ column: Int, _ sorted: [Float], _ missingIsLarger: Bool, _ splits: inout [RankedQuestion: RankedSplit]
    ) {
        let places = Self.places(of: sorted.count)
        for (index, border) in sorted.enumerated() {
            splits[.number(column: column, above: border)] = Self.split(index, from: placeCount)
        }
        let halvings = Int.bitWidth - sorted.count.leadingZeroBitCount
        numbers.append(
            Numbers(
                column: column, missingIsLarger: missingIsLarger, firstPlace: placeCount, placeCount: places,
                firstBorder: borders.count, halvings: halvings))
        borders += sorted + Array(repeating: .infinity, count: 1 << halvings - 1 - sorted.count)
        placeCount += places
    }

    private mutating func add(
        _ asked: [Int: Set<Float>], _ counters: [Counter], _ splits: inout [RankedQuestion: RankedSplit]
    ) throws(ForestFault) {
        var grouped: [Counter.Projection: [String: [(number: Int, counter: Counter)]]] = [:]
        for number in asked.keys.sorted() {
            let counter = counters[number]
            grouped[counter.projection, default: [:]][counter.identifier, default: []].append((number, counter))
        }
        var size = 0
        for (projection, alike) in grouped {
            let first = tables.count
            for members in alike.values {
                let borders = members.map { asked[$0.number, default: []].sorted() }
                let firstPlace = placeCount
                for (member, borders) in zip(members, borders) {
                    for (index, border) in borders.enumerated() {
                        splits[.counter(member.number, above: border)] = Self.split(index, from: placeCount)
                    }
                    placeCount += Self.places(of: borders.count)
                }
                size += (placeCount - firstPlace) * (members[0].counter.counts.rowCount + 1)
                guard size <= Self.counterLimit else { throw ForestFault("its counters are too many") }
                tables.append(CounterTable(zip(members.map(\.counter), borders), from: firstPlace..<placeCount))
            }
            let conditions = projection.conditions.compactMap { splits[$0] }
            projections.append(
                Projection(
                    categories: projection.categories, conditions: conditions, tables: first..<tables.count))
        }
    }

    /// How many places so many borders take.
    static func places(of borders: Int) -> Int { (borders + bordersOfPlace - 1) / bordersOfPlace }

    /// Whether a value is larger than the border at `index`.
    private static func split(_ index: Int, from firstPlace: Int) -> RankedSplit {
        RankedSplit(
            place: UInt32(firstPlace + index / bordersOfPlace), rank: UInt8(index % bordersOfPlace + 1))
    }

    /// What the rank at the place `place` of a column is, when so many of its borders lie below the value.
    @inline(__always)
    static func rank(_ below: Int, at place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: min(max(below - place * bordersOfPlace, 0), bordersOfPlace))
    }

    /// Ranks rows.
    ///
    /// - Parameters:
    ///   - rows: `count` rows of values, each `stride` behind the one before. A category is its number's bit pattern.
    ///   - lanes: How many rows `ranks` has room for, at least `count`.
    ///   - ranks: ``placeCount`` × `lanes` bytes: row r at place p is the byte p × `lanes` + r.
    func rank(
        _ rows: UnsafePointer<Float>, count: Int, stride: Int, lanes: Int, into ranks: UnsafeMutablePointer<UInt8>
    ) {
        unsafe borders.withUnsafeBufferPointer { borders in
            guard let borders = borders.baseAddress else { return }
            for numbers in numbers {
                unsafe rank(
                    numbers, rows + numbers.column, count, stride, borders + numbers.firstBorder, lanes,
                    into: ranks + numbers.firstPlace * lanes)
            }
        }
        for (index, category) in categories.enumerated() {
            let target = unsafe ranks + (firstCategory + index) * lanes
            for row in 0..<count {
                unsafe target[row] = rows[row * stride + category.column].bitPattern == category.hash ? 1 : 0
            }
        }
        for projection in projections {
            unsafe rank(projection, rows, count, stride, lanes, ranks)
        }
    }

    /// Four rows at a time: each halving waits for the one before, of its own row.
    @inline(__always)
    private func rank(
        _ numbers: Numbers, _ values: UnsafePointer<Float>, _ count: Int, _ stride: Int,
        _ borders: UnsafePointer<Float>, _ lanes: Int, into ranks: UnsafeMutablePointer<UInt8>
    ) {
        let above = unsafe borders - 1  // Counted from one.
        var row = 0
        while row < count {
            let rows = (row, min(row + 1, count - 1), min(row + 2, count - 1), min(row + 3, count - 1))
            let value = unsafe (
                values[rows.0 * stride], values[rows.1 * stride], values[rows.2 * stride], values[rows.3 * stride]
            )
            var below = (0, 0, 0, 0)
            var places = numbers.halvings
            while places > 0 {
                places &-= 1
                let half = 1 &<< places
                // As bits, without jumps, which would be guessed wrong.
                unsafe below.0 |= (value.0 > above[below.0 | half] ? 1 : 0) &<< places
                unsafe below.1 |= (value.1 > above[below.1 | half] ? 1 : 0) &<< places
                unsafe below.2 |= (value.2 > above[below.2 | half] ? 1 : 0) &<< places
                unsafe below.3 |= (value.3 > above[below.3 | half] ? 1 : 0) &<< places
            }
            unsafe write(below.0, of: value.0, numbers, lanes, to: ranks + rows.0)
            unsafe write(below.1, of: value.1, numbers, lanes, to: ranks + rows.1)
            unsafe write(below.2, of: value.2, numbers, lanes, to: ranks + rows.2)
            unsafe write(below.3, of: value.3, numbers, lanes, to: ranks + rows.3)
            row += 4
        }
    }

    @inline(__always)
    private func write(
        _ found: Int, of value: Float, _ numbers: Numbers, _ lanes: Int, to target: UnsafeMutablePointer<UInt8>
    ) {
        let below = value.isNaN && numbers.missingIsLarger ? .max : found
        if numbers.placeCount == 1 {
            unsafe target[0] = UInt8(truncatingIfNeeded: below)
        } else {
            for place in 0..<numbers.placeCount { unsafe target[place * lanes] = Self.rank(below, at: place) }
        }
    }

    private func rank(
        _ projection: Projection, _ rows: UnsafePointer<Float>, _ count: Int, _ stride: Int, _ lanes: Int,
        _ ranks: UnsafeMutablePointer<UInt8>
    ) {
        for row in 0..<count {
            var hash: UInt64 = 0
            for column in projection.categories {
                let category = unsafe Int32(bitPattern: rows[row * stride + column].bitPattern)
                hash = CategoryHash.combined(hash, UInt64(bitPattern: Int64(category)))
            }
            for condition in projection.conditions {
                let isMet = unsafe ranks[Int(condition.place) * lanes + row] >= condition.rank
                hash = CategoryHash.combined(hash, isMet ? 1 : 0)
            }
            for table in projection.tables {
                unsafe tables[table].write(ranksOf: hash, to: ranks + row, lanes: lanes)
            }
        }
    }
}

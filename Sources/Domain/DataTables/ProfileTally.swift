// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics
package import Tensors

/// Makes the profile of a table, row by row, in memory that does not grow with the rows.
package struct ProfileTally {
    private var columns: [ColumnTally]

    package init(_ columns: [DataColumn]) { self.columns = columns.map(ColumnTally.init) }

    package mutating func take(_ row: [CellValue]) {
        for position in columns.indices { columns[position].take(position < row.count ? row[position] : .missing) }
    }

    package var profiles: [DataProfile] { columns.map(\.profile) }
}

private struct ColumnTally {
    private let column: DataColumn
    private var count = 0
    private var missing = 0
    private var distinct = Set<CellValue>()
    private var numbers = NumberTally()
    private var categories = CategoryTally()

    init(_ column: DataColumn) { self.column = column }

    mutating func take(_ cell: CellValue) {
        count += 1
        guard !cell.isMissing else {
            missing += 1
            return
        }
        if column.type.isNumeric {
            if distinct.count < DataProfile.countedDistinct { distinct.insert(cell.exact) }
            if let place = cell.place(as: column.type) { numbers.take(place) }
        } else {
            categories.take(cell.category)
        }
    }

    var profile: DataProfile {
        DataProfile(
            column: column, count: count, missing: missing,
            distinct: column.type.isNumeric ? distinct.count : categories.distinct,
            values: column.type.isNumeric ? .numbers(numbers.summary) : .categories(categories.profile(missing)))
    }
}

extension CellValue {
    /// One value for whatever is the same number.
    fileprivate var exact: CellValue {
        guard case .integer(let value) = self, let double = Double(exactly: value) else { return self }
        return .float(double)
    }
}

/// The numbers of one column.
struct NumberTally {
    /// Up to so many values everything is exact; of more, so many are drawn evenly (Vitter's algorithm R), the same ones
    /// each time.
    static let sampleLimit = 200_000

    private var finite = 0
    private var positiveInfinities = 0
    private var negativeInfinities = 0
    private var minimum = Double.infinity
    private var maximum = -Double.infinity
    private var mean = 0.0
    private var squares = 0.0
    private var sample: [Double] = []
    private var numbers = SplitMix(seed: 0x5117_3A7B)

    mutating func take(_ value: Double) {
        guard value.isFinite else {
            if value > 0 { positiveInfinities += 1 } else { negativeInfinities += 1 }
            return
        }
        // Adding zero turns −0 into 0.
        let value = value + 0
        finite += 1
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        let difference = value - mean
        mean += difference / Double(finite)
        squares += difference * (value - mean)
        if sample.count < Self.sampleLimit {
            sample.append(value)
        } else if case let place = Int(numbers.next(upperBound: UInt64(finite))), place < Self.sampleLimit {
            sample[place] = value
        }
    }

    private var standardDeviation: Double? {
        guard finite > 0, squares.isFinite else { return nil }
        return finite == 1 ? 0 : (squares / Double(finite - 1)).squareRoot()
    }

    var summary: NumberSummary {
        let sorted = sample.sorted()
        let bins = sorted.isEmpty ? nil : NumericBins(quantilesOf: sorted)
        let counts = bins.map { bins in
            sorted.reduce(into: [Int](repeating: 0, count: bins.count)) { $0[bins.index(of: $1)] += 1 }
        }
        return NumberSummary(
            finite: finite, positiveInfinities: positiveInfinities, negativeInfinities: negativeInfinities,
            minimum: finite > 0 ? minimum : nil, maximum: finite > 0 ? maximum : nil,
            mean: finite > 0 && mean.isFinite ? mean : nil, standardDeviation: standardDeviation,
            percentiles: sorted.isEmpty ? [] : (0...100).map { quantile($0, of: 100, in: sorted) },
            sampled: sorted.count, bins: bins, binCounts: counts ?? [])
    }
}

/// The texts or booleans of one column.
private struct CategoryTally {
    /// Longer ones are no categories, but documents: they are told apart, and not kept.
    private static let longest = 200

    private var counts: [[UInt8]: Int] = [:]
    private var documents = Set<RowDigest>()
    /// Rows of documents, and of values that came when there were too many different ones to go on counting.
    private var uncounted = 0

    var distinct: Int { min(counts.count + documents.count, DataProfile.countedDistinct) }

    mutating func take(_ value: [UInt8]) {
        if value.count > Self.longest {
            uncounted += 1
            if documents.count < DataProfile.countedDistinct { documents.insert(RowDigest(Digest.bytes(of: value))) }
        } else if let known = counts.index(forKey: value) {
            counts.values[known] += 1
        } else if counts.count < DataProfile.countedDistinct {
            counts[value] = 1
        } else {
            uncounted += 1
        }
    }

    func profile(_ missing: Int) -> CategoricalProfile {
        CategoricalProfile(counts: counts, others: uncounted, missing: missing)
    }
}

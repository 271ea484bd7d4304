// SPDX-License-Identifier: Apache-2.0
package import Statistics

/// What a column of a table looks like: never a row of it, and of texts only the hundred most frequent.
package struct DataProfile: Sendable, Hashable {
    package let column: DataColumn
    /// Rows, missing ones included.
    package let count: Int
    /// Cells that are empty, NaN or `null`.
    package let missing: Int
    /// Different values that are not missing, counted up to ``DataProfile/countedDistinct``.
    package let distinct: Int
    package let values: Values

    package enum Values: Sendable, Hashable {
        /// Numbers, or times as seconds since 1970.
        case numbers(NumberSummary)
        case categories(CategoricalProfile)
    }

    package static let countedDistinct = 10_000

    package init(column: DataColumn, count: Int, missing: Int, distinct: Int, values: Values) {
        self.column = column
        self.count = count
        self.missing = missing
        self.distinct = distinct
        self.values = values
    }

    /// Without the values that fewer than ten rows have, which say more of a row than of the column.
    package var withoutRareValues: DataProfile {
        guard case .categories(let categories) = values else { return self }
        let frequent = categories.categories.filter { $0.count >= 10 }
        let rare = categories.categories.reduce(0) { $0 + ($1.count < 10 ? $1.count : 0) }
        return DataProfile(
            column: column, count: count, missing: missing, distinct: distinct,
            values: .categories(
                CategoricalProfile(
                    count: categories.count, missing: categories.missing, categories: frequent,
                    other: categories.other + rare)))
    }

    package var missingShare: Double { count == 0 ? 0 : Double(missing) / Double(count) }
}

/// Where the numbers of a column lie.
package struct NumberSummary: Sendable, Hashable {
    /// Values that count below; infinities are not among them.
    package let finite: Int
    package let positiveInfinities: Int
    package let negativeInfinities: Int
    /// Over the finite values; `nil` when there is none, or it is larger than a number can be.
    package let minimum: Double?
    package let maximum: Double?
    package let mean: Double?
    /// n − 1; 0 for one value.
    package let standardDeviation: Double?
    /// The values at 0 %, 1 %, … 100 %; empty when there is none. Of ``sampled`` of the values.
    package let percentiles: [Double]
    /// How many values, drawn evenly, ``percentiles`` and ``binCounts`` are of: all of them up to
    /// ``NumberTally/sampleLimit``.
    package let sampled: Int
    /// The reference that later versions are held against.
    package let bins: NumericBins?
    /// Of the sample; shape `[bins]`.
    package let binCounts: [Int]

    package init(
        finite: Int, positiveInfinities: Int, negativeInfinities: Int, minimum: Double?, maximum: Double?,
        mean: Double?, standardDeviation: Double?, percentiles: [Double], sampled: Int, bins: NumericBins?,
        binCounts: [Int]
    ) {
        self.finite = finite
        self.positiveInfinities = positiveInfinities
        self.negativeInfinities = negativeInfinities
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.percentiles = percentiles
        self.sampled = sampled
        self.bins = bins
        self.binCounts = binCounts
    }

    /// The share of the values that are at most `value`, by a line between the percentiles around it.
    package func share(upTo value: Double) -> Double {
        guard let first = percentiles.first, let last = percentiles.last, value >= first else { return 0 }
        guard value < last else { return 1 }
        // The last percentile that is not above it: those that are equal are one value that many rows have.
        var (low, high) = (0, percentiles.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if percentiles[middle] <= value { low = middle } else { high = middle }
        }
        let (start, end) = (percentiles[low], percentiles[low + 1])
        // Half of each where the distance between the two is no number any more.
        let within =
            (end - start).isFinite ? (value - start) / (end - start) : (value / 2 - start / 2) / (end / 2 - start / 2)
        return (Double(low) + within) / Double(percentiles.count - 1)
    }
}

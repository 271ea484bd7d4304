// SPDX-License-Identifier: Apache-2.0

/// What the training data looked like in one numeric column: the reference that live data is held against.
package struct NumericProfile: Sendable, Hashable {
    /// Rows, missing ones included.
    package let count: Int
    /// NaN or absent.
    package let missing: Int
    package let positiveInfinities: Int
    package let negativeInfinities: Int
    /// Over the finite values; `nil` when there is none.
    package let minimum: Double?
    package let maximum: Double?
    package let mean: Double?
    package let standardDeviation: Double?
    /// Distinct finite values, counted up to 1000.
    package let distinct: Int
    /// `nil` when there is no finite value.
    package let bins: NumericBins?
    /// Values in each bin, infinities in the outer ones; shape `[bins]`.
    package let binCounts: [Int]

    /// Below this many rows a baseline says little about rare values.
    package static let weakBelow = 1000

    /// As it was stored.
    ///
    /// - Returns: `nil` where there is not one bin more than edges, the edges do not ascend, or a count is negative.
    package init?(
        count: Int, missing: Int, positiveInfinities: Int, negativeInfinities: Int, minimum: Double?, maximum: Double?,
        mean: Double?, standardDeviation: Double?, distinct: Int, edges: [Double], binCounts: [Int]
    ) {
        guard binCounts.count == edges.count + 1 || binCounts.isEmpty && edges.isEmpty,
            zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }), edges.allSatisfy(\.isFinite),
            ([count, missing, positiveInfinities, negativeInfinities, distinct] + binCounts).allSatisfy({ $0 >= 0 })
        else { return nil }
        self.count = count
        self.missing = missing
        self.positiveInfinities = positiveInfinities
        self.negativeInfinities = negativeInfinities
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.distinct = distinct
        bins = binCounts.isEmpty ? nil : NumericBins(edges: edges)
        self.binCounts = binCounts
    }

    /// - Parameters:
    ///   - values: One value a row; NaN stands for a missing one.
    ///   - binCount: Bins to aim at, before atoms add theirs.
    /// - Complexity: O(n log n).
    package init(of values: [Double], binCount: Int = 10) {
        // Adding zero turns −0 into 0, which must not make a bin of its own.
        let finite = values.filter(\.isFinite).map { $0 + 0 }.sorted()
        count = values.count
        missing = values.count { $0.isNaN }
        positiveInfinities = values.count { $0 == .infinity }
        negativeInfinities = values.count { $0 == -.infinity }
        minimum = finite.first
        maximum = finite.last
        let moments = meanAndDeviation(finite)
        mean = moments?.mean
        standardDeviation = moments?.deviation
        distinct = zip(finite, finite.dropFirst()).reduce(into: finite.isEmpty ? 0 : 1) { count, pair in
            if pair.0 != pair.1, count < 1000 { count += 1 }
        }
        guard !finite.isEmpty else {
            bins = nil
            binCounts = []
            return
        }
        let bins = NumericBins(quantilesOf: finite, count: binCount)
        self.bins = bins
        binCounts = values.reduce(into: [Int](repeating: 0, count: bins.count)) { counts, value in
            if !value.isNaN { counts[bins.index(of: value)] += 1 }
        }
    }
}

/// Mean and sample standard deviation (n − 1), by Welford's update; the deviation of one value is 0.
private func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double)? {
    guard !values.isEmpty else { return nil }
    var mean = 0.0
    var squares = 0.0
    for (index, value) in values.enumerated() {
        let difference = value - mean
        mean += difference / Double(index + 1)
        squares += difference * (value - mean)
    }
    return (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0)
}

/// What the training data looked like in one column of texts or labels.
package struct CategoricalProfile: Sendable, Hashable {
    package struct Category: Sendable, Hashable {
        /// UTF-8, compared byte by byte: canonically equal texts are two categories, as they are elsewhere.
        package let bytes: [UInt8]
        package let count: Int

        package init(bytes: [UInt8], count: Int) {
            self.bytes = bytes
            self.count = count
        }
    }

    package let count: Int
    package let missing: Int
    /// The most frequent first, ties by bytes; at most 100.
    package let categories: [Category]
    /// Rows of all other categories together.
    package let other: Int

    /// - Parameter values: One value a row; `nil` stands for a missing one.
    package init(of values: [[UInt8]?]) {
        let counts = values.reduce(into: [[UInt8]: Int]()) { counts, value in
            if let value { counts[value, default: 0] += 1 }
        }
        self.init(counts: counts, others: 0, missing: values.count { $0 == nil })
    }

    /// - Parameters:
    ///   - counts: Rows of each value.
    ///   - others: Rows of values that are not among them.
    ///   - missing: Rows without a value.
    package init(counts: [[UInt8]: Int], others: Int, missing: Int) {
        let ranked = counts.map { Category(bytes: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.bytes.lexicographicallyPrecedes($1.bytes) }
        categories = Array(ranked.prefix(100))
        other = others + ranked.dropFirst(100).reduce(0) { $0 + $1.count }
        self.missing = missing
        count = missing + others + counts.values.reduce(0, +)
    }

    /// - Parameter categories: The most frequent first.
    package init(count: Int, missing: Int, categories: [Category], other: Int) {
        self.count = count
        self.missing = missing
        self.categories = categories
        self.other = other
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A number that CatBoost makes of categories: what it counted in the training data of those that are alike.
struct Counter {
    /// What is counted together: rows that agree in all of this.
    struct Projection: Hashable {
        /// Columns, in the library's order.
        var categories: [Int]
        /// Questions about other columns, in the library's order.
        var conditions: [RankedQuestion]
    }

    enum Kind: String {
        /// The share of rows whose target lies above one of its borders.
        case borders = "Borders"
        /// The share of rows whose target lies between two of its borders.
        case buckets = "Buckets"
        case binarizedMean = "BinarizedTargetMeanValue"
        case mean = "FloatTargetMeanValue"
        case counter = "Counter"
        case frequency = "FeatureFreq"
    }

    /// What was counted, by the numbers of combinations.
    struct Counts {
        var hashes: [UInt64] = []
        /// `width` for each of ``hashes``: whole numbers, or of means a sum of single precision and a whole number.
        var values: [Double] = []
        var width = 1
        var denominator = 0.0

        var rowCount: Int { hashes.count }
    }

    let projection: Projection
    let kind: Kind
    /// Of the counts.
    let identifier: String
    let counts: Counts
    let targetBorder: Int
    let prior: (numerator: Float, denominator: Float)
    let shift: Float
    let scale: Float

    /// - Parameter row: Of ``counts``; `nil` for what was not seen in training.
    func value(of row: Int?) -> Float {
        let seen = row.map { counts.values[$0 * counts.width..<($0 + 1) * counts.width] } ?? []
        let (part, total): (Double, Double) =
            switch kind {
            case .counter, .frequency: (seen.first ?? 0, counts.denominator)
            case .mean, .binarizedMean: (seen.first ?? 0, seen.last ?? 0)
            case .buckets: (seen.isEmpty ? 0 : seen[seen.startIndex + targetBorder], Self.sum(seen))
            case .borders:
                // Of two classes there is one border, whatever its number is.
                (Self.sum(seen.dropFirst(counts.width > 2 ? targetBorder + 1 : 1)), Self.sum(seen))
            }
        let mean = (Float(part) + prior.numerator) / (Float(total) + prior.denominator)
        return (mean + shift) * scale
    }

    private static func sum(_ counts: ArraySlice<Double>) -> Double { counts.reduce(0, +) }
}

/// The ranks of counters that look at the same counts, by the number of a combination.
struct CounterTable: Sendable {
    private let firstPlace: Int
    private let width: Int
    private var rows: CombinationRows
    /// `width` for each row; the first row is of what was not seen in training.
    private var ranks: [UInt8]

    /// - Parameters:
    ///   - counters: Of the same projection and counts, each with the borders that are asked about, in order.
    ///   - places: Of all their ranks.
    init(_ counters: some Sequence<(Counter, [Float])>, from places: Range<Int>) {
        firstPlace = places.lowerBound
        width = places.count
        let counters = Array(counters)
        let hashes = counters.first?.0.counts.hashes ?? []
        ranks = []
        ranks.reserveCapacity((hashes.count + 1) * width)
        rows = CombinationRows(capacity: hashes.count)
        for row in 0...hashes.count {
            for (counter, borders) in counters {
                let value = counter.value(of: row == 0 ? nil : row - 1)
                let below = borders.count { value > $0 }
                for place in 0..<RankedColumns.places(of: borders.count) {
                    ranks.append(RankedColumns.rank(below, at: place))
                }
            }
            if row > 0 { rows.set(UInt32(row), of: hashes[row - 1]) }
        }
    }

    @inline(__always)
    func write(ranksOf hash: UInt64, to target: UnsafeMutablePointer<UInt8>, lanes: Int) {
        let start = Int(rows.row(of: hash)) * width
        unsafe ranks.withUnsafeBufferPointer { ranks in
            for index in 0..<width { unsafe target[(firstPlace + index) * lanes] = ranks[start + index] }
        }
    }
}

/// The rows of combinations in a table, by their numbers. Looked up for every row and table, so nothing is asked twice.
private struct CombinationRows: Sendable {
    /// A row of 0 is an empty place.
    private var places: [(hash: UInt64, row: UInt32)]
    private let shift: UInt64
    /// A file cannot know it, and so not choose numbers that all fall on one place.
    private let factor = UInt64.random(in: .min ... .max) | 1

    /// - Parameter capacity: At most so many are set.
    init(capacity: Int) {
        // Half of the places stay empty at least, so that every search ends.
        let bits = max(Int.bitWidth - (2 * capacity).leadingZeroBitCount, 1)
        places = Array(repeating: (0, 0), count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    mutating func set(_ row: UInt32, of hash: UInt64) { places[place(of: hash)] = (hash, row) }

    /// - Returns: 0 for what is not there.
    @inline(__always)
    func row(of hash: UInt64) -> UInt32 { places[place(of: hash)].row }

    /// Where it is, or would be.
    @inline(__always)
    private func place(of hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (hash &* factor) &>> shift)
        while places[place].row != 0, places[place].hash != hash { place = (place + 1) & (places.count - 1) }
        return place
    }
}

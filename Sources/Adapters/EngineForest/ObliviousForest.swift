// SPDX-License-Identifier: Apache-2.0

/// CatBoost's symmetric trees: every node of a level asks the same question, so that the answers are the leaf's number.
///
/// A value is compared with a column's borders once, for all trees: what they compare is how many borders lie below it.
struct ObliviousForest: ForestSums {
    struct Split {
        let column: Int
        let border: Float
        /// Whether a missing value is larger than every border, rather than smaller.
        let missingIsLarger: Bool
    }

    private struct Tree {
        let firstSplit: Int
        let depth: Int
        let firstLeaf: Int
    }

    /// A column that is asked about.
    private struct Column {
        let index: Int
        let missingIsLarger: Bool
        /// Ascending, each once.
        var borders: [Float] = []

        /// How many borders lie below the value.
        @inline(__always)
        func rank(of value: Float) -> UInt16 {
            if value.isNaN { return missingIsLarger ? .max : 0 }
            var (low, length) = (0, borders.count)
            // Halved without a jump that could be guessed wrong.
            while length > 0 {
                let half = length / 2
                let isAbove = value > borders[low + half]
                low = isAbove ? low + half + 1 : low
                length = isAbove ? length - half - 1 : half
            }
            return UInt16(low)
        }
    }

    let columnCount: Int
    let sumCount: Int
    private var columns: [Column] = []
    /// For each split of each tree the column, by its place in ``columns``, and the rank from which on its bit is set.
    private var splits: [(column: UInt32, rank: UInt16)] = []
    private var leaves: [Double] = []
    private var trees: [Tree] = []

    /// - Parameter trees: Of each its splits, the first of which decides the lowest bit of the leaf's number, and
    ///   `sumCount` numbers for each of its 2^depth leaves.
    /// - Throws: ``ForestFault``.
    init(columnCount: Int, sumCount: Int, trees all: [(splits: [Split], leaves: [Double])]) throws(ForestFault) {
        self.columnCount = columnCount
        self.sumCount = sumCount
        for (splits, leaves) in all { try Self.check(splits, leaves, columnCount, sumCount) }
        var places: [Int: Int] = [:]
        for split in all.lazy.flatMap(\.splits) where places[split.column] == nil {
            places[split.column] = columns.count
            columns.append(Column(index: split.column, missingIsLarger: split.missingIsLarger))
        }
        for split in all.lazy.flatMap(\.splits) { columns[places[split.column] ?? 0].borders.append(split.border) }
        for index in columns.indices {
            columns[index].borders = Array(Set(columns[index].borders)).sorted()
            guard columns[index].borders.count < Int(UInt16.max) else {
                throw ForestFault("a column has too many borders")
            }
        }
        for (splits, leaves) in all {
            trees.append(Tree(firstSplit: self.splits.count, depth: splits.count, firstLeaf: self.leaves.count))
            for split in splits {
                let place = places[split.column] ?? 0
                // The value is larger than the border when more borders lie below it than below the border.
                self.splits.append((UInt32(place), columns[place].rank(of: split.border) + 1))
            }
            self.leaves += leaves
        }
    }

    private static func check(
        _ splits: [Split], _ leaves: [Double], _ columnCount: Int, _ sumCount: Int
    ) throws(ForestFault) {
        guard splits.count <= 16, leaves.count == sumCount << splits.count else {
            throw ForestFault("a tree of depth \(splits.count) has \(leaves.count) values of leaves")
        }
        for split in splits {
            guard (0..<columnCount).contains(split.column) else {
                throw ForestFault("a split asks for column \(split.column) of \(columnCount)")
            }
            guard !split.border.isNaN else { throw ForestFault("a border is no number") }
        }
        guard !leaves.contains(where: \.isNaN) else { throw ForestFault("a leaf is no number") }
    }

    /// Rows whose ranks are compared at once.
    private typealias Block = SIMD16<UInt16>

    func add(_ rows: UnsafePointer<Float>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Double>) {
        unsafe withUnsafeTemporaryAllocation(of: Block.self, capacity: columns.count) { blocks in
            guard let ranks = blocks.baseAddress else {
                // No tree asks for anything.
                return unsafe addConstants(count, to: sums)
            }
            var first = 0
            while first < count {
                let size = min(Block.scalarCount, count - first)
                if size == 1 {
                    unsafe addOne(rows + first * stride, ranks, to: sums + first * sumCount)
                } else {
                    unsafe addBlock(rows + first * stride, size, stride, ranks, to: sums + first * sumCount)
                }
                first += size
            }
        }
    }

    var explains: Bool { false }

    func contribute(
        _: UnsafePointer<Float>, count _: Int, stride _: Int, columns _: Int, to _: UnsafeMutablePointer<Double>
    ) {}

    private func addConstants(_ count: Int, to sums: UnsafeMutablePointer<Double>) {
        for row in 0..<count {
            for tree in trees {
                for sum in 0..<sumCount { unsafe sums[row * sumCount + sum] += leaves[tree.firstLeaf + sum] }
            }
        }
    }

    private func addOne(
        _ row: UnsafePointer<Float>, _ ranks: UnsafeMutablePointer<Block>, to sums: UnsafeMutablePointer<Double>
    ) {
        unsafe ranks.withMemoryRebound(to: UInt16.self, capacity: columns.count) { ranks in
            for index in columns.indices {
                unsafe (ranks + index).initialize(to: columns[index].rank(of: row[columns[index].index]))
            }
            unsafe splits.withUnsafeBufferPointer { splits in
                unsafe leaves.withUnsafeBufferPointer { leaves in
                    for tree in trees {
                        var leaf = 0
                        for level in 0..<tree.depth {
                            let split = unsafe splits[tree.firstSplit + level]
                            // The sign of the difference: a jump would be guessed wrong half the time.
                            let difference = unsafe Int(split.rank) - 1 - Int(ranks[Int(split.column)])
                            leaf |= (difference >> 63 & 1) << level
                        }
                        let start = tree.firstLeaf + leaf * sumCount
                        for sum in 0..<sumCount { unsafe sums[sum] += leaves[start + sum] }
                    }
                }
            }
        }
    }

    private func addBlock(
        _ rows: UnsafePointer<Float>, _ size: Int, _ stride: Int, _ ranks: UnsafeMutablePointer<Block>,
        to sums: UnsafeMutablePointer<Double>
    ) {
        for index in columns.indices {
            let column = columns[index]
            var block = Block()
            for row in 0..<size { unsafe block[row] = column.rank(of: rows[row * stride + column.index]) }
            unsafe (ranks + index).initialize(to: block)
        }
        unsafe splits.withUnsafeBufferPointer { splits in
            unsafe leaves.withUnsafeBufferPointer { leaves in
                for tree in trees {
                    var numbers = Block()
                    for level in 0..<tree.depth {
                        let split = unsafe splits[tree.firstSplit + level]
                        let isSet = unsafe ranks[Int(split.column)] .>= Block(repeating: split.rank)
                        numbers.replace(with: numbers | Block(repeating: 1 << UInt16(level)), where: isSet)
                    }
                    for row in 0..<size {
                        let start = tree.firstLeaf + Int(numbers[row]) * sumCount
                        for sum in 0..<sumCount { unsafe sums[row * sumCount + sum] += leaves[start + sum] }
                    }
                }
            }
        }
    }
}

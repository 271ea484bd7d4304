// SPDX-License-Identifier: Apache-2.0

/// CatBoost's symmetric trees: every node of a level asks the same question, so that the answers are the leaf's number.
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

    let columnCount: Int
    let sumCount: Int
    private var splits: [Split] = []
    private var leaves: [Double] = []
    private var trees: [Tree] = []

    init(columnCount: Int, sumCount: Int) {
        self.columnCount = columnCount
        self.sumCount = sumCount
    }

    var treeCount: Int { trees.count }

    /// - Parameters:
    ///   - splits: The first decides the lowest bit of the leaf's number.
    ///   - leaves: ``sumCount`` numbers for each of the 2^depth leaves.
    mutating func add(_ splits: [Split], leaves: [Double]) throws(ForestFault) {
        guard splits.count <= 30, leaves.count == sumCount << splits.count else {
            throw ForestFault("a tree of depth \(splits.count) has \(leaves.count) values of leaves")
        }
        for split in splits {
            guard (0..<columnCount).contains(split.column) else {
                throw ForestFault("a split asks for column \(split.column) of \(columnCount)")
            }
            guard !split.border.isNaN else { throw ForestFault("a border is no number") }
        }
        guard !leaves.contains(where: \.isNaN) else { throw ForestFault("a leaf is no number") }
        trees.append(Tree(firstSplit: self.splits.count, depth: splits.count, firstLeaf: self.leaves.count))
        self.splits += splits
        self.leaves += leaves
    }

    func add(_ rows: UnsafePointer<Float>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Double>) {
        unsafe splits.withUnsafeBufferPointer { splits in
            unsafe leaves.withUnsafeBufferPointer { leaves in
                var first = 0
                while first < count {
                    let end = min(first + 64, count)
                    for tree in trees {
                        for row in first..<end {
                            let values = unsafe rows + row * stride
                            var leaf = 0
                            for level in 0..<tree.depth {
                                let split = unsafe splits[tree.firstSplit + level]
                                let value = unsafe values[split.column]
                                let isLarger = value > split.border || (value.isNaN && split.missingIsLarger)
                                leaf |= (isLarger ? 1 : 0) << level
                            }
                            let start = tree.firstLeaf + leaf * sumCount
                            for sum in 0..<sumCount { unsafe sums[row * sumCount + sum] += leaves[start + sum] }
                        }
                    }
                    first = end
                }
            }
        }
    }
}

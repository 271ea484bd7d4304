// SPDX-License-Identifier: Apache-2.0

/// CatBoost's trees, which ask of ranks: every value is held against its column's borders once, for all trees.
struct CatBoostForest: ForestSums {
    enum Trees: Sendable {
        case symmetric(SymmetricTrees)
        case branching(BranchingTrees)
    }

    let columnCount: Int
    let sumCount: Int
    let columns: RankedColumns
    let trees: Trees

    /// Rows that are ranked and walk through the trees at a time.
    private static let lanes = SymmetricTrees.lanes

    func add(_ rows: UnsafePointer<Float>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Double>) {
        let lanes = count == 1 ? 1 : Self.lanes
        // One place more, which trees of leaves alone are pointed at.
        let size = (columns.placeCount + 1) * lanes
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { buffer in
            guard let ranks = buffer.baseAddress else { return }
            unsafe ranks.initialize(repeating: 0, count: size)
            var first = 0
            while first < count {
                let part = min(lanes, count - first)
                let target = unsafe sums + first * sumCount
                unsafe columns.rank(rows + first * stride, count: part, stride: stride, lanes: lanes, into: ranks)
                switch trees {
                case .symmetric(let trees) where lanes == 1: unsafe trees.addOne(ranks, to: target)
                case .symmetric(let trees): unsafe trees.addMany(ranks, count: part, to: target)
                case .branching(let trees) where lanes == 1: unsafe trees.addOne(ranks, to: target)
                case .branching(let trees): unsafe trees.addMany(ranks, lanes: lanes, count: part, to: target)
                }
                first += part
            }
        }
    }

    var explains: Bool { false }

    func contribute(
        _: UnsafePointer<Float>, count _: Int, stride _: Int, columns _: Int, to _: UnsafeMutablePointer<Double>
    ) {}
}

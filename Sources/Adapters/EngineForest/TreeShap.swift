// SPDX-License-Identifier: Apache-2.0

/// What each column of a row adds to a margin: Shapley values of a tree, where a column that is left out is replaced by
/// both ways on, weighted by how many rows of the training data went each.
///
/// They and the tree's expected value add up to its answer.
///
/// - SeeAlso: S. M. Lundberg, G. G. Erion, S.-I. Lee, *Consistent Individualized Feature Attribution for Tree Ensembles*,
///   2018, algorithm 2.
struct TreeShap<Rule: SplitRule> {
    /// A column on the way from the root to a node.
    private struct Step {
        let column: Int
        /// The share of ways on that stay when the column is left out, and when it is known.
        let zero: Double
        let one: Double
        /// The weight of subsets of each size.
        var weight: Double
    }

    let forest: FlatForest<Rule>
    private var path: [Step] = []

    init(_ forest: FlatForest<Rule>) { self.forest = forest }

    /// Adds the part of each column, without what is expected of the tree.
    ///
    /// - Parameter contributions: One for each column.
    mutating func add(
        tree root: UInt32, row: UnsafePointer<Rule.Scalar>, to contributions: UnsafeMutablePointer<Double>
    ) {
        path.removeAll(keepingCapacity: true)
        unsafe visit(root, row, contributions, zero: 1, one: 1, column: -1)
    }

    private mutating func visit(
        _ index: UInt32, _ row: UnsafePointer<Rule.Scalar>, _ contributions: UnsafeMutablePointer<Double>, zero: Double,
        one: Double, column: Int
    ) {
        let before = path
        defer { path = before }
        extend(zero: zero, one: one, column: column)
        guard let (hot, cold) = unsafe forest.ways(on: index, row) else {
            let value = forest.leaf(index)
            for place in path.indices.dropFirst() {
                let step = path[place]
                unsafe contributions[step.column] += unwoundSum(place) * (step.one - step.zero) * value
            }
            return
        }
        var (oldZero, oldOne) = (1.0, 1.0)
        let split = forest.column(index)
        // A column that was asked before is asked again: its first answer is taken back.
        if let place = path.indices.dropFirst().first(where: { path[$0].column == split }) {
            (oldZero, oldOne) = (path[place].zero, path[place].one)
            unwind(place)
        }
        let cover = forest.cover(index)
        unsafe visit(
            hot, row, contributions, zero: forest.cover(hot) / cover * oldZero, one: oldOne, column: split)
        unsafe visit(cold, row, contributions, zero: forest.cover(cold) / cover * oldZero, one: 0, column: split)
    }

    private mutating func extend(zero: Double, one: Double, column: Int) {
        let depth = path.count
        path.append(Step(column: column, zero: zero, one: one, weight: depth == 0 ? 1 : 0))
        for place in stride(from: depth - 1, through: 0, by: -1) {
            path[place + 1].weight += one * path[place].weight * Double(place + 1) / Double(depth + 1)
            path[place].weight *= zero * Double(depth - place) / Double(depth + 1)
        }
    }

    /// Takes a step out, as if it had not been made.
    private mutating func unwind(_ place: Int) {
        let depth = path.count - 1
        let (zero, one) = (path[place].zero, path[place].one)
        var next = path[depth].weight
        for index in stride(from: depth - 1, through: 0, by: -1) {
            if one != 0 {
                let weight = path[index].weight
                path[index].weight = next * Double(depth + 1) / (Double(index + 1) * one)
                next = weight - path[index].weight * zero * Double(depth - index) / Double(depth + 1)
            } else {
                path[index].weight = path[index].weight * Double(depth + 1) / (zero * Double(depth - index))
            }
        }
        for index in place..<depth {
            path[index] = Step(
                column: path[index + 1].column, zero: path[index + 1].zero, one: path[index + 1].one,
                weight: path[index].weight)
        }
        path.removeLast()
    }

    /// The sum of weights that would be left without a step.
    private func unwoundSum(_ place: Int) -> Double {
        let depth = path.count - 1
        let (zero, one) = (path[place].zero, path[place].one)
        var next = path[depth].weight
        var total = 0.0
        for index in stride(from: depth - 1, through: 0, by: -1) {
            if one != 0 {
                let weight = next * Double(depth + 1) / (Double(index + 1) * one)
                total += weight
                next = path[index].weight - weight * zero * Double(depth - index) / Double(depth + 1)
            } else if zero != 0 {
                total += path[index].weight / (zero * Double(depth - index) / Double(depth + 1))
            }
        }
        return total
    }
}

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
        /// The share of ways on that stay when the column is left out.
        let zero: Double
        /// Whether the way on is the row's own, so that it stays when the column is known.
        let isOwn: Bool
        /// The weight of subsets of each size.
        var weight: Double
    }

    let forest: FlatForest<Rule>
    /// The way to each node that is being visited, one behind the other: a node's own begins where its parent's ends.
    private var steps: [Step] = []
    /// `1 / n`, since a division costs as much as all else that is done with a weight.
    private var inverse: [Double] = [0, 1]

    init(_ forest: FlatForest<Rule>) { self.forest = forest }

    /// Adds the part of each column, without what is expected of the tree.
    ///
    /// - Parameter contributions: One for each column.
    mutating func add(
        tree root: UInt32, row: UnsafePointer<Rule.Scalar>, to contributions: UnsafeMutablePointer<Double>
    ) {
        unsafe visit(root, row, contributions, behind: 0..<0, Step(column: -1, zero: 1, isOwn: true, weight: 1))
    }

    /// - Parameters:
    ///   - parent: Where the way to the parent lies.
    ///   - step: The one from there to here.
    private mutating func visit(
        _ index: UInt32, _ row: UnsafePointer<Rule.Scalar>, _ contributions: UnsafeMutablePointer<Double>,
        behind parent: Range<Int>, _ step: Step
    ) {
        var path = parent.upperBound..<parent.upperBound + parent.count + 1
        while inverse.count <= path.count + 1 { inverse.append(1 / Double(inverse.count)) }
        while steps.count < path.upperBound { steps.append(step) }
        for offset in 0..<parent.count { steps[path.lowerBound + offset] = steps[parent.lowerBound + offset] }
        steps[path.upperBound - 1] = step
        extend(path)
        guard let (hot, cold) = unsafe forest.ways(on: index, row) else {
            let value = forest.leaf(index)
            for place in path.dropFirst() {
                let step = steps[place]
                unsafe contributions[step.column] +=
                    unwoundSum(path, place) * ((step.isOwn ? 1 : 0) - step.zero) * value
            }
            return
        }
        var (oldZero, wasOwn) = (1.0, true)
        let split = forest.column(index)
        // A column that was asked before is asked again: its first answer is taken back.
        if let place = path.dropFirst().first(where: { steps[$0].column == split }) {
            (oldZero, wasOwn) = (steps[place].zero, steps[place].isOwn)
            unwind(path, place)
            path = path.lowerBound..<path.upperBound - 1
        }
        let share = oldZero / forest.cover(index)
        unsafe visit(
            hot, row, contributions, behind: path,
            Step(column: split, zero: forest.cover(hot) * share, isOwn: wasOwn, weight: 0))
        unsafe visit(
            cold, row, contributions, behind: path,
            Step(column: split, zero: forest.cover(cold) * share, isOwn: false, weight: 0))
    }

    /// Takes the last step of a way into the weights of all.
    private mutating func extend(_ path: Range<Int>) {
        let depth = path.count - 1
        let (zero, isOwn, share) = (
            steps[path.upperBound - 1].zero, steps[path.upperBound - 1].isOwn, inverse[depth + 1]
        )
        for place in stride(from: depth - 1, through: 0, by: -1) {
            let weight = steps[path.lowerBound + place].weight * share
            if isOwn { steps[path.lowerBound + place + 1].weight += weight * Double(place + 1) }
            steps[path.lowerBound + place].weight = weight * zero * Double(depth - place)
        }
    }

    /// Takes a step out, as if it had not been made.
    private mutating func unwind(_ path: Range<Int>, _ place: Int) {
        let depth = path.count - 1
        let (zero, isOwn) = (steps[place].zero, steps[place].isOwn)
        var next = steps[path.upperBound - 1].weight
        for offset in stride(from: depth - 1, through: 0, by: -1) {
            let weight = steps[path.lowerBound + offset].weight
            if isOwn {
                let before = next * Double(depth + 1) * inverse[offset + 1]
                steps[path.lowerBound + offset].weight = before
                next = weight - before * zero * Double(depth - offset) * inverse[depth + 1]
            } else if zero != 0 {
                steps[path.lowerBound + offset].weight = weight * Double(depth + 1) * inverse[depth - offset] / zero
            }
        }
        for index in place..<path.upperBound - 1 {
            let later = steps[index + 1]
            steps[index] = Step(
                column: later.column, zero: later.zero, isOwn: later.isOwn, weight: steps[index].weight)
        }
    }

    /// The sum of weights that would be left without a step.
    private func unwoundSum(_ path: Range<Int>, _ place: Int) -> Double {
        let depth = path.count - 1
        let zero = steps[place].zero
        var total = 0.0
        guard steps[place].isOwn else {
            // A way that no row of the training data went has no weight to share.
            guard zero != 0 else { return 0 }
            for offset in 0..<depth { total += steps[path.lowerBound + offset].weight * inverse[depth - offset] }
            return total * Double(depth + 1) / zero
        }
        var next = steps[path.upperBound - 1].weight
        let (scale, back) = (Double(depth + 1), zero * inverse[depth + 1])
        for offset in stride(from: depth - 1, through: 0, by: -1) {
            let weight = next * scale * inverse[offset + 1]
            total += weight
            next = steps[path.lowerBound + offset].weight - weight * back * Double(depth - offset)
        }
        return total
    }
}

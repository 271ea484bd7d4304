// SPDX-License-Identifier: Apache-2.0

/// The ascending curve closest to the data, in the mean of squares: what makes a calibrated probability of a score.
///
/// Adjacent violators are pooled; between the ends of pooled blocks the curve is a straight line, outside it is flat.
///
/// - SeeAlso: R. Barlow et al., *Statistical Inference under Order Restrictions*, 1972.
package struct IsotonicRegression: Sendable, Hashable {
    /// Where the curve bends; ascending, without repeats; shape `[breakpoints]`.
    package let x: [Double]
    /// Its value there; never falling; shape `[breakpoints]`.
    package let y: [Double]

    /// A curve that was found before.
    ///
    /// - Returns: `nil` unless there is a point, all are finite, x ascends and y does not fall.
    package init?(x: [Double], y: [Double]) {
        guard !x.isEmpty, x.count == y.count, (x + y).allSatisfy(\.isFinite),
            zip(x, x.dropFirst()).allSatisfy({ $0 < $1 }), zip(y, y.dropFirst()).allSatisfy({ $0 <= $1 })
        else { return nil }
        self.x = x
        self.y = y
    }

    /// - Parameters:
    ///   - scores: Of equal ones the mean target counts; shape `[rows]`.
    ///   - targets: What the curve comes close to, 0 and 1 for labels; shape `[rows]`.
    /// - Returns: `nil` without a row, or when a number is not finite.
    /// - Complexity: O(n log n).
    package init?(scores: [Double], targets: [Double]) {
        precondition(scores.count == targets.count)
        guard !scores.isEmpty, (scores + targets).allSatisfy(\.isFinite) else { return nil }
        var blocks: [Block] = []
        for row in scores.indices.sorted(by: { (scores[$0], $0) < (scores[$1], $1) }) {
            if let last = blocks.indices.last, blocks[last].last == scores[row] {
                blocks[last].add(targets[row])
            } else {
                blocks.append(Block(at: scores[row], targets[row]))
            }
        }
        var pooled: [Block] = []
        for block in blocks {
            var block = block
            while let previous = pooled.last, previous.mean >= block.mean {
                block = previous.joined(block)
                pooled.removeLast()
            }
            pooled.append(block)
        }
        x = pooled.flatMap { $0.first == $0.last ? [$0.first] : [$0.first, $0.last] }
        y = pooled.flatMap { $0.first == $0.last ? [$0.mean] : [$0.mean, $0.mean] }
    }

    /// The curve at `score`; `nil` for a NaN.
    package func value(at score: Double) -> Double? {
        guard !score.isNaN else { return nil }
        var (low, high) = (0, x.count)
        while low < high {
            let middle = (low + high) / 2
            if x[middle] < score { low = middle + 1 } else { high = middle }
        }
        guard low < x.count else { return y[x.count - 1] }
        guard low > 0, x[low] != score else { return y[low] }
        let (from, to) = (x[low - 1], x[low])
        // The distance may be more than a double holds; its half is not.
        let share = (to - from).isFinite ? (score - from) / (to - from) : (score / 2 - from / 2) / (to / 2 - from / 2)
        let rise = y[low] - y[low - 1]
        return rise.isFinite ? min(y[low - 1] + rise * share, y[low]) : y[low - 1] * (1 - share) + y[low] * share
    }
}

/// Neighbouring rows with one value.
private struct Block {
    let first: Double
    private(set) var last: Double
    private(set) var mean: Double
    private var count = 1.0

    init(at score: Double, _ target: Double) {
        (first, last, mean) = (score, score, target)
    }

    mutating func add(_ target: Double) {
        count += 1
        mean += target / count - mean / count
    }

    func joined(_ next: Block) -> Block {
        var block = self
        block.count += next.count
        block.mean = mean * (count / block.count) + next.mean * (next.count / block.count)
        block.last = next.last
        return block
    }
}

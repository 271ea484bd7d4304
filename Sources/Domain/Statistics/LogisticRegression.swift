// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The chance of the second of two classes, from a straight line through the columns: minimises ½‖w‖² + C Σ log-loss with a
/// free intercept, by Newton's method.
struct LogisticRegression: Sendable, Hashable {
    /// Shape `[columns]`.
    private(set) var weights: [Double]
    private(set) var intercept = 0.0

    /// - Parameters:
    ///   - rows: Finite; shape `[rows, columns]`.
    ///   - isSecond: The class of each row; both occur, or the intercept has no end.
    ///   - strength: C, above 0: how much the rows count against the penalty.
    init(rows: [[Double]], isSecond: [Bool], strength: Double = 1) {
        let width = rows.first?.count ?? 0
        weights = [Double](repeating: 0, count: width)
        var loss = loss(rows, isSecond, strength)
        for _ in 0..<100 {
            guard let step = newtonStep(rows, isSecond, strength) else { return }
            let (old, oldIntercept) = (weights, intercept)
            // Newton's step may go too far where the loss is nearly flat; a shorter one goes down.
            var length = 1.0
            var next = Double.infinity
            while length > 1e-6 {
                for column in 0..<width { weights[column] = old[column] - length * step[column] }
                intercept = oldIntercept - length * step[width]
                next = self.loss(rows, isSecond, strength)
                if next <= loss { break }
                length /= 2
            }
            guard next < loss else {
                if next != loss { (weights, intercept) = (old, oldIntercept) }
                return
            }
            loss = next
        }
    }

    /// The logarithm of the odds of the second class.
    func score(_ row: [Double]) -> Double { zip(row, weights).reduce(intercept) { $0 + $1.0 * $1.1 } }

    private func loss(_ rows: [[Double]], _ isSecond: [Bool], _ strength: Double) -> Double {
        let penalty = weights.reduce(0) { $0 + $1 * $1 } / 2
        return zip(rows, isSecond).reduce(penalty) { sum, pair in
            let margin = pair.1 ? score(pair.0) : -score(pair.0)
            return sum + strength * (margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin)
        }
    }

    /// The inverse of the second derivatives times the first ones, the intercept last.
    private func newtonStep(_ rows: [[Double]], _ isSecond: [Bool], _ strength: Double) -> [Double]? {
        let width = weights.count
        var gradient = weights + [0]
        // The lower triangle, row by row of as many as there are columns and the intercept.
        var curvature = [Double](repeating: 0, count: (width + 1) * (width + 1))
        for column in 0..<width { curvature[column * (width + 2)] = 1 }
        for (row, isSecond) in zip(rows, isSecond) {
            let chance = 1 / (1 + exp(-score(row)))
            let (first, second) = (strength * (chance - (isSecond ? 1 : 0)), strength * chance * (1 - chance))
            let extended = row + [1]
            for one in 0...width {
                gradient[one] += first * extended[one]
                let scaled = second * extended[one]
                for other in 0...one { curvature[one * (width + 1) + other] += scaled * extended[other] }
            }
        }
        return solve(curvature, gradient)
    }
}

/// Solves A x = b by Cholesky's decomposition of the lower triangle of A; `nil` when A is not positive definite.
private func solve(_ matrix: [Double], _ right: [Double]) -> [Double]? {
    let n = right.count
    var lower = matrix
    for row in 0..<n {
        for column in 0...row {
            var sum = lower[row * n + column]
            for k in 0..<column { sum -= lower[row * n + k] * lower[column * n + k] }
            if row == column {
                guard sum > 0, sum.isFinite else { return nil }
                lower[row * n + row] = sum.squareRoot()
            } else {
                lower[row * n + column] = sum / lower[column * n + column]
            }
        }
    }
    var solution = right
    for row in 0..<n {
        for k in 0..<row { solution[row] -= lower[row * n + k] * solution[k] }
        solution[row] /= lower[row * n + row]
    }
    for row in (0..<n).reversed() {
        for k in row + 1..<max(n, row + 1) { solution[row] -= lower[k * n + row] * solution[k] }
        solution[row] /= lower[row * n + row]
    }
    return solution
}

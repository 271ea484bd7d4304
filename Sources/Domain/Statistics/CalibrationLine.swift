// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Calibration in two numbers: logit P(positive) = intercept + slope · logit(probability).
///
/// A slope below 1 says that probabilities are too extreme, an intercept above 0 that they are too low. Found by maximum
/// likelihood, without penalty.
package struct CalibrationLine: Sendable, Hashable {
    package let slope: Double
    package let intercept: Double

    /// - Parameters:
    ///   - labels: Whether each row is positive; shape `[rows]`.
    ///   - probabilities: Clipped to [10⁻⁶, 1 − 10⁻⁶]; shape `[rows]`.
    /// - Returns: `nil` when no line is the most likely one (one class only, or classes that a probability separates), or
    ///   when a probability is outside [0, 1].
    package init?(labels: [Bool], probabilities: [Double]) {
        precondition(labels.count == probabilities.count)
        guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
        let logits = probabilities.map { probability in
            let clipped = min(max(probability, 1e-6), 1 - 1e-6)
            return log(clipped / (1 - clipped))
        }
        let rows = Array(zip(logits, labels))
        let positives = rows.filter(\.1).map(\.0)
        let negatives = rows.filter { !$0.1 }.map(\.0)
        guard let leastPositive = positives.min(), let mostPositive = positives.max(),
            let leastNegative = negatives.min(), let mostNegative = negatives.max(),
            mostNegative > leastPositive, mostPositive > leastNegative,
            let found = mostLikelyLine(rows)
        else { return nil }
        (intercept, slope) = found
    }
}

/// Newton's steps, halved while they make the data less likely.
private func mostLikelyLine(_ rows: [(x: Double, isPositive: Bool)]) -> (intercept: Double, slope: Double)? {
    /// −ln of the likelihood.
    func loss(_ line: (Double, Double)) -> Double {
        rows.reduce(0) { sum, row in
            let value = line.0 + line.1 * row.x
            let against = row.isPositive ? -value : value
            return sum + max(against, 0) + log1p(exp(-abs(against)))
        }
    }
    var line = (0.0, 1.0)
    var best = loss(line)
    for _ in 0..<200 {
        var (g0, g1, h00, h01, h11) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for row in rows {
            let probability = 1 / (1 + exp(-(line.0 + line.1 * row.x)))
            let (error, weight) = ((row.isPositive ? 1 : 0) - probability, probability * (1 - probability))
            g0 += error
            g1 += error * row.x
            h00 += weight
            h01 += weight * row.x
            h11 += weight * row.x * row.x
        }
        let determinant = h00 * h11 - h01 * h01
        guard determinant > 0 else { return nil }
        var step = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)
        var next = (line.0 + step.0, line.1 + step.1)
        var found = loss(next)
        var halvings = 0
        while !(found <= best), halvings < 50 {
            step = (step.0 / 2, step.1 / 2)
            next = (line.0 + step.0, line.1 + step.1)
            found = loss(next)
            halvings += 1
        }
        guard found.isFinite else { return nil }
        let isSettled = abs(step.0) <= 1e-12 * (1 + abs(line.0)) && abs(step.1) <= 1e-12 * (1 + abs(line.1))
        (line, best) = (next, found)
        if isSettled { break }
    }
    return line
}

// SPDX-License-Identifier: Apache-2.0

/// Whether probabilities mean what they say: of the rows that were given 0.8, do eight in ten turn out positive?
package struct CalibrationCurve: Sendable, Hashable {
    /// The rows whose probability fell into one bin.
    package struct Bin: Sendable, Hashable {
        package let index: Int
        package let count: Int
        package let meanPrediction: Double
        /// Share of positive rows.
        package let observedRate: Double
    }

    /// Bins of equal width that have rows, ascending; bin i is [i / bins, (i + 1) / bins), the last one closed.
    package let bins: [Bin]
    /// Mean |prediction − rate| over bins, weighted by their rows. Upwards biased on few rows: see
    /// ``expectedErrorByChance(probabilities:binCount:repetitions:seed:)``.
    package let expectedError: Double
    /// The largest |prediction − rate| of a bin.
    package let maximumError: Double
    /// As ``expectedError`` over bins of equal mass. Rows of one probability may fall into two of them, in the order
    /// given; for information only.
    package let equalMassError: Double
    /// Mean squared distance of probability and truth: reliability − resolution + uncertainty, exactly when the
    /// probability is constant in each bin.
    package let brier: Double
    /// Mean squared distance of prediction and rate of a bin; 0 is best.
    package let reliability: Double
    /// Mean squared distance of a bin's rate from that of all rows; more is better.
    package let resolution: Double
    /// The variance of the truth.
    package let uncertainty: Double

    /// - Parameters:
    ///   - labels: Whether each row is positive; shape `[rows]`.
    ///   - probabilities: Shape `[rows]`.
    /// - Returns: `nil` without a row, without a bin, or when a probability is outside [0, 1].
    /// - Complexity: O(n log n).
    /// - SeeAlso: A. Murphy, “A new vector partition of the probability score”, 1973; M. Naeini et al., 2015.
    package init?(labels: [Bool], probabilities: [Double], binCount: Int = 10) {
        precondition(labels.count == probabilities.count)
        guard !labels.isEmpty, binCount > 0, probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
        let rows = Double(labels.count)
        let truth = labels.map { $0 ? 1.0 : 0 }
        let bins = binned(truth, probabilities, binCount)
        self.bins = bins
        let rate = truth.reduce(0, +) / rows
        func mean(_ value: (Bin) -> Double) -> Double {
            bins.reduce(0) { $0 + Double($1.count) / rows * value($1) }
        }
        expectedError = mean { abs($0.meanPrediction - $0.observedRate) }
        maximumError = bins.reduce(0) { max($0, abs($1.meanPrediction - $1.observedRate)) }
        reliability = mean { ($0.meanPrediction - $0.observedRate) * ($0.meanPrediction - $0.observedRate) }
        resolution = mean { ($0.observedRate - rate) * ($0.observedRate - rate) }
        uncertainty = rate * (1 - rate)
        brier = zip(truth, probabilities).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / rows
        equalMassError = errorOfEqualMasses(truth, probabilities, binCount)
    }

    /// The ``expectedError`` that the same probabilities have on average when they are right: what a measured one has to
    /// be compared with.
    ///
    /// - Parameter repetitions: How often labels are drawn.
    /// - Returns: `nil` as the initializer, and without a repetition.
    package static func expectedErrorByChance(
        probabilities: [Double], binCount: Int = 10, repetitions: Int = 200, seed: UInt64
    ) -> Double? {
        guard repetitions > 0 else { return nil }
        var random = SplitMix(seed: seed)
        var sum = 0.0
        for _ in 0..<repetitions {
            let labels = probabilities.map { random.nextUnit() < $0 }
            guard let curve = CalibrationCurve(labels: labels, probabilities: probabilities, binCount: binCount) else {
                return nil
            }
            sum += curve.expectedError
        }
        return sum / Double(repetitions)
    }
}

private func binned(_ truth: [Double], _ probabilities: [Double], _ binCount: Int) -> [CalibrationCurve.Bin] {
    var sums: [Int: (count: Int, predictions: Double, positives: Double)] = [:]
    for (label, probability) in zip(truth, probabilities) {
        let index = min(Int(probability * Double(binCount)), binCount - 1)
        let (count, predictions, positives) = sums[index] ?? (0, 0, 0)
        sums[index] = (count + 1, predictions + probability, positives + label)
    }
    return sums.sorted { $0.key < $1.key }.map { index, sum in
        CalibrationCurve.Bin(
            index: index, count: sum.count, meanPrediction: sum.predictions / Double(sum.count),
            observedRate: sum.positives / Double(sum.count))
    }
}

/// Over consecutive parts of the rows in order of probability, whose sizes differ by at most one, the larger first.
private func errorOfEqualMasses(_ truth: [Double], _ probabilities: [Double], _ binCount: Int) -> Double {
    let order = probabilities.indices.sorted { (probabilities[$0], $0) < (probabilities[$1], $1) }
    let parts = min(binCount, order.count)
    let (size, larger) = order.count.quotientAndRemainder(dividingBy: parts)
    var (start, error) = (0, 0.0)
    for part in 0..<parts {
        let end = start + size + (part < larger ? 1 : 0)
        error += abs(order[start..<end].reduce(0) { $0 + probabilities[$1] - truth[$1] })
        start = end
    }
    return error / Double(order.count)
}

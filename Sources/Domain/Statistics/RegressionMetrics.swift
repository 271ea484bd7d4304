// SPDX-License-Identifier: Apache-2.0

/// How far predicted numbers lie from the true ones, in the unit of the target unless said otherwise.
///
/// What does not fit a double (errors of 10³⁰⁰ squared) is `nil`.
package struct RegressionMetrics: Sendable, Hashable {
    package let count: Int
    package let meanAbsoluteError: Double?
    /// In squares of the unit.
    package let meanSquaredError: Double?
    /// Mean of prediction less truth.
    package let bias: Double?
    package let medianAbsoluteError: Double?
    package let maximumError: Double?
    /// Mean |error| / |truth| over the rows whose truth is not 0; no unit.
    package let meanAbsolutePercentageError: Double?
    /// Mean 2 |error| / (|truth| + |prediction|), 0 where both are 0; no unit.
    package let symmetricPercentageError: Double?
    /// 1 − Σ error² / Σ (truth − mean)²; `nil` for a constant truth; no unit.
    package let r2: Double?
    private let truth: [Double]
    private let predictions: [Double]
    private let absolute: [Double]

    package var rootMeanSquaredError: Double? { meanSquaredError?.squareRoot() }

    /// - Parameters:
    ///   - labels: The truth; shape `[rows]`.
    ///   - predictions: Shape `[rows]`.
    /// - Returns: `nil` without a row, or when a number is not finite.
    /// - Complexity: O(n log n).
    package init?(labels: [Double], predictions: [Double]) {
        precondition(labels.count == predictions.count)
        guard !labels.isEmpty, (labels + predictions).allSatisfy(\.isFinite) else { return nil }
        let rows = Double(labels.count)
        let errors = zip(labels, predictions).map { $1 - $0 }
        truth = labels
        self.predictions = predictions
        absolute = errors.map(abs).sorted()
        count = labels.count
        meanAbsoluteError = (absolute.reduce(0, +) / rows).ifFinite
        let squares = errors.reduce(0) { $0 + $1 * $1 }
        meanSquaredError = (squares / rows).ifFinite
        bias = (errors.reduce(0, +) / rows).ifFinite
        medianAbsoluteError = quantile(1, of: 2, in: absolute).ifFinite
        maximumError = absolute.last?.ifFinite
        let relative = zip(labels, errors).filter { $0.0 != 0 }.map { abs($0.1 / $0.0) }
        meanAbsolutePercentageError = ratio(relative.reduce(0, +), Double(relative.count))
        let symmetric = zip(zip(labels, predictions), errors).reduce(0.0) { sum, row in
            // Halved, so that the sum of two large numbers fits.
            let size = abs(row.0.0) / 2 + abs(row.0.1) / 2
            return sum + (size == 0 ? 0 : abs(row.1) / size)
        }
        symmetricPercentageError = (symmetric / rows).ifFinite
        let mean = labels.reduce(0, +) / rows
        let spread = labels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        r2 = spread.isFinite ? ratio(squares, spread).map { 1 - $0 } : nil
    }

    /// Mean of share · (truth − prediction) where the truth is above, (1 − share) · (prediction − truth) elsewhere: least
    /// for a prediction of that quantile.
    ///
    /// - Parameter share: Which quantile is meant, within (0, 1).
    package func pinballLoss(_ share: Double) -> Double? {
        let sum = zip(truth, predictions).reduce(0.0) { sum, row in
            sum + (row.0 >= row.1 ? share * (row.0 - row.1) : (1 - share) * (row.1 - row.0))
        }
        return (sum / Double(count)).ifFinite
    }

    /// Quantile `step/steps` of |error|.
    package func absoluteErrorQuantile(_ step: Int, of steps: Int) -> Double? {
        guard steps > 0, (0...steps).contains(step) else { return nil }
        return quantile(step, of: steps, in: absolute).ifFinite
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How well scores tell positive from negative rows: the area under the ROC curve, which is the probability that a
/// positive row scores higher than a negative one, ties counted half.
///
/// Its uncertainty is that of the placement values: of each row the share of rows of the other class that it is on the
/// right side of.
///
/// - SeeAlso: E. DeLong, D. DeLong, D. Clarke-Pearson, 1988; X. Sun, W. Xu, “Fast implementation of DeLong's algorithm”,
///   2014.
package struct ROCArea: Sendable, Hashable {
    package let area: Double
    /// Of ``area``; `nil` with fewer than two rows of a class. What is not above 10⁻¹⁵ counts as 0 in what follows.
    package let variance: Double?
    /// Of the positive rows, in their order; shape `[positives]`.
    private let positivePlacements: [Double]
    /// Likewise of the negative ones; shape `[negatives]`.
    private let negativePlacements: [Double]

    /// - Parameters:
    ///   - labels: Whether each row is positive; shape `[rows]`.
    ///   - scores: The higher the more positive; shape `[rows]`.
    /// - Returns: `nil` unless both classes have a row and no score is a NaN.
    /// - Complexity: O(n log n).
    package init?(labels: [Bool], scores: [Double]) {
        precondition(labels.count == scores.count)
        let positives = labels.count { $0 }
        let negatives = labels.count - positives
        guard positives > 0, negatives > 0, !scores.contains(where: \.isNaN) else { return nil }
        let ranks = midranks(scores)
        let rows = labels.indices
        let ofPositives = midranks(rows.filter { labels[$0] }.map { scores[$0] })
        let ofNegatives = midranks(rows.filter { !labels[$0] }.map { scores[$0] })
        positivePlacements = zip(rows.filter { labels[$0] }, ofPositives).map { row, own in
            (ranks[row] - own) / Double(negatives)
        }
        negativePlacements = zip(rows.filter { !labels[$0] }, ofNegatives).map { row, own in
            1 - (ranks[row] - own) / Double(positives)
        }
        area = positivePlacements.reduce(0, +) / Double(positives)
        variance = covarianceOfMeans((positivePlacements, positivePlacements), (negativePlacements, negativePlacements))
    }

    /// area ± z · standard error, within [0, 1].
    package func waldInterval(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let variance, let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
        let half = z * variance.squareRoot()
        return ConfidenceInterval(lower: area - half, upper: area + half).clipped(to: 0...1)
    }

    /// The interval of ln(area / (1 − area)), read back: it stays within (0, 1) and is the better one close to 1.
    ///
    /// - Returns: `nil` when the area is 0 or 1, or its variance 0 or undefined.
    package func logitInterval(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let variance, variance > 0, area > 0, area < 1,
            let z = NormalDistribution.twoSidedQuantile(confidence: confidence)
        else { return nil }
        let middle = log(area / (1 - area))
        let half = z * variance.squareRoot() / (area * (1 - area))
        return ConfidenceInterval(lower: 1 / (1 + exp(half - middle)), upper: 1 / (1 + exp(-middle - half)))
    }

    /// Whether two scores of the same rows have the same area.
    package struct Comparison: Sendable, Hashable {
        /// The first area less the second.
        package let difference: Double
        /// Of the two areas.
        package let covariance: Double
        /// Of ``difference``; 0 when not above 10⁻¹⁵.
        package let variance: Double
        /// ``difference`` in standard errors; 0 for equal areas, infinite for others without variance.
        package let z: Double
        /// Two-sided.
        package let pValue: Double

        package func interval(confidence: Double = 0.95) -> ConfidenceInterval? {
            guard let z = NormalDistribution.twoSidedQuantile(confidence: confidence) else { return nil }
            let half = z * variance.squareRoot()
            return ConfidenceInterval(lower: difference - half, upper: difference + half)
        }
    }

    /// - Parameter other: Of the same labels in the same order.
    /// - Returns: `nil` with fewer than two rows of a class.
    package func compared(with other: ROCArea) -> Comparison? {
        precondition(positivePlacements.count == other.positivePlacements.count)
        precondition(negativePlacements.count == other.negativePlacements.count)
        guard let variance, let otherVariance = other.variance,
            let covariance = covarianceOfMeans(
                (positivePlacements, other.positivePlacements), (negativePlacements, other.negativePlacements))
        else { return nil }
        let difference = area - other.area
        let sum = variance + otherVariance - 2 * covariance
        let ofDifference = sum <= 1e-15 ? 0 : sum
        // 0 / 0 for areas that are equal but for rounding.
        let z = ofDifference == 0 && abs(difference) < 1e-15 ? 0 : difference / ofDifference.squareRoot()
        return Comparison(
            difference: difference, covariance: covariance, variance: ofDifference, z: z,
            pValue: NormalDistribution.twoSided(z))
    }
}

/// S₁₀ / m + S₀₁ / n, with sample covariances (n − 1).
private func covarianceOfMeans(_ positives: ([Double], [Double]), _ negatives: ([Double], [Double])) -> Double? {
    guard positives.0.count > 1, negatives.0.count > 1 else { return nil }
    return sampleCovariance(positives.0, positives.1) / Double(positives.0.count)
        + sampleCovariance(negatives.0, negatives.1) / Double(negatives.0.count)
}

private func sampleCovariance(_ one: [Double], _ other: [Double]) -> Double {
    let count = Double(one.count)
    let (mean, otherMean) = (one.reduce(0, +) / count, other.reduce(0, +) / count)
    return zip(one, other).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - otherMean) } / (count - 1)
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Mean, spread and shape of values that come one by one, in parts that can be added up.
///
/// Infinities are counted and not added; NaN stands for a missing value.
///
/// - SeeAlso: P. Pébay, *Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
///   moments*, 2008.
package struct Moments: Sendable, Hashable {
    /// Finite values.
    package private(set) var count = 0
    /// NaN.
    package private(set) var missing = 0
    /// Infinities of both signs.
    package private(set) var nonFinite = 0
    private var average = 0.0
    /// Sums of the second to fourth powers of the distances from the mean.
    private var second = 0.0
    private var third = 0.0
    private var fourth = 0.0
    private var least = Double.infinity
    private var largest = -Double.infinity

    package init() {}

    package mutating func add(_ value: Double) {
        guard value.isFinite else {
            if value.isNaN { missing += 1 } else { nonFinite += 1 }
            return
        }
        count += 1
        let n = Double(count)
        let distance = value - average
        let step = distance / n
        let term = distance * step * (n - 1)
        average += step
        fourth +=
            term * step * step * (n * n - 3 * n + 3) + 6 * step * step * second - 4 * step * third
        third += term * step * (n - 2) - 3 * step * second
        second += term
        least = min(least, value)
        largest = max(largest, value)
    }

    /// Adds what `other` has seen.
    package mutating func merge(_ other: Moments) {
        missing += other.missing
        nonFinite += other.nonFinite
        guard other.count > 0 else { return }
        guard count > 0 else {
            let (missing, nonFinite) = (missing, nonFinite)
            self = other
            (self.missing, self.nonFinite) = (missing, nonFinite)
            return
        }
        let (a, b) = (Double(count), Double(other.count))
        let n = a + b
        let d = other.average - average
        let one = self
        average += d * b / n
        second = one.second + other.second + d * d * a * b / n
        third =
            one.third + other.third + d * d * d * a * b * (a - b) / (n * n)
            + 3 * d * (a * other.second - b * one.second) / n
        fourth =
            one.fourth + other.fourth + d * d * d * d * a * b * (a * a - a * b + b * b) / (n * n * n)
            + 6 * d * d * (a * a * other.second + b * b * one.second) / (n * n)
            + 4 * d * (a * other.third - b * one.third) / n
        count += other.count
        least = min(least, other.least)
        largest = max(largest, other.largest)
    }

    /// `nil` without a finite value, as everything below; also where the result is no finite number.
    package var mean: Double? { count > 0 ? finite(average) : nil }
    package var minimum: Double? { count > 0 ? least : nil }
    package var maximum: Double? { count > 0 ? largest : nil }
    /// Divided by n − 1; `nil` for one value.
    package var variance: Double? { count > 1 ? finite(max(0, second) / Double(count - 1)) : nil }
    /// Divided by n.
    package var populationVariance: Double? { count > 0 ? finite(max(0, second) / Double(count)) : nil }
    /// √n · M₃/M₂^1.5; `nil` when all values are equal.
    package var skewness: Double? {
        guard second > 0 else { return nil }
        return finite(Double(count).squareRoot() * third / pow(second, 1.5))
    }
    /// n · M₄/M₂² − 3: 0 for a normal distribution; `nil` when all values are equal.
    package var excessKurtosis: Double? {
        guard second > 0 else { return nil }
        return finite(Double(count) * fourth / (second * second) - 3)
    }

    private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

// SPDX-License-Identifier: Apache-2.0

/// A straight line through points of which newer ones count more: y = mean(y) + slope · (x − mean(x)).
///
/// The slope is the least-squares one, drawn towards `slope₀` by `ridge`, which holds it where all points have the same x
/// and say nothing about it:
///
///     slope = (Σ w (x − x̄)(y − ȳ) + ridge · slope₀) / (Σ w (x − x̄)² + ridge),  and at least 0
///
/// - Complexity: O(1) a point, no allocation.
package struct DecayingLine: Sendable {
    private let decay: Double
    private let ridge: Double
    private let expectedSlope: Double
    private var weight = 0.0
    private var meanX = 0.0
    private var meanY = 0.0
    private var squares = 0.0
    private var products = 0.0

    /// - Parameters:
    ///   - slope: What the slope is taken for without points, in y for each x.
    ///   - ridge: How much that counts, in squares of x.
    ///   - decay: What a point's weight is multiplied with for each later one, below 1.
    package init(slope: Double, ridge: Double = 16, decay: Double = 0.95) {
        expectedSlope = slope
        self.ridge = ridge
        self.decay = decay
    }

    package mutating func record(_ x: Double, _ y: Double) {
        weight = weight * decay + 1
        let (oldX, oldY) = (meanX, meanY)
        meanX += (x - oldX) / weight
        meanY += (y - oldY) / weight
        squares = squares * decay + (x - oldX) * (x - meanX)
        products = products * decay + (x - oldX) * (y - meanY)
    }

    package var slope: Double { max(0, (products + ridge * expectedSlope) / (squares + ridge)) }

    /// The line at `x`; 0 without any point.
    package func value(at x: Double) -> Double { weight == 0 ? 0 : meanY + slope * (x - meanX) }
}

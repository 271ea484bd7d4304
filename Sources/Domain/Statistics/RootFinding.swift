// SPDX-License-Identifier: Apache-2.0

/// Where `function` changes its sign between `low` and `high`, to the last digits.
///
/// Inverse quadratic and linear interpolation while they help, bisection otherwise. Of a function with steps it is the
/// place of a step, or one where the function is 0.
///
/// - Parameter tolerance: How far off the answer may be, beside four units in its last place.
/// - Returns: `nil` when both ends have the same sign, or a value is a NaN.
/// - SeeAlso: R. Brent, *Algorithms for Minimization without Derivatives*, 1973, chapter 4.
func root(
    between low: Double, and high: Double, tolerance: Double = 0, of function: (Double) -> Double
) -> Double? {
    var (previous, current, opposite) = ((low, function(low)), (high, function(high)), (low, 0.0))
    if previous.1 == 0 { return low }
    if current.1 == 0 { return high }
    guard previous.1 < 0 && current.1 > 0 || previous.1 > 0 && current.1 < 0 else { return nil }
    var (step, stepBefore) = (0.0, 0.0)
    for _ in 0..<300 {
        if previous.1 != 0, (previous.1 < 0) != (current.1 < 0) {
            opposite = previous
            step = current.0 - previous.0
            stepBefore = step
        }
        if abs(opposite.1) < abs(current.1) { (previous, current, opposite) = (current, opposite, current) }
        let near = (tolerance + 4 * Double.ulpOfOne * abs(current.0)) / 2
        let half = (opposite.0 - current.0) / 2
        guard current.1 != 0, abs(half) >= near, !current.1.isNaN else { break }
        var next = half
        if abs(stepBefore) > near, abs(current.1) < abs(previous.1) {
            let found = interpolated(previous, current, opposite)
            if 2 * abs(found) < min(abs(stepBefore), 3 * abs(half) - near) { next = found }
        }
        // A bisection starts anew.
        (stepBefore, step) = (next == half ? half : step, next)
        previous = current
        current.0 += abs(step) > near ? step : (half > 0 ? near : -near)
        current.1 = function(current.0)
    }
    return current.1.isNaN ? nil : current.0
}

/// How far from the current point the line, or the parabola lying on its side, through the points meets 0.
private func interpolated(
    _ previous: (x: Double, y: Double), _ current: (x: Double, y: Double), _ opposite: (x: Double, y: Double)
) -> Double {
    if previous.x == opposite.x { return -current.y * (current.x - previous.x) / (current.y - previous.y) }
    let slope = (previous.y - current.y) / (previous.x - current.x)
    let opposed = (opposite.y - current.y) / (opposite.x - current.x)
    return -current.y * (opposite.y * opposed - previous.y * slope) / (opposed * slope * (opposite.y - previous.y))
}

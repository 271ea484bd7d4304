// SPDX-License-Identifier: Apache-2.0
import Statistics

/// Numbers that break what was not thought of.
let extremeNumbers: [Double] = [
    0, -0.0, 1, -1, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e308, -1e308,
    .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-300, 0.1,
]

extension SplitMix {
    mutating func uniform() -> Double { Double.random(in: 0..<1, using: &self) }

    /// Of mean 0 and deviation 1: twelve uniform numbers added up, near enough to a normal one.
    mutating func bell() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }

    /// Rows in each bin when each row falls in one with these shares.
    mutating func multinomial(_ rows: Int, _ shares: [Double]) -> [Int] {
        (0..<rows).reduce(into: [Int](repeating: 0, count: shares.count)) { counts, _ in
            counts[pick(shares)] += 1
        }
    }

    mutating func pick(_ shares: [Double]) -> Int {
        var rest = uniform()
        for (bin, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return bin }
        }
        return shares.count - 1
    }

    /// Up to `most` extreme or ordinary numbers.
    mutating func wildNumbers(_ most: Int) -> [Double] {
        (0..<Int.random(in: 0...most, using: &self)).map { _ in
            Bool.random(using: &self)
                ? extremeNumbers[Int.random(in: extremeNumbers.indices, using: &self)] : (bell() * 8).rounded() / 8
        }
    }
}

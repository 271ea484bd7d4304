// SPDX-License-Identifier: Apache-2.0

/// How often a value of one sample exceeds one of another.
package struct MannWhitney: Sendable, Hashable {
    /// Pairs in which the current value is larger, and half of those in which both are equal.
    package let u: Double
    /// How likely a random current value exceeds a random reference one (ties half): ½ without a shift. Of scores of two
    /// classes it is the area under the ROC curve.
    package let commonLanguageEffect: Double
    /// Two-sided, by the normal limit with corrections for ties and continuity.
    package let pValue: Double

    /// - Parameters:
    ///   - reference: Ascending, no NaN; infinities and repeats are fine.
    ///   - current: Likewise.
    /// - Returns: `nil` when one is empty.
    init?(sorted reference: [Double], _ current: [Double]) {
        guard !reference.isEmpty, !current.isEmpty else { return nil }
        let (rows, others) = (Double(reference.count), Double(current.count))
        let all = rows + others
        var (one, other, u, ties) = (0, 0, 0.0, 0.0)
        while other < current.count {
            let value = current[other]
            while one < reference.count, reference[one] < value {
                let start = one
                while one < reference.count, reference[one] == reference[start] { one += 1 }
                ties += cubeLessOne(one - start)
            }
            let (start, otherStart) = (one, other)
            while one < reference.count, reference[one] == value { one += 1 }
            while other < current.count, current[other] == value { other += 1 }
            u += Double(other - otherStart) * (Double(start) + Double(one - start) / 2)
            ties += cubeLessOne(one - start + other - otherStart)
        }
        while one < reference.count {
            let start = one
            while one < reference.count, reference[one] == reference[start] { one += 1 }
            ties += cubeLessOne(one - start)
        }
        self.u = u
        commonLanguageEffect = u / (rows * others)
        let variance = all > 1 ? rows * others / 12 * (all + 1 - ties / (all * (all - 1))) : 0
        guard variance > 0 else {
            pValue = 1
            return
        }
        let z = (max(u, rows * others - u) - rows * others / 2 - 0.5) / variance.squareRoot()
        pValue = min(1, 2 * NormalDistribution.survival(z))
    }
}

/// t³ − t for t equal values.
private func cubeLessOne(_ count: Int) -> Double { Double(count) * (Double(count) * Double(count) - 1) }

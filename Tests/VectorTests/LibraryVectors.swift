// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics

/// What two other tools report of the same samples, as far as it is one of our distances over their bins: a check of ours
/// by their code. Their thresholds, and what only they have, is left out.
let libraryKinds: [VectorKind] = [
    VectorKind(
        "libraryParity",
        optional: [
            "evidentlyDefaultTest", "drifted", "threshold", "upperThreshold", "evidently.ed", "evidently.kl_div",
            "evidently.chisquare",
        ], libraryParity)
]

private func libraryParity(_ input: VectorValue) throws -> Outcome {
    if case .text = try input["ref"].list.first {
        let (reference, current) = (
            try input["ref"].texts.map { Array($0.utf8) }, try input["cur"].texts.map { Array($0.utf8) }
        )
        let names = Set(reference + current).sorted { $0.lexicographicallyPrecedes($1) }
        let counts = [reference, current].map { sample in names.map { name in sample.count { $0 == name } } }
        var outcome = scores(over: counts, "evidently").merging(scores(over: counts, "nannyml")) { $1 }
        outcome["nannyml.chi2"] = value(HomogeneityTest(reference: counts[0], current: counts[1])?.chiSquare)
        outcome["nannyml.l_infinity"] = value(
            CountDistance(reference: counts[0], current: counts[1])?.largestDifference)
        return .record(outcome)
    }
    let (reference, current) = (try input["ref"].numbers, try input["cur"].numbers)
    let both = reference + current
    let union = equalWidthEdges(of: both, count: Int((log2(Double(both.count)) + 1).rounded(.up)))
    let own = equalWidthEdges(of: reference, count: doaneBinCount(of: reference))
    var outcome = scores(over: [reference, current].map { counts($0, union) }, "evidently")
    outcome.merge(scores(over: [reference, current].map { counts($0, own) }, "nannyml")) { $1 }
    let comparison = SampleComparison(reference: reference, current: current)
    outcome["sturgesEdgesOfUnion"] = Outcome(union)
    outcome["doaneEdgesOfReference"] = Outcome(own)
    outcome["evidently.ks"] = score(comparison.kolmogorovSmirnov?.exactPValue())
    outcome["evidently.wasserstein"] = score(comparison.wassersteinPerDeviation)
    outcome["nannyml.kolmogorov_smirnov"] = value(comparison.kolmogorovSmirnov?.statistic)
    outcome["nannyml.wasserstein"] = value(comparison.wasserstein)
    return .record(outcome)
}

/// Evidently takes logarithms of base e, NannyML of base 2.
private func scores(over counts: [[Int]], _ tool: String) -> [String: Outcome] {
    let distance = CountDistance(reference: counts[0], current: counts[1])
    return tool == "evidently"
        ? [
            "evidently.psi": score(distance?.flooredStability), "evidently.hellinger": score(distance?.hellinger),
            "evidently.jensenshannon": score(distance?.jensenShannonDistance),
        ]
        : [
            "nannyml.jensen_shannon": value(distance?.jensenShannonDistanceBase2),
            "nannyml.hellinger": value(distance?.hellinger),
        ]
}

private func score(_ number: Double?) -> Outcome { .record(["score": Outcome(number)]) }
private func value(_ number: Double?) -> Outcome { .record(["value": Outcome(number)]) }

/// The last edge is the largest value itself.
private func equalWidthEdges(of values: [Double], count: Int) -> [Double] {
    let (least, largest) = (values.min() ?? 0, values.max() ?? 0)
    return (0..<count).map { least + (largest - least) * Double($0) / Double(count) } + [largest]
}

/// As many bins as Doane's rule gives a sample by its skewness, as NumPy rounds it.
private func doaneBinCount(of values: [Double]) -> Int {
    let moments = values.reduce(into: Moments()) { $0.add($1) }
    let n = Double(values.count)
    let deviation = (6 * (n - 2) / ((n + 1) * (n + 3))).squareRoot()
    return Int((1 + log2(n) + log2(1 + abs(moments.skewness ?? 0) / deviation)).rounded(.up))
}

/// Values in each bin [eᵢ, eᵢ₊₁), the last one closed, and those beyond the edges in one more.
private func counts(_ values: [Double], _ edges: [Double]) -> [Int] {
    values.reduce(into: [Int](repeating: 0, count: edges.count)) { counts, value in
        let bin = value == edges.last ? edges.count - 2 : (edges.lastIndex { $0 <= value } ?? edges.count - 1)
        counts[value > (edges.last ?? 0) ? edges.count - 1 : bin] += 1
    }
}

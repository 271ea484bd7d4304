// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import Foundation
import ModelDomain
import Statistics
import Tensors

let time = Timestamp(milliseconds: 1_800_000_000_000)

extension Timestamp {
    func after(minutes: Int64) -> Timestamp { Timestamp(microseconds: microseconds + minutes * 60_000_000) }
}

extension SplitMix {
    /// Of mean 0 and deviation 1: Box and Muller.
    mutating func normal() -> Double {
        (-2 * log(1 - nextUnit())).squareRoot() * cos(2 * .pi * nextUnit())
    }

    /// Successes among `trials`, exactly, without drawing each: rejection from a transformed uniform number.
    ///
    /// - SeeAlso: W. Hörmann, “The generation of binomial random variates”, 1993.
    mutating func binomial(_ trials: Int, _ rate: Double) -> Int {
        if rate > 0.5 { return trials - binomial(trials, 1 - rate) }
        let n = Double(trials)
        guard n * rate >= 10 else { return (0..<trials).reduce(0) { sum, _ in sum + (nextUnit() < rate ? 1 : 0) } }
        let deviation = (n * rate * (1 - rate)).squareRoot()
        let b = 1.15 + 2.53 * deviation
        let a = -0.0873 + 0.0248 * b + 0.01 * rate
        let ratio = log(rate / (1 - rate))
        let scale = (2.83 + 5.1 / b) * deviation
        let mode = ((n + 1) * rate).rounded(.down)
        while true {
            let (u, v) = (nextUnit() - 0.5, nextUnit())
            let edge = 0.5 - abs(u)
            let k = ((2 * a / edge + b) * u + n * rate + 0.5).rounded(.down)
            if edge >= 0.07, v <= 0.92 - 4.2 / b { return Int(k) }
            guard k >= 0, k <= n else { continue }
            let atMode = lgamma(mode + 1) + lgamma(n - mode + 1)
            let atK = lgamma(k + 1) + lgamma(n - k + 1)
            let most: Double = atMode - atK + (k - mode) * ratio
            if log(v * scale / (a / (edge * edge) + b)) <= most { return Int(k) }
        }
    }

    /// Rows in each bin, of so many that each fall in one with these shares.
    mutating func multinomial(_ rows: Int, _ shares: [Double]) -> [Int] {
        var (rest, share) = (rows, 1.0)
        return shares.indices.map { place in
            guard place < shares.count - 1 else { return rest }
            let count = binomial(rest, min(1, max(0, shares[place] / share)))
            rest -= count
            share -= shares[place]
            return count
        }
    }
}

/// A version with columns of ten bins, that tests draw counts for without drawing every value.
struct Simulation {
    let baseline: MonitorBaseline
    static let even = [Double](repeating: 0.1, count: 10)

    /// - Parameter shares: Of each column, that the baseline is drawn from.
    init(rows: Int, _ shares: [[Double]], _ source: inout SplitMix) {
        let columns = shares.enumerated().compactMap { place, shares in
            let counts = source.multinomial(rows, shares)
            let profile = NumericProfile(
                count: rows, missing: 0, positiveInfinities: 0, negativeInfinities: 0, minimum: 0, maximum: 1,
                mean: 0.5,
                standardDeviation: 0.3, distinct: 1000,
                edges: (1..<shares.count).map { Double($0) / Double(shares.count) }, binCounts: counts)
            return profile.map { Baseline.Column("c\(place)", .numeric($0)) }
        }
        baseline = MonitorBaseline(
            inputs: Baseline(rows: rows, columns: columns), inputOrigin: .training,
            outputs: Baseline(rows: 0, columns: []), outputOrigin: .traffic)
    }

    /// - Parameters:
    ///   - users: So many rows are drawn, and each comes `rows / users` times; `nil` for rows that are all drawn.
    func window(_ rows: Int, _ shares: [[Double]], users: Int? = nil, _ source: inout SplitMix) -> MonitorPane {
        var pane = MonitorPane(baseline)
        pane.rows = rows
        for (place, shares) in shares.enumerated() {
            var counts = BinCounts(binCount: shares.count)
            let times = users.map { rows / $0 } ?? 1
            counts.bins = source.multinomial(rows / times, shares).map { $0 * times }
            pane.columns[place] = .bins(counts)
        }
        return pane
    }
}

/// Shares of the deciles of a normal distribution that is moved by so many standard deviations.
func movedDeciles(_ shift: Double) -> [Double] {
    // Deciles of the standard normal distribution.
    let edges = [
        -1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0, 0.2533471031, 0.5244005127, 0.8416212336,
        1.2815515655,
    ]
    let below = [0] + edges.map { 0.5 * erfc(-($0 - shift) / 2.0.squareRoot()) } + [1]
    return zip(below, below.dropFirst()).map { $1 - $0 }
}

func numbers(_ name: String, _ values: [Double]) -> NamedTensor {
    NamedTensor(name, Tensor(.float64, shape: [values.count], elements: values))
}

func texts(_ name: String, _ values: [String]) -> NamedTensor {
    NamedTensor(name, Tensor(strings: values, shape: [values.count]))
}

func training(_ columns: [(String, [Double])]) -> Baseline {
    Baseline(
        rows: columns[0].1.count, columns: columns.map { Baseline.Column($0.0, .numeric(NumericProfile(of: $0.1))) })
}

/// A window over another baseline.
struct NoVerdict: Error {}

extension DriftWatch {
    mutating func verdict(_ window: MonitorPane) throws -> WindowVerdict {
        guard let verdict = judge(window) else { throw NoVerdict() }
        return verdict
    }
}

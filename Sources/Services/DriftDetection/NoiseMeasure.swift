// SPDX-License-Identifier: Apache-2.0
internal import Statistics

/// By how much the windows of a version differ among themselves, column by column: what rows that depend on each other, and
/// hours that differ, make of chance.
///
/// Each window is compared with all before it together. What is the same in all of them, a shift against training too, is in
/// none of these comparisons, and so is not mistaken for noise.
package struct NoiseMeasure: Sendable, Hashable {
    /// Of each column the chi-squares of the comparisons over their medians by chance.
    private(set) var ratios: [[Double]]
    /// Degrees of freedom, added up: of each column.
    private(set) var freedoms: [Int]
    /// All windows so far.
    private(set) var pool: MonitorPane?
    /// Comparisons so far.
    private(set) var windows: Int

    init(columnCount: Int) {
        ratios = [[Double]](repeating: [], count: columnCount)
        freedoms = [Int](repeating: 0, count: columnCount)
        windows = 0
    }

    init(ratios: [[Double]], freedoms: [Int], pool: MonitorPane?, windows: Int) {
        self.ratios = ratios
        self.freedoms = freedoms
        self.pool = pool
        self.windows = windows
    }

    mutating func add(_ window: MonitorPane) {
        guard var pool else {
            self.pool = window
            return
        }
        var medians: [Int: Double] = [:]
        for place in ratios.indices where window.columns.indices.contains(place) {
            let before = pool.columns[place].distribution
            guard
                let test = HomogeneityTest(merging: before, window.columns[place].distribution, expecting: 5),
                test.degreesOfFreedom > 0
            else { continue }
            let freedom = test.degreesOfFreedom
            let median = medians[freedom] ?? ChiSquareDistribution.median(degreesOfFreedom: freedom)
            medians[freedom] = median
            ratios[place].append(test.chiSquare / median)
            freedoms[place] += freedom
        }
        pool.add(window)
        self.pool = pool
        windows += 1
    }

    /// Of a column: 1 where it was never anything but constant.
    func noise(of column: Int) -> Noise {
        let all = ratios[column]
        guard !all.isEmpty else { return .none }
        let mean = Double(freedoms[column]) / Double(all.count)
        return Noise(
            factor: max(1, quantile(1, of: 2, in: all.sorted())),
            // A median of n values is worth so many of their mean, more of them the more even they are.
            degreesOfFreedom: Double(freedoms[column]) * (0.64 - 0.27 / max(1, mean)))
    }
}

/// The measured overdispersion of a column.
package struct Noise: Sendable, Hashable {
    /// At least 1: what chi-squares are divided by.
    package let factor: Double
    /// How well it is known; infinite where it was not measured.
    package let degreesOfFreedom: Double

    static let none = Noise(factor: 1, degreesOfFreedom: .infinity)

    /// How likely chance makes a chi-square at least this large, when the factor is itself measured.
    func pValue(_ chiSquare: Double, degreesOfFreedom freedom: Int) -> Double {
        guard freedom > 0 else { return 1 }
        let scaled = chiSquare / factor
        guard degreesOfFreedom.isFinite else {
            return ChiSquareDistribution.survival(scaled, degreesOfFreedom: freedom) ?? 1
        }
        return FDistribution.survival(
            scaled / Double(freedom), numerator: Double(freedom), denominator: degreesOfFreedom) ?? 1
    }
}

extension MonitorPane.Counts {
    /// What distances are computed of.
    var distribution: [Int] {
        switch self {
        case .bins(let counts): counts.distribution
        case .categories(let counts): counts.distribution
        }
    }
}

extension HomogeneityTest {
    /// Over bins of which the rarest are put together, until the smaller sample can be expected to have so many rows in each:
    /// with fewer, chance has longer tails than the test knows.
    init?(merging reference: [Int], _ current: [Int], expecting least: Double) {
        let both = zip(reference, current).map { Double($0) + Double($1) }
        let all = both.reduce(0, +)
        let share = min(sum(reference), sum(current)) / max(1, all)
        let order = both.indices.filter { both[$0] > 0 }.sorted { (both[$0], $0) < (both[$1], $1) }
        var (merged, ones, others): (Double, [Int], [Int]) = (0, [0], [0])
        for place in order {
            if merged * share < least {
                merged += both[place]
                ones[0] &+= reference[place]
                others[0] &+= current[place]
            } else {
                ones.append(reference[place])
                others.append(current[place])
            }
        }
        self.init(reference: ones, current: others)
    }
}

private func sum(_ counts: [Int]) -> Double { counts.reduce(0) { $0 + Double($1) } }

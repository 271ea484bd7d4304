// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Quantiles of any number of values in a few kilobytes: the sketch of Karnin, Lang and Liberty.
///
/// Items of level h stand for 2ʰ values each. A level that is full is sorted, and every other item moves up. With k = 200 the
/// rank of an answer is wrong by at most 1.33 % of the rows in 99 of 100 cases.
///
/// It holds some of the values themselves; keep it away from personal ones.
///
/// - SeeAlso: Z. Karnin, K. Lang and E. Liberty, “Optimal quantile approximation in streams”, 2016.
package struct QuantileSketch: Sendable, Hashable {
    private let k: Int
    private var levels: [[Double]] = [[]]
    private var held = 0
    private var capacity: Int
    private var random: SplitMix
    /// Values so far; NaN is left out.
    package private(set) var count = 0
    package private(set) var minimum: Double?
    package private(set) var maximum: Double?

    /// - Parameters:
    ///   - k: At least 8. The error falls as 2.296/k^0.9723 (at 99 %), memory grows as 3k values.
    ///   - seed: Where the coin tosses begin.
    package init(k: Int = 200, seed: UInt64 = 1) {
        self.k = max(8, k)
        random = SplitMix(seed: seed)
        capacity = 0
        capacity = totalCapacity()
    }

    package mutating func add(_ value: Double) {
        guard !value.isNaN else { return }
        count += 1
        minimum = min(minimum ?? value, value)
        maximum = max(maximum ?? value, value)
        levels[0].append(value)
        held += 1
        if held >= capacity { compact() }
    }

    /// Adds what `other` has seen; with the smaller k of both, errors are those of the smaller.
    package mutating func merge(_ other: QuantileSketch) {
        count += other.count
        if let least = other.minimum { minimum = min(minimum ?? least, least) }
        if let largest = other.maximum { maximum = max(maximum ?? largest, largest) }
        while levels.count < other.levels.count { levels.append([]) }
        for (level, items) in other.levels.enumerated() { levels[level] += items }
        held += other.held
        capacity = totalCapacity()
        while held >= capacity { compact() }
    }

    /// A value below or at which about a share `q` of all lies; `nil` without values.
    ///
    /// - Parameter q: Between 0 and 1, which give the smallest and the largest value.
    package func quantile(_ q: Double) -> Double? {
        guard count > 0, !q.isNaN else { return nil }
        if q <= 0 { return minimum }
        if q >= 1 { return maximum }
        let items = weighted().sorted { $0.value < $1.value }
        let wanted = q * Double(count)
        var sum = 0.0
        for item in items {
            sum += Double(item.weight)
            if sum >= wanted { return item.value }
        }
        return maximum
    }

    /// The share of values that are at most `value`, about; `nil` without values.
    package func share(upTo value: Double) -> Double? {
        guard count > 0 else { return nil }
        let below = weighted().reduce(0) { $1.value <= value ? $0 + $1.weight : $0 }
        return Double(below) / Double(count)
    }

    private func weighted() -> [(value: Double, weight: Int)] {
        levels.enumerated().flatMap { level, items in items.map { ($0, 1 << level) } }
    }

    /// Full levels are the fewer the older they are: k · (2/3)^depth items, at least 8.
    private func capacity(of level: Int) -> Int {
        max(8, Int((Double(k) * pow(2 / 3, Double(levels.count - 1 - level))).rounded(.up)))
    }

    private func totalCapacity() -> Int { levels.indices.reduce(0) { $0 + capacity(of: $1) } }

    private mutating func compact() {
        // As many are held as fit in all levels, so that one of them is full.
        let level = levels.indices.first { levels[$0].count >= capacity(of: $0) } ?? 0
        if level + 1 == levels.count {
            levels.append([])
            capacity = totalCapacity()
        }
        levels[level].sort()
        let odd = levels[level].count % 2 == 1 ? levels[level].popLast() : nil
        let offset = Int(random.next() & 1)
        for place in stride(from: offset, to: levels[level].count, by: 2) {
            levels[level + 1].append(levels[level][place])
        }
        held -= levels[level].count / 2
        levels[level].removeAll(keepingCapacity: true)
        if let odd { levels[level].append(odd) }
    }
}

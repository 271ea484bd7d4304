// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import TableTransforms
internal import Tensors

/// What operations learn from training data, as scikit-learn's classes of the same purpose do.
enum Statistic: String, CaseIterable {
    case mean, median
    case mostFrequent = "most_frequent"

    /// - Returns: `nil` when all are missing.
    func callAsFunction(_ values: [Double]) -> Double? {
        let there = values.filter { !$0.isNaN }
        guard !there.isEmpty else { return nil }
        switch self {
        case .mean: return average(there)
        case .median: return quantile(there.sorted(), 0.5)
        case .mostFrequent:
            var counts: [Double: Int] = [:]
            for value in there { counts[value, default: 0] += 1 }
            // Of several, the smallest.
            return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
        }
    }
}

/// The most frequent text, of several the first in the order of code points; `nil` when all are missing.
func mostFrequent(_ texts: [String]) -> String? {
    var counts: [String: Int] = [:]
    for text in texts where !text.isEmpty { counts[text, default: 0] += 1 }
    return counts.max { one, other in
        one.value == other.value ? precedes(other.key, one.key) : one.value < other.value
    }?.key
}

/// In the order of code points, which is that of UTF-8's bytes, and Python's.
func precedes(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }

func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// By linear interpolation between the two neighbours.
func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
}

/// How a column is scaled.
enum Scaling: String, CaseIterable {
    case standard, robust
    case minMax = "min_max"
    case maxAbs = "max_abs"

    /// - Returns: What goes off the values, and what they are divided by then; `nil` when all are missing.
    func learned(_ values: [Double]) -> (subtract: Double, divide: Double)? {
        let there = values.filter { !$0.isNaN }
        guard let least = there.min(), let most = there.max() else { return nil }
        // A column that never changes is not divided by nothing.
        let orOne = { (spread: Double) in spread == 0 ? 1 : spread }
        switch self {
        case .standard:
            let mean = average(there)
            let variance = there.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(there.count)
            return (mean, orOne(variance.squareRoot()))
        case .minMax: return (least, orOne(most - least))
        case .maxAbs: return (0, orOne(max(abs(least), abs(most))))
        case .robust:
            let sorted = there.sorted()
            return (quantile(sorted, 0.5), orOne(quantile(sorted, 0.75) - quantile(sorted, 0.25)))
        }
    }
}

/// The values that a column has, in order; what is missing, last.
///
/// - Returns: `nil` for more than a table may have.
func categories(of index: Int, in frame: TableFrame) -> [JSONValue]? {
    let column = frame.columns[index]
    var found: [JSONValue]
    var isMissing = false
    if column.datatype == .bytes {
        let texts = frame.texts(of: index)
        isMissing = texts.contains(where: \.isEmpty)
        found = Set(texts.filter { !$0.isEmpty }).sorted(by: precedes).map(JSONValue.string)
    } else {
        let numbers = frame.numbers(of: index)[0]
        isMissing = numbers.contains(where: \.isNaN)
        found = Set(numbers.filter { !$0.isNaN }).sorted().map { number in
            Int64(exactly: number).map(JSONValue.integer) ?? .double(number)
        }
    }
    if isMissing { found.append(.null) }
    return found.count <= TableColumn.widthLimit ? found : nil
}

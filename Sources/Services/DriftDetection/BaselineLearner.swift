// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics
internal import Tensors

/// Keeps the first rows that came until there are enough to make profiles of, for what the bundle has none.
struct BaselineLearner: Sendable {
    struct Batch: Sendable {
        let time: Timestamp
        let rows: Int
        let columns: [NamedTensor]
        let answers: MonitoredAnswers
    }

    /// Rows to learn from.
    let wanted: Int
    private let training: Baseline?
    private(set) var batches: [Batch] = []
    private(set) var rows = 0

    /// Values that a row may have in a column that is learned: no images.
    private static let widest = 64

    init(_ training: Baseline?, wanted: Int) {
        self.training = training
        self.wanted = wanted
    }

    /// - Returns: The baseline, once there are enough.
    mutating func add(_ batch: Batch) -> MonitorBaseline? {
        let columns = batch.columns.filter { $0.tensor.elementCount <= Self.widest * max(1, batch.rows) }
        batches.append(
            Batch(time: batch.time, rows: batch.rows, columns: columns, answers: batch.answers))
        rows += batch.rows
        guard rows >= wanted else { return nil }
        let outputs = Baseline(rows: rows, columns: profiles(batches.map(\.answers.columns)))
        if let training {
            return MonitorBaseline(
                inputs: training, inputOrigin: .training, outputs: outputs, outputOrigin: .traffic)
        }
        let inputs = Baseline(
            rows: rows,
            columns: profiles(batches.map { $0.columns.map { ($0.name, ColumnValues($0.tensor)) } }))
        return MonitorBaseline(inputs: inputs, inputOrigin: .traffic, outputs: outputs, outputOrigin: .traffic)
    }
}

/// One of each column, in the order in which they first came.
private func profiles(_ batches: [[(name: String, values: ColumnValues)]]) -> [Baseline.Column] {
    var places: [[UInt8]: Int] = [:]
    var columns: [(name: String, values: [ColumnValues])] = []
    for column in batches.joined() {
        let name = Array(column.name.utf8)
        if let place = places[name] {
            columns[place].values.append(column.values)
        } else {
            places[name] = columns.count
            columns.append((column.name, [column.values]))
        }
    }
    return columns.map { Baseline.Column($0.name, profile(of: $0.values)) }
}

/// - Returns: Numeric where most values are numbers.
private func profile(of values: [ColumnValues]) -> Baseline.Profile {
    var numbers: [Double] = []
    var texts: [[UInt8]?] = []
    for some in values {
        switch some {
        case .numbers(let more): numbers += more
        case .texts(let tensor):
            tensor.forEachText { text in texts.append(text.isEmpty ? nil : text.indices.map { text[$0] }) }
        case .labels(let labels): texts += labels.map { $0.isEmpty ? nil : $0 }
        }
    }
    return numbers.count > texts.count
        ? .numeric(NumericProfile(of: numbers)) : .categorical(CategoricalProfile(of: texts))
}

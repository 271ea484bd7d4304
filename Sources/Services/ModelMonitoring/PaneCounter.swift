// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics
internal import Tensors

/// Counts columns over the bins and categories of a baseline.
struct PaneCounter: Sendable {
    private enum Counter: Sendable {
        case bins(BinCounter)
        case categories(CategoryCounter)
    }

    private let counters: [Counter]
    /// By the bytes of their names.
    private let inputs: [[UInt8]: Int]
    private let outputs: [[UInt8]: Int]

    init(_ baseline: MonitorBaseline) {
        counters = baseline.columns.map { column in
            switch column.column.profile {
            case .numeric(let profile): .bins(BinCounter(profile))
            case .categorical(let profile): .categories(CategoryCounter(profile))
            }
        }
        func places(_ part: MonitorBaseline.Part) -> [[UInt8]: Int] {
            Dictionary(
                baseline.columns.enumerated().filter { $0.element.part == part }
                    .map { (Array($0.element.name.utf8), $0.offset) }, uniquingKeysWith: { first, _ in first })
        }
        inputs = places(.input)
        outputs = places(.output)
    }

    func count(inputs columns: [NamedTensor], into pane: inout MonitorPane) {
        for column in columns {
            guard let place = inputs[Array(column.name.utf8)] else { continue }
            count(ColumnValues(column.tensor), counters[place], into: &pane.columns[place])
        }
    }

    func count(outputs answers: MonitoredAnswers, into pane: inout MonitorPane) {
        for column in answers.columns {
            guard let place = outputs[Array(column.name.utf8)] else { continue }
            count(column.values, counters[place], into: &pane.columns[place])
        }
    }

    private func count(_ values: ColumnValues, _ counter: Counter, into counts: inout MonitorPane.Counts) {
        switch (counter, counts.take()) {
        case (.bins(let counter), .bins(var taken)):
            switch values {
            case .numbers(let numbers): counter.count(numbers.span, into: &taken)
            case .texts(let tensor):
                tensor.forEachText { isMissing($0) ? (taken.missing += 1) : (taken.typeErrors += 1) }
            case .labels(let labels): taken.typeErrors += labels.count
            }
            counts = .bins(taken)
        case (.categories(let counter), .categories(var taken)):
            switch values {
            case .numbers(let numbers):
                for number in numbers { if number.isNaN { taken.missing += 1 } else { taken.typeErrors += 1 } }
            case .texts(let tensor):
                tensor.forEachText { isMissing($0) ? (taken.missing += 1) : counter.count($0, into: &taken) }
            case .labels(let labels):
                for label in labels {
                    if label.isEmpty { taken.missing += 1 } else { counter.count(label.span, into: &taken) }
                }
            }
            counts = .categories(taken)
        case (_, let taken): counts = taken
        }
    }
}

private func isMissing(_ text: Span<UInt8>) -> Bool { text.isEmpty }

extension Tensor {
    /// Calls `body` with each element of BYTES.
    func forEachText(_ body: (Span<UInt8>) -> Void) {
        for index in 0..<max(0, offsets.count - 1) {
            unsafe withBytes(at: index) { unsafe body($0.bindMemory(to: UInt8.self).span) }
        }
    }
}

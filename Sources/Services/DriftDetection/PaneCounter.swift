// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics
internal import Tensors

/// Counts columns over the bins and categories of a baseline.
struct PaneCounter: Sendable {
    enum Counter: Sendable {
        case bins(BinCounter)
        case categories(CategoryCounter)
    }

    let counters: [Counter]
    private let inputs: ColumnPlaces
    private let outputs: ColumnPlaces

    init(_ baseline: MonitorBaseline) {
        counters = baseline.columns.map { column in
            switch column.column.profile {
            case .numeric(let profile): .bins(BinCounter(profile))
            case .categorical(let profile): .categories(CategoryCounter(profile))
            }
        }
        inputs = ColumnPlaces(baseline, .input)
        outputs = ColumnPlaces(baseline, .output)
    }

    func count(inputs columns: [NamedTensor], into pane: inout MonitorPane) {
        for (index, column) in columns.enumerated() {
            guard let place = inputs.place(of: column.name, near: index) else { continue }
            count(ColumnValues(column.tensor), counters[place], into: &pane.columns[place])
        }
    }

    func place(ofInput name: String) -> Int? { inputs.place(of: name, near: -1) }

    func count(outputs answers: MonitoredAnswers, into pane: inout MonitorPane) {
        for (index, column) in answers.columns.enumerated() {
            guard let place = outputs.place(of: column.name, near: index) else { continue }
            count(column.values, counters[place], into: &pane.columns[place])
        }
    }

    func count(_ values: ColumnValues, _ counter: Counter, into counts: inout MonitorPane.Counts) {
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

/// Where the columns of a part stand in a pane, by the bytes of their names.
private struct ColumnPlaces: Sendable {
    private let names: [String]
    private let first: Int
    private let places: [[UInt8]: Int]

    init(_ baseline: MonitorBaseline, _ part: MonitorBaseline.Part) {
        names = baseline.columns.filter { $0.part == part }.map(\.name)
        first = part == .input ? 0 : baseline.inputs.columns.count
        let first = first
        places = Dictionary(
            names.enumerated().map { (Array($0.element.utf8), first + $0.offset) }, uniquingKeysWith: { one, _ in one })
    }

    /// - Parameter index: Where it stands among the columns that came, mostly in the order of the baseline.
    func place(of name: String, near index: Int) -> Int? {
        if names.indices.contains(index), names[index].utf8.elementsEqual(name.utf8) { return first + index }
        return places[Array(name.utf8)]
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

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import PredictionLogging
internal import Statistics
internal import Tensors

/// Where the columns of a deployment's records stand in a pane.
struct FieldPlaces: Sendable {
    let fields: [LogSchema.Field]
    /// Of each field; `nil` for one that is not counted.
    let places: [Int?]

    init(_ fields: [LogSchema.Field], _ counter: PaneCounter) {
        self.fields = fields
        places = fields.map { field in
            switch field.policy {
            case .keep, .sketch: counter.place(ofInput: field.name)
            case .hash, .drop: nil
            }
        }
    }
}

/// Tables are counted where they lie: a column of a matrix is a stride, and no tensor of its own.
extension PaneCounter {
    func count(inputs: [Tensor], rowCount: Int, _ known: FieldPlaces, into pane: inout MonitorPane) {
        // Of whole numbers and the like, once for all columns.
        var converted: [Int: [Double]] = [:]
        for (field, place) in zip(known.fields, known.places) {
            guard let place, inputs.indices.contains(field.input) else { continue }
            let tensor = inputs[field.input]
            let width = tensor.elementCount / max(1, rowCount)
            // A field that fills its input has as many as came.
            let fills = field.elements.lowerBound == 0 && (field.elements.count >= width || field.shape.contains(0))
            let columns = fills ? 0..<width : field.elements
            guard width * rowCount == tensor.elementCount, columns.upperBound <= width else { continue }
            guard tensor.datatype != .bytes else {
                guard field.policy == .keep else { continue }
                countTexts(tensor, columns, width, place, into: &pane)
                continue
            }
            let isPlain = tensor.datatype == .float32 || tensor.datatype == .float64
            if !isPlain, converted[field.input] == nil { converted[field.input] = tensor.doubles }
            countNumbers(tensor, converted[field.input], columns, width, place, into: &pane)
        }
    }

    private func countNumbers(
        _ tensor: Tensor, _ converted: [Double]?, _ columns: Range<Int>, _ width: Int, _ place: Int,
        into pane: inout MonitorPane
    ) {
        guard case .bins(let counter) = counters[place], case .bins(var taken) = pane.columns[place].take() else {
            // Numbers where texts belong are rare: nothing is made for them.
            let values = tensor.doubles ?? []
            let own = stride(from: 0, to: values.count, by: max(1, width)).flatMap { row in
                columns.map { values[row + $0] }
            }
            return count(.numbers(own), counters[place], into: &pane.columns[place])
        }
        for column in columns {
            if let converted {
                counter.count(converted.span, column: column, width: width, into: &taken)
            } else if tensor.datatype == .float32 {
                tensor.withElements(as: Float.self) { counter.count($0, column: column, width: width, into: &taken) }
            } else {
                tensor.withElements(as: Double.self) { counter.count($0, column: column, width: width, into: &taken) }
            }
        }
        pane.columns[place] = .bins(taken)
    }

    private func countTexts(
        _ tensor: Tensor, _ columns: Range<Int>, _ width: Int, _ place: Int, into pane: inout MonitorPane
    ) {
        guard columns.count < width else {
            return count(.texts(tensor), counters[place], into: &pane.columns[place])
        }
        let own = stride(from: 0, to: tensor.elementCount, by: max(1, width)).flatMap { row in
            columns.map { column in unsafe tensor.withBytes(at: row + column) { unsafe Array($0) } }
        }
        count(.labels(own), counters[place], into: &pane.columns[place])
    }
}

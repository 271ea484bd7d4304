// SPDX-License-Identifier: Apache-2.0
internal import TableTransforms
internal import Tensors

/// What a step gave in one call of the graph.
struct GraphValue {
    /// Of the rows of the call, which of this value's each is; -1 where the step gave nothing. `nil`: each is itself.
    var places: [Int32]?
    var rowCount: Int
    /// Slot after slot; empty where nobody reads slots.
    var numbers: [Double]
    var texts: [TextColumn]
    /// By field, as engines gave them and callers sent them; none where there are only slots.
    var tensors: [Tensor]

    /// A step that gave nothing for any row.
    static func nothing(rowCount: Int) -> GraphValue {
        GraphValue(
            places: [Int32](repeating: -1, count: rowCount), rowCount: 0, numbers: [], texts: [], tensors: [])
    }

    func tensor(_ field: Int) -> Tensor? { tensors.isEmpty ? nil : tensors[field] }

    @inline(__always)
    func place(_ row: Int) -> Int {
        guard let places else { return row }
        return Int(places[row])
    }

    @inline(__always)
    func number(_ slot: Int, at place: Int) -> Double { numbers[slot * rowCount + place] }

    /// Copies the elements of a tensor into slots.
    mutating func load(_ tensor: Tensor, into slots: [Int]) {
        let width = slots.count
        guard tensor.datatype != .bytes else {
            for (index, slot) in slots.enumerated() { texts[slot] = TextColumn(tensor, first: index, stride: width) }
            return
        }
        let rows = rowCount
        unsafe numbers.withUnsafeMutableBufferPointer { target in
            switch tensor.datatype {
            case .float64: unsafe spread(tensor, as: Double.self, slots, rows, target) { $0 }
            case .float32: unsafe spread(tensor, as: Float.self, slots, rows, target) { Double($0) }
            case .float16:
                unsafe spread(tensor, as: UInt16.self, slots, rows, target) { Double(Float16(bitPattern: $0)) }
            case .bfloat16:
                unsafe spread(tensor, as: UInt16.self, slots, rows, target) {
                    Double(Float(bitPattern: UInt32($0) << 16))
                }
            case .int64, .uint64:
                unsafe spread(tensor, as: UInt64.self, slots, rows, target) { Double(bitPattern: $0) }
            case .int32: unsafe spread(tensor, as: Int32.self, slots, rows, target) { Double($0) }
            case .int16: unsafe spread(tensor, as: Int16.self, slots, rows, target) { Double($0) }
            case .int8: unsafe spread(tensor, as: Int8.self, slots, rows, target) { Double($0) }
            case .uint32: unsafe spread(tensor, as: UInt32.self, slots, rows, target) { Double($0) }
            case .uint16: unsafe spread(tensor, as: UInt16.self, slots, rows, target) { Double($0) }
            case .uint8, .bool: unsafe spread(tensor, as: UInt8.self, slots, rows, target) { Double($0) }
            case .bytes: break
            }
        }
    }
}

/// From rows side by side to slots.
@inline(__always)
private func spread<Element: BitwiseCopyable>(
    _ tensor: Tensor, as type: Element.Type, _ slots: [Int], _ rows: Int,
    _ target: UnsafeMutableBufferPointer<Double>, _ convert: (Element) -> Double
) {
    let width = slots.count
    tensor.withElements(as: type) { elements in
        for (index, slot) in slots.enumerated() {
            for row in 0..<rows { unsafe target[slot * rows + row] = convert(elements[row * width + index]) }
        }
    }
}

extension GraphValue {
    /// Values of one row each, one below the other.
    ///
    /// - Returns: `nil` when there are none, or when their tensors have different shapes, or others than one row.
    static func joined(_ values: [GraphValue]) -> GraphValue? {
        guard let first = values.first, values.count > 1 else { return values.first }
        let slotCount = first.numbers.count
        var numbers = [Double](repeating: 0, count: slotCount * values.count)
        for (row, value) in values.enumerated() {
            for slot in 0..<min(slotCount, value.numbers.count) {
                numbers[slot * values.count + row] = value.numbers[slot]
            }
        }
        let texts = first.texts.indices.map { slot in
            var texts = TextRun()
            for value in values {
                // Nobody reads those that were not loaded.
                if value.texts[slot].tensor.elementCount > 0 {
                    texts.append(value.texts[slot], 0)
                } else {
                    texts.append("")
                }
            }
            return texts.column
        }
        var tensors: [Tensor] = []
        // Where values stand for a row, there are slots of all.
        let areTensors = values.allSatisfy { !$0.tensors.isEmpty }
        for field in areTensors ? first.tensors.indices : 0..<0 {
            let parts = values.map { $0.tensors[field] }
            guard parts.allSatisfy({ $0.shape.first == 1 }), let tensor = Tensor.joined(parts) else { return nil }
            tensors.append(tensor)
        }
        return GraphValue(
            places: nil, rowCount: values.count, numbers: numbers, texts: texts, tensors: tensors)
    }
}

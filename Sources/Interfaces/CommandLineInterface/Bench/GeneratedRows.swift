// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Statistics
internal import Tensors

/// Rows that differ, made from a signature: the same ones each time. Numbers lie in the columns' ranges where those are
/// declared, else floating-point ones between 0 and 1, and integers from 0 to 9. Sizes that a request decides are 1.
///
/// - Parameter byteLimit: Of all rows together; one row is made in any case.
func generateRows(of signature: Signature, byteLimit: Int) -> [Example] {
    var numbers = NumberSequence()
    var rows: [Example] = []
    var byteCount = 0
    repeat {
        let row = signature.inputs.indices.map { index in
            generateTensor(signature.inputs[index], ranges: ranges(of: index, in: signature), &numbers)
        }
        byteCount += row.reduce(0) { $0 + $1.storage.byteCount }
        rows.append(Example(inputs: row, outputs: []))
    } while rows.count < 256 && byteCount + byteCount / rows.count <= byteLimit
    return rows
}

/// A declared range with the elements that it is for.
private typealias ElementRange = (elements: Range<Int>, range: ClosedRange<Double>)

private func ranges(of input: Int, in signature: Signature) -> [ElementRange] {
    signature.layout.fields.compactMap { field in
        guard field.input == input, let range = field.range else { return nil }
        let count = field.shape.reduce(1) { $0 * ($1.size ?? 1) }
        return (field.offset..<field.offset + count, range)
    }
}

private func generateTensor(
    _ spec: TensorSpec, ranges: [ElementRange], _ numbers: inout NumberSequence
) -> Tensor {
    let shape = spec.shape.map { $0.size ?? 1 }
    let count = elementCount(of: shape) ?? 0
    guard spec.datatype != .bytes else {
        return Tensor(strings: (0..<count).map { _ in "text \(numbers.bits.next() % 1000)" }, shape: shape)
    }
    let standard: ClosedRange<Double> =
        spec.datatype.isFloatingPoint ? 0...1 : spec.datatype == .bool ? 0...1 : 0...9
    let values = (0..<count).map { element in
        let range = ranges.first { $0.elements.contains(element) }?.range ?? standard
        return numbers.number(in: range, whole: !spec.datatype.isFloatingPoint)
    }
    return Tensor(spec.datatype, shape: shape, numbers: values)
}

/// Numbers without pattern, always the same.
private struct NumberSequence {
    var bits = SplitMix(seed: 0x5117_3A7B)

    mutating func number(in range: ClosedRange<Double>, whole: Bool) -> Double {
        let share = Double(bits.next() >> 11) / 0x1p53
        guard whole else {
            let number = range.lowerBound + share * (range.upperBound - range.lowerBound)
            return number.isFinite ? number : range.lowerBound.isFinite ? range.lowerBound : 0
        }
        // Few and small: what is made up should fit any integer type and most tables of categories.
        let first = max(range.lowerBound.rounded(.up), -128)
        return min(first + (share * (min(range.upperBound, first + 127) - first + 1)).rounded(.down), range.upperBound)
    }
}

extension Tensor {
    /// - Precondition: `datatype` has a fixed width, and there are as many numbers as the shape says.
    fileprivate init(_ datatype: Datatype, shape: Shape, numbers: [Double]) {
        func elements<Element: FixedWidthInteger>(_: Element.Type) -> [Element] {
            numbers.map { Element(exactly: $0.rounded()) ?? 0 }
        }
        switch datatype {
        case .bool, .uint8: self.init(datatype, shape: shape, elements: elements(UInt8.self))
        case .uint16: self.init(datatype, shape: shape, elements: elements(UInt16.self))
        case .uint32: self.init(datatype, shape: shape, elements: elements(UInt32.self))
        case .uint64: self.init(datatype, shape: shape, elements: elements(UInt64.self))
        case .int8: self.init(datatype, shape: shape, elements: elements(Int8.self))
        case .int16: self.init(datatype, shape: shape, elements: elements(Int16.self))
        case .int32: self.init(datatype, shape: shape, elements: elements(Int32.self))
        case .int64: self.init(datatype, shape: shape, elements: elements(Int64.self))
        case .float16: self.init(datatype, shape: shape, elements: numbers.map { Float16($0).bitPattern })
        case .bfloat16:
            self.init(
                datatype, shape: shape,
                elements: numbers.map { UInt16(truncatingIfNeeded: Float($0).bitPattern >> 16) })
        case .float32: self.init(datatype, shape: shape, elements: numbers.map { Float($0) })
        case .float64: self.init(datatype, shape: shape, elements: numbers)
        case .bytes: self.init(strings: numbers.map { "\($0)" }, shape: shape)
        }
    }
}

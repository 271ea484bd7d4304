// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Values of a column of some rows, as they are counted.
enum ColumnValues: Sendable {
    case numbers([Double])
    /// BYTES; an empty one is missing.
    case texts(Tensor)
    case labels([[UInt8]])

    init(_ tensor: Tensor) {
        if let numbers = tensor.doubles { self = .numbers(numbers) } else { self = .texts(tensor) }
    }
}

/// What is watched of a version's answers.
///
/// One number a row is a score, one text or whole number a class. Of two to 1000 numbers a row, taken for probabilities or
/// scores of classes, the place of the largest is the class that was predicted (NAME.class) and the largest itself the
/// confidence (NAME.confidence); of two also the second is a score. Wider answers are not watched.
package struct MonitoredAnswers: Sendable {
    let columns: [(name: String, values: ColumnValues)]

    package init(_ outputs: [NamedTensor], rowCount: Int) {
        columns = outputs.flatMap { output -> [(name: String, values: ColumnValues)] in
            let count = output.tensor.elementCount
            guard rowCount > 0, count > 0, count % rowCount == 0 else { return [] }
            let width = count / rowCount
            guard let numbers = output.tensor.doubles else {
                return width == 1 ? [(output.name, .texts(output.tensor))] : []
            }
            if width == 1 {
                return [(output.name, output.tensor.datatype.isWhole ? .labels(numbers.map(label)) : .numbers(numbers))]
            }
            guard width <= 1000, !output.tensor.datatype.isWhole else { return [] }
            return classes(output.name, numbers, width)
        }
    }
}

private func classes(_ name: String, _ numbers: [Double], _ width: Int) -> [(name: String, values: ColumnValues)] {
    var (labels, largest): ([[UInt8]], [Double]) = ([], [])
    for start in stride(from: 0, to: numbers.count, by: width) {
        var best = 0
        // A row with a NaN has no largest number.
        var isNumber = !numbers[start].isNaN
        for place in 1..<width {
            if numbers[start + place].isNaN { isNumber = false }
            if numbers[start + place] > numbers[start + best] { best = place }
        }
        labels.append(isNumber ? Array(String(best).utf8) : [])
        largest.append(isNumber ? numbers[start + best] : .nan)
    }
    let columns: [(name: String, values: ColumnValues)] = [
        (name + ".class", .labels(labels)), (name + ".confidence", .numbers(largest)),
    ]
    guard width == 2 else { return columns }
    return columns + [(name, .numbers(stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }))]
}

private func label(_ number: Double) -> [UInt8] {
    Array((Int64(exactly: number).map { String($0) } ?? String(number)).utf8)
}

extension Datatype {
    /// Truth values and integers: labels, where they are answers.
    fileprivate var isWhole: Bool {
        switch self {
        case .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: true
        case .float16, .bfloat16, .float32, .float64, .bytes: false
        }
    }
}

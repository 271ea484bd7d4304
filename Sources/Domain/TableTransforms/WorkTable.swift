// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The values of a table while operations work on it.
package struct WorkTable: Sendable {
    package let rowCount: Int
    /// Slot after slot, each of ``rowCount`` values.
    package var numbers: [Double]
    package var texts: [TextColumn]

    package init(rowCount: Int, numbers: [Double], texts: [TextColumn]) {
        self.rowCount = rowCount
        self.numbers = numbers
        self.texts = texts
    }
}

/// One text a row, inside of a tensor of BYTES.
package struct TextColumn: Sendable {
    package let tensor: Tensor
    /// The element of row 0.
    package let first: Int
    /// How many elements further that of the next row is.
    package let stride: Int

    package init(_ tensor: Tensor, first: Int = 0, stride: Int = 1) {
        self.tensor = tensor
        self.first = first
        self.stride = stride
    }

    package func withBytes<Result>(_ row: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe tensor.withBytes(at: first + row * stride, body)
    }

    package func isEmpty(_ row: Int) -> Bool {
        let element = first + row * stride
        return tensor.offsets[element] == tensor.offsets[element + 1]
    }

    /// Broken UTF-8 is repaired with U+FFFD.
    package func text(_ row: Int) -> String {
        unsafe withBytes(row) { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension TextColumn {
    /// Calls `body` with the bytes of each row.
    func forEach(of rowCount: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let offsets = tensor.offsets
        unsafe tensor.storage.withUnsafeBytes { bytes in
            for row in 0..<rowCount {
                let element = first + row * stride
                unsafe body(UnsafeRawBufferPointer(rebasing: bytes[offsets[element]..<offsets[element + 1]]))
            }
        }
    }

    func equals(_ bytes: [UInt8], _ row: Int) -> Bool {
        unsafe withBytes(row) { unsafe $0.elementsEqual(bytes) }
    }
}

/// Texts of a column while they are gathered, one for each row; byte for byte, so that what is no UTF-8 stays what it is.
package struct TextRun: Sendable {
    private var bytes: [UInt8] = []
    private var offsets = [0]

    package init() {}

    package mutating func append(_ column: TextColumn, _ row: Int) {
        unsafe column.withBytes(row) { unsafe bytes.append(contentsOf: $0) }
        offsets.append(bytes.count)
    }

    package mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        offsets.append(bytes.count)
    }

    package var column: TextColumn {
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
        return TextColumn(Tensor(bytes: storage, offsets: offsets, shape: [offsets.count - 1]))
    }
}

/// How a result is brought into its column's datatype, as NumPy does after each operation.
enum Rounding: Sendable {
    case none
    case single
    case half
    case brain

    init(_ datatype: Datatype) {
        self =
            switch datatype {
            case .float32: .single
            case .float16: .half
            case .bfloat16: .brain
            default: .none
            }
    }

    @inline(__always)
    func callAsFunction(_ value: Double) -> Double {
        switch self {
        case .none: value
        case .single: Double(Float(value))
        case .half: Double(Float16(value))
        case .brain: nearestBFloat16(to: value)
        }
    }
}

extension WorkTable {
    /// Replaces the values of a slot, each rounded.
    @inline(__always)
    mutating func update(_ slot: Int, _ rounding: Rounding, _ change: (Double) -> Double) {
        let range = slot * rowCount..<(slot + 1) * rowCount
        var values = numbers.mutableSpan
        switch rounding {
        case .none: for index in range { values[index] = change(values[index]) }
        case .single: for index in range { values[index] = Double(Float(change(values[index]))) }
        default: for index in range { values[index] = rounding(change(values[index])) }
        }
    }

    @inline(__always)
    subscript(slot: Int, row: Int) -> Double {
        get { numbers[slot * rowCount + row] }
        set { numbers[slot * rowCount + row] = newValue }
    }
}

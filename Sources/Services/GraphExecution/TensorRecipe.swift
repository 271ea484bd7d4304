// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import TableTransforms
internal import Tensors

/// How a tensor is made of what steps gave: what an engine takes, or the graph answers with.
struct TensorRecipe: Sendable {
    let name: String
    let datatype: Datatype
    /// Columns of a table, side by side; one source for what is no column.
    let parts: [Part]
    /// Values a row; `nil` for `[rows]`.
    let width: Int?
    /// The field that already is this tensor, when it has all rows.
    let whole: (table: Int, field: Int)?
    /// Whether the first dimension of that tensor counts rows: it is one that each request decides, or not known.
    var hasRows = true

    private static let rowsAtOnce = 64

    struct Part: Sendable {
        let table: Int
        var slots: [Int]
        let datatype: Datatype
    }

    /// Whether it can be made of slots; else only whole, or row by row from a tensor.
    var isOfColumns: Bool { !parts.isEmpty }

    /// - Parameter rows: Of the call, those that take part; `nil` for all.
    ///
    /// - Throws: ``EngineError/runFailed(reason:)`` where rows are wanted of a tensor that has others.
    func tensor(_ values: [GraphValue], rows: [Int32]?, of rowCount: Int) throws(EngineError) -> Tensor {
        if let whole, let tensor = values[whole.table].tensor(whole.field) {
            if rows == nil, values[whole.table].places == nil { return tensor }
            return try selected(tensor, values[whole.table], rows, of: rowCount)
        }
        let count = rows?.count ?? rowCount
        let shape = [count] + (width.map { [$0] } ?? [])
        guard datatype != .bytes else { return texts(values, rows, count, shape) }
        switch datatype {
        case .float64: return numbers(values, rows, count, shape, Double.self) { $0 }
        case .float32: return numbers(values, rows, count, shape, Float.self) { Float($0) }
        case .float16: return numbers(values, rows, count, shape, UInt16.self) { Float16($0).bitPattern }
        case .bfloat16:
            return numbers(values, rows, count, shape, UInt16.self) {
                UInt16(Float(nearestBFloat16(to: $0)).bitPattern >> 16)
            }
        case .int64, .uint64: return numbers(values, rows, count, shape, UInt64.self) { $0.bitPattern }
        // What lies in slots of these fits them: it was checked where it came about.
        case .int32: return numbers(values, rows, count, shape, Int32.self) { Int32(exactly: $0) ?? 0 }
        case .int16: return numbers(values, rows, count, shape, Int16.self) { Int16(exactly: $0) ?? 0 }
        case .int8: return numbers(values, rows, count, shape, Int8.self) { Int8(exactly: $0) ?? 0 }
        case .uint32: return numbers(values, rows, count, shape, UInt32.self) { UInt32(exactly: $0) ?? 0 }
        case .uint16: return numbers(values, rows, count, shape, UInt16.self) { UInt16(exactly: $0) ?? 0 }
        case .uint8, .bool: return numbers(values, rows, count, shape, UInt8.self) { UInt8(exactly: $0) ?? 0 }
        case .bytes: preconditionFailure("texts are gathered apart")
        }
    }

    @inline(__always)
    private func numbers<Element: BitwiseCopyable>(
        _ values: [GraphValue], _ rows: [Int32]?, _ count: Int, _ shape: Shape, _: Element.Type,
        _ convert: (Double) -> Element
    ) -> Tensor {
        let stride = width ?? 1
        let elements = unsafe [Element](unsafeUninitializedCapacity: count * stride) { target, filled in
            // Some rows at a time, so that what is written lies close together.
            for start in Swift.stride(from: 0, to: count, by: Self.rowsAtOnce) {
                let range = start..<min(start + Self.rowsAtOnce, count)
                var first = 0
                for part in parts {
                    let given = values[part.table].numbers
                    let length = values[part.table].rowCount
                    let isStraight = rows == nil && values[part.table].places == nil
                    let cast = castAhead(part.datatype)
                    for slot in part.slots {
                        for index in range {
                            let place =
                                isStraight ? index : values[part.table].place(rows.map { Int($0[index]) } ?? index)
                            let number = given[slot * length + place]
                            unsafe target[index * stride + first] = convert(cast ? wide(number, part.datatype) : number)
                        }
                        first += 1
                    }
                }
            }
            // Every part was written: together they are as wide as a row.
            filled = count * stride
        }
        return Tensor(datatype, shape: shape, elements: elements)
    }

    /// Whether numbers lie otherwise in their slots than in those of this datatype.
    private func castAhead(_ from: Datatype) -> Bool { from.liesAsBits != datatype.liesAsBits }

    private func wide(_ value: Double, _ from: Datatype) -> Double {
        // Whole numbers were let through only where they fit, or where all that is too large is infinite.
        castNumber(value, from: from, to: datatype)
            ?? (castNumber(value, from: from, to: .float64) ?? .nan) * .infinity
    }

    private func texts(_ values: [GraphValue], _ rows: [Int32]?, _ count: Int, _ shape: Shape) -> Tensor {
        var bytes: [UInt8] = []
        var offsets = [0]
        for index in 0..<count {
            let row = rows.map { Int($0[index]) } ?? index
            for part in parts {
                let value = values[part.table]
                for slot in part.slots {
                    unsafe value.texts[slot].withBytes(value.place(row)) { unsafe bytes.append(contentsOf: $0) }
                    offsets.append(bytes.count)
                }
            }
        }
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { target in unsafe target.copyBytes(from: bytes) }
        return Tensor(bytes: storage, offsets: offsets, shape: shape)
    }

    /// Some rows of a tensor; all of it where it is the same for every row.
    private func selected(
        _ tensor: Tensor, _ value: GraphValue, _ rows: [Int32]?, of rowCount: Int
    ) throws(EngineError) -> Tensor {
        guard hasRows, let count = tensor.shape.first else { return tensor }
        guard count == value.rowCount else {
            throw .runFailed(
                reason:
                    "“\(name.prefix(100))” has \(count) entries for \(value.rowCount) rows, so that none is of one row")
        }
        guard let rows else { return tensor.gathered((0..<rowCount).map(value.place)) }
        return tensor.gathered(rows.map { value.place(Int($0)) })
    }
}

/// Whether numbers of one datatype may be given where another is taken: nothing of them is lost but precision.
func canFeed(_ from: Datatype, to: Datatype) -> Bool {
    if from == to { return true }
    guard from != .bytes, to != .bytes, to != .bool else { return false }
    if to.isFloatingPoint { return true }
    guard from == .bool || from.isInteger else { return false }
    let range = { (datatype: Datatype) -> ClosedRange<Double> in
        switch datatype {
        case .bool: 0...1
        case .uint8: 0...0xFF
        case .uint16: 0...0xFFFF
        case .uint32: 0...0xFFFF_FFFF
        case .uint64: 0...0x1p64
        case .int8: -0x80...0x7F
        case .int16: -0x8000...0x7FFF
        case .int32: -0x8000_0000...0x7FFF_FFFF
        default: -0x1p63...0x1p63
        }
    }
    return range(to).lowerBound <= range(from).lowerBound && range(from).upperBound <= range(to).upperBound
}

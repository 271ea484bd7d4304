// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import Tensors

/// Puts answered records of one deployment together into one of many rows, for whoever counts them: what each record costs by
/// itself, a tensor for every input, is paid once for hundreds of rows.
///
/// The writer's thread only.
final class RecordGatherer {
    private static let mostRows = 256
    private static let mostBytes = 1 << 20

    private let schema: LogSchema
    private var inputs: [GatheredTensor] = []
    private var outputs: [GatheredTensor] = []
    private var rows = 0
    private var byteCount = 0
    /// Of the first record.
    private var time = Timestamp(microseconds: 0)

    init(_ schema: LogSchema) { self.schema = schema }

    /// - Parameters:
    ///   - bytes: A record, as ``RecordCoding`` has it.
    ///   - observe: Called with what is whole: not with each record.
    func take(_ bytes: UnsafeRawBufferPointer, observe: (PredictionRecord) -> Void) {
        guard bytes.count > 26, unsafe bytes[24] == PredictionStatus.answered.number,
            unsafe bytes[25] & RecordCoding.cutFlag == 0
        else { return }
        let record = unsafe ArraySlice(bytes)
        if rows == 0 || !append(record) {
            flush(observe)
            begin(record, observe)
        }
        byteCount += record.count
        if rows >= Self.mostRows || byteCount >= Self.mostBytes { flush(observe) }
    }

    func flush(_ observe: (PredictionRecord) -> Void) {
        guard rows > 0 else { return }
        observe(
            PredictionRecord(
                id: PredictionID(high: 0, low: 0), time: time, status: .answered, code: nil, principal: nil, key: nil,
                trace: nil, rowCount: rows, times: .init(), isCut: false,
                inputs: inputs.map { .whole($0.tensor(rows)) },
                outputs: outputs.map { $0.tensor(rows) }, schema: schema))
        (inputs, outputs, rows, byteCount) = ([], [], 0, 0)
    }

    /// Takes the record as the first one; one whose tensors are not cut into rows is shown by itself.
    private func begin(_ bytes: ArraySlice<UInt8>, _ observe: (PredictionRecord) -> Void) {
        guard let record = RecordCoding.read(bytes, schema), record.rowCount > 0 else { return }
        guard let whole = record.wholeInputs, (whole + record.outputs).allSatisfy({ $0.shape.first == record.rowCount })
        else { return observe(record) }
        inputs = whole.map(GatheredTensor.init)
        outputs = record.outputs.map(GatheredTensor.init)
        (rows, time) = (record.rowCount, record.time)
    }

    /// - Returns: `false` where it has tensors of another kind than those that are there; then nothing has changed.
    private func append(_ bytes: ArraySlice<UInt8>) -> Bool {
        var scan = ByteScan(bytes)
        guard let (flags, more) = RecordCoding.skipToKey(&scan), more > 0 else { return false }
        // The key, and the code that an answer does not have.
        for _ in 0..<2 { _ = scan.number().flatMap { scan.slice($0) } }
        if flags & RecordCoding.traceFlag != 0 { _ = scan.slice(16) }
        if flags & RecordCoding.subjectFlag != 0 { _ = scan.number().flatMap { scan.slice($0) } }
        let isLike = append(&scan, more)
        if isLike {
            rows += more
        } else {
            for place in inputs.indices { inputs[place].cut(to: rows) }
            for place in outputs.indices { outputs[place].cut(to: rows) }
        }
        return isLike
    }

    private func append(_ scan: inout ByteScan, _ more: Int) -> Bool {
        guard scan.number() == inputs.count else { return false }
        for place in inputs.indices {
            // The whole tensor, and not some columns of it.
            guard scan.byte() == 1, inputs[place].append(&scan, more) else { return false }
        }
        guard scan.number() == outputs.count else { return false }
        for place in outputs.indices {
            guard outputs[place].append(&scan, more) else { return false }
        }
        return scan.isAtEnd
    }
}

/// Rows of one tensor, end to end.
private struct GatheredTensor {
    private let datatype: Datatype
    private let rowShape: Shape
    private let rowElements: Int
    private var bytes: [UInt8]
    /// BYTES only, as ``Tensor/offsets``.
    private var offsets: [Int]

    /// - Parameter tensor: Its first dimension counts the rows.
    init(_ tensor: Tensor) {
        datatype = tensor.datatype
        rowShape = Array(tensor.shape.dropFirst())
        rowElements = rowShape.reduce(1, *)
        offsets = tensor.offsets
        bytes = unsafe tensor.storage.withUnsafeBytes { unsafe Array($0.prefix(tensor.offsets.last ?? $0.count)) }
    }

    /// Reads a tensor of so many rows behind those that are there.
    mutating func append(_ scan: inout ByteScan, _ rows: Int) -> Bool {
        guard scan.byte() == datatype.logCode, scan.number() == rowShape.count + 1, scan.number() == rows else {
            return false
        }
        for size in rowShape { guard scan.number() == size else { return false } }
        if datatype == .bytes {
            for _ in 0..<rows * rowElements {
                guard let length = scan.number(), let end = offsets.last, length <= Int.max - end else { return false }
                offsets.append(end + length)
            }
        }
        guard let count = scan.number(), let part = scan.slice(count) else { return false }
        bytes.append(contentsOf: part)
        return datatype.byteWidth.map { count == rows * rowElements * $0 } ?? (bytes.count == offsets.last)
    }

    /// Takes back what is behind so many rows.
    mutating func cut(to rows: Int) {
        if let width = datatype.byteWidth {
            bytes.removeLast(max(0, bytes.count - rows * rowElements * width))
        } else {
            offsets.removeLast(max(0, offsets.count - rows * rowElements - 1))
            bytes.removeLast(max(0, bytes.count - (offsets.last ?? 0)))
        }
    }

    func tensor(_ rows: Int) -> Tensor {
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        return datatype == .bytes
            ? Tensor(bytes: storage, offsets: offsets, shape: [rows] + rowShape)
            : Tensor(datatype, shape: [rows] + rowShape, storage: storage)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import InferenceServing
internal import ModelDomain
internal import RequestTracing
internal import Tensors

/// How a record is written, on its way to the writer and in segments alike:
///
/// ```
/// id (16), time in µs (8), status (1), flags (1), rows, queue, run and total in ns, rows of the engine's call,
/// principal, key, code (each with its length), the id of the trace (16) and the subject where flags say so, count of
/// inputs, inputs, count of outputs, outputs
/// ```
///
/// An input has a kind in front: 0 nothing, 1 the whole tensor, 2 columns: their count, then each one's field and tensor.
/// The subject is there on the way to the writer only: in segments such a record is sealed (`RecordSealing`).
enum RecordCoding {
    /// Where a record has its flags.
    static let flagsPlace = 25
    static let cutFlag: UInt8 = 1
    static let traceFlag: UInt8 = 2
    static let subjectFlag: UInt8 = 4
    static let sealedFlag: UInt8 = 8
    /// At most so much beside texts and tensors.
    private static let frame = 136

    /// At most so many bytes, tensors included.
    static func most(for outcome: borrowing PredictionOutcome, withTensors: Bool) -> Int {
        var texts = (outcome.principal?.rawValue.utf8.count ?? 0) + (outcome.key?.utf8.count ?? 0)
        if let subject = outcome.subject { texts += 9 + subject.utf8.count }
        if case .failure(let failure) = outcome.result { texts += failure.code.rawValue.utf8.count }
        guard withTensors else { return 120 + texts }
        var tensors = 0
        for tensor in outcome.inputs { tensors += 1 + BytePen.most(for: tensor) }
        if case .success(let outputs) = outcome.result {
            for tensor in outputs { tensors += BytePen.most(for: tensor) }
        }
        return frame + texts + tensors
    }

    /// - Parameters:
    ///   - time: When the request came, in microseconds.
    ///   - withTensors: Else the record says that they were too large.
    static func write(
        _ outcome: borrowing PredictionOutcome, code: String, status: PredictionStatus, time: Int64, withTensors: Bool,
        to pen: inout BytePen
    ) {
        pen.put(fixed: outcome.id.high)
        pen.put(fixed: outcome.id.low)
        pen.put(fixed: UInt64(bitPattern: time))
        pen.put(status.number)
        pen.put(
            (withTensors ? 0 : cutFlag) | (outcome.trace == nil ? 0 : traceFlag)
                | (outcome.subject == nil ? 0 : subjectFlag))
        pen.put(max(0, outcome.rowCount))
        pen.put(max(0, outcome.times.queue))
        pen.put(max(0, outcome.times.run))
        pen.put(max(0, outcome.times.total))
        pen.put(max(0, outcome.times.callRows))
        pen.put(outcome.principal?.rawValue ?? "")
        pen.put(outcome.key ?? "")
        pen.put(code)
        if let trace = outcome.trace { pen.put(trace) }
        if let subject = outcome.subject { pen.put(subject) }
        pen.put(withTensors ? outcome.inputs.count : 0)
        if withTensors {
            for tensor in outcome.inputs {
                pen.put(1 as UInt8)
                pen.put(tensor)
            }
        }
        guard withTensors, case .success(let outputs) = outcome.result else { return pen.put(0) }
        pen.put(outputs.count)
        for tensor in outputs { pen.put(tensor) }
    }

    /// - Parameter keys: Of subjects, where they are known.
    /// - Returns: `nil` for what is no record.
    static func read(
        _ bytes: ArraySlice<UInt8>, _ schema: LogSchema, keys: (SubjectReference) -> SymmetricKey? = { _ in nil }
    ) -> PredictionRecord? {
        var scan = ByteScan(bytes)
        guard let high = scan.fixed(), let low = scan.fixed(), let time = scan.fixed(),
            let status = scan.byte().flatMap(PredictionStatus.init(number:)), let flags = scan.byte(),
            let rows = scan.number(), let queue = scan.number(), let run = scan.number(), let total = scan.number(),
            let callRows = scan.number(), let principal = scan.text(), let key = scan.text(), let code = scan.text()
        else { return nil }
        let trace = flags & traceFlag != 0 ? scan.trace() : nil
        let subject = flags & subjectFlag != 0 ? scan.text() : nil
        var times = PredictionOutcome.Times()
        (times.queue, times.run, times.total, times.callRows) = (queue, run, total, callRows)
        var record = PredictionRecord(
            id: PredictionID(high: high, low: low), time: Timestamp(microseconds: Int64(bitPattern: time)),
            status: status, code: code.isEmpty ? nil : code, principal: principal.isEmpty ? nil : principal,
            key: key.isEmpty ? nil : key, trace: trace, subject: subject, rowCount: rows, times: times,
            isCut: flags & cutFlag != 0, schema: schema)
        if flags & sealedFlag != 0 {
            guard record.unseal(&scan, keys) else { return nil }
        } else {
            guard let content = scan.content(schema) else { return nil }
            (record.inputs, record.outputs) = content
        }
        return scan.isAtEnd ? record : nil
    }

    /// The key of a record, without reading the rest of it.
    static func key(of bytes: UnsafeRawBufferPointer) -> ArraySlice<UInt8>? {
        // The texts are short: whoever sends long ones is refused.
        var scan = ByteScan(unsafe ArraySlice(bytes.prefix(600)))
        guard skipToKey(&scan) != nil, let key = scan.number() else { return nil }
        return scan.slice(key)
    }

    /// Reads past what stands in front of the key.
    ///
    /// - Returns: `nil` for what is no record.
    static func skipToKey(_ scan: inout ByteScan) -> (flags: UInt8, rows: Int)? {
        guard scan.slice(25) != nil, let flags = scan.byte(), let rows = scan.number() else { return nil }
        // Three times, and rows of the engine's call.
        for _ in 0..<4 { guard scan.number() != nil else { return nil } }
        guard let principal = scan.number(), scan.slice(principal) != nil else { return nil }
        return (flags, rows)
    }

    /// Those of a record, without reading the rest of it.
    static func flags(of bytes: UnsafeRawBufferPointer) -> UInt8 {
        bytes.count > flagsPlace ? unsafe bytes[flagsPlace] : 0
    }

    /// What the policies of the schema leave of a record's inputs.
    static func redacted(_ record: PredictionRecord, by hash: ValueHash) -> [LoggedInput] {
        record.inputs.enumerated().map { index, input -> LoggedInput in
            guard case .whole(let tensor) = input, !record.schema.keepsAll(of: index) else { return input }
            var columns: [(field: Int, values: Tensor)] = []
            for (place, field) in record.schema.fields.enumerated()
            where field.input == index && (field.policy == .keep || field.policy == .hash) {
                guard let values = tensor.column(field, rowCount: record.rowCount) else { return .nothing }
                columns.append((place, field.policy == .keep ? values : hash.hashes(of: values, record.rowCount)))
            }
            return .columns(columns)
        }
    }

    /// A record as segments have it.
    ///
    /// - Parameter inputs: What is kept of them.
    static func bytes(of record: PredictionRecord, _ inputs: [LoggedInput]) -> [UInt8] {
        let most = most(forFrontOf: record, key: record.key) + BytePen.most(for: inputs, record.outputs)
        return unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            var pen = unsafe BytePen(UnsafeMutableRawBufferPointer(buffer))
            pen.putFront(of: record, key: record.key, flags: 0)
            pen.put(inputs, record.outputs)
            count = pen.count
        }
    }

    static func most(forFrontOf record: PredictionRecord, key: String?) -> Int {
        frame + [record.principal, key, record.code].reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }
}

extension BytePen {
    fileprivate static func most(for input: LoggedInput) -> Int {
        switch input {
        case .nothing: 1
        case .whole(let tensor): 1 + most(for: tensor)
        case .columns(let columns): columns.reduce(11) { $0 + 10 + most(for: $1.values) }
        }
    }

    fileprivate mutating func put(_ trace: TraceID) {
        put(fixed: trace.high)
        put(fixed: trace.low)
    }

    /// - Parameter flags: Beside those that the record has of itself.
    mutating func putFront(of record: PredictionRecord, key: String?, flags: UInt8) {
        put(fixed: record.id.high)
        put(fixed: record.id.low)
        put(fixed: UInt64(bitPattern: record.time.microseconds))
        put(record.status.number)
        put(
            flags | (record.isCut ? RecordCoding.cutFlag : 0) | (record.trace == nil ? 0 : RecordCoding.traceFlag))
        let times = record.times
        for number in [record.rowCount, times.queue, times.run, times.total, times.callRows] { put(number) }
        for text in [record.principal, key, record.code] { put(text ?? "") }
        if let trace = record.trace { put(trace) }
    }

    static func most(for inputs: [LoggedInput], _ outputs: [Tensor]) -> Int {
        20 + inputs.reduce(0) { $0 + most(for: $1) } + outputs.reduce(0) { $0 + most(for: $1) }
    }

    mutating func put(_ inputs: [LoggedInput], _ outputs: [Tensor]) {
        put(inputs.count)
        for input in inputs {
            switch input {
            case .nothing: put(0 as UInt8)
            case .whole(let tensor):
                put(1 as UInt8)
                put(tensor)
            case .columns(let columns):
                put(2 as UInt8)
                put(columns.count)
                for column in columns {
                    put(column.field)
                    put(column.values)
                }
            }
        }
        put(outputs.count)
        for tensor in outputs { put(tensor) }
    }
}

extension ByteScan {
    fileprivate mutating func trace() -> TraceID? {
        guard let high = fixed(), let low = fixed() else { return nil }
        return TraceID(high: high, low: low)
    }

    /// Inputs and outputs.
    mutating func content(_ schema: LogSchema) -> (inputs: [LoggedInput], outputs: [Tensor])? {
        guard let count = number(), count <= max(schema.inputs.count, 1 << 16) else { return nil }
        var inputs: [LoggedInput] = []
        for _ in 0..<count {
            guard let input = input(schema) else { return nil }
            inputs.append(input)
        }
        guard let outputCount = number(), outputCount <= 1 << 16 else { return nil }
        var outputs: [Tensor] = []
        for _ in 0..<outputCount {
            guard let tensor = tensor() else { return nil }
            outputs.append(tensor)
        }
        return (inputs, outputs)
    }

    private mutating func input(_ schema: LogSchema) -> LoggedInput? {
        switch byte() {
        case 0: return .nothing
        case 1: return tensor().map(LoggedInput.whole)
        case 2:
            guard let count = number(), count <= schema.fields.count else { return nil }
            var columns: [(field: Int, values: Tensor)] = []
            for _ in 0..<count {
                guard let field = number(), schema.fields.indices.contains(field), let values = tensor() else {
                    return nil
                }
                columns.append((field, values))
            }
            return .columns(columns)
        default: return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import ModelDomain
internal import Tensors

/// How a record is written whose rows are about somebody:
///
/// ```
/// front, with a keyed hash in the place of the key; count of parts; each part's reference (16), count of its rows (0 for all),
/// their numbers, count of bytes, bytes
/// ```
///
/// A part has what belongs to one subject: the key, inputs and outputs of its rows, under AES-256-GCM with that subject's key
/// (nonce, ciphertext, tag; NIST SP 800-38D), bound to the record and the reference. Rows about nobody have the reference 0 and
/// lie open. Once a key is destroyed, its rows cannot be read here or in any copy.
enum RecordSealing {
    struct Part {
        /// `nil` for rows about nobody.
        let key: SubjectKey?
        /// Empty for all.
        let rows: [Int]
    }

    /// Rows by whom they are about, in the order in which they are first mentioned.
    ///
    /// - Returns: `nil` where that cannot be told; empty where they are about nobody.
    static func groups(of record: PredictionRecord) -> [(subject: [UInt8], rows: [Int])]? {
        if let subject = record.subject, !subject.isEmpty { return [(Array(subject.utf8), [])] }
        guard let place = record.schema.subject, !record.inputs.isEmpty else { return [] }
        let field = record.schema.fields[place]
        guard record.inputs.indices.contains(field.input), case .whole(let input) = record.inputs[field.input],
            let column = input.column(field, rowCount: record.rowCount), column.elementCount == record.rowCount
        else { return nil }
        var groups: [(subject: [UInt8], rows: [Int])] = []
        var places: [[UInt8]: Int] = [:]
        for (row, subject) in subjects(in: column).enumerated() {
            if let place = places[subject] {
                groups[place].rows.append(row)
            } else {
                places[subject] = groups.count
                groups.append((subject, [row]))
            }
        }
        if groups.count == 1 { groups[0].rows = [] }
        return groups.allSatisfy(\.subject.isEmpty) ? [] : groups
    }

    /// Texts as they are, whole numbers in decimal; empty for what says nobody.
    private static func subjects(in column: Tensor) -> [[UInt8]] {
        if column.datatype == .bytes {
            return (0..<column.elementCount).map { index in
                let range = column.offsets[index]..<column.offsets[index + 1]
                return unsafe column.storage.withUnsafeBytes {
                    unsafe Array(UnsafeRawBufferPointer(rebasing: $0[range]))
                }
            }
        }
        if let numbers = column.wholeNumbers { return numbers.map { Array($0.utf8) } }
        return (column.doubles ?? []).map { number in
            guard !number.isNaN else { return [] }
            return Array((Int64(exactly: number).map { "\($0)" } ?? "\(number)").utf8)
        }
    }

    /// - Parameters:
    ///   - inputs: What is kept of them.
    ///   - keyHash: Stands for the record's key.
    static func bytes(
        of record: PredictionRecord, _ inputs: [LoggedInput], _ parts: [Part], keyHash: String?
    ) -> [UInt8] {
        let sealed = parts.map { part in
            let content =
                part.rows.isEmpty
                ? (inputs, record.outputs) : cut(inputs, record.outputs, to: part.rows, of: record.rowCount)
            return seal(plain(record.key, content), for: part.key, in: record)
        }
        let most = zip(parts, sealed).reduce(RecordCoding.most(forFrontOf: record, key: keyHash) + 10) {
            $0 + 36 + 10 * $1.0.rows.count + $1.1.count
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            var pen = unsafe BytePen(UnsafeMutableRawBufferPointer(buffer))
            pen.putFront(of: record, key: keyHash, flags: RecordCoding.sealedFlag)
            pen.put(parts.count)
            for (part, bytes) in zip(parts, sealed) {
                pen.put(fixed: part.key?.reference.high ?? 0)
                pen.put(fixed: part.key?.reference.low ?? 0)
                pen.put(part.rows.count)
                for row in part.rows { pen.put(row) }
                pen.put(bytes.count)
                unsafe bytes.withUnsafeBytes { unsafe pen.put($0) }
            }
            count = pen.count
        }
    }

    private static func plain(_ key: String?, _ content: (inputs: [LoggedInput], outputs: [Tensor])) -> [UInt8] {
        let most = 10 + (key?.utf8.count ?? 0) + BytePen.most(for: content.inputs, content.outputs)
        return unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            var pen = unsafe BytePen(UnsafeMutableRawBufferPointer(buffer))
            pen.put(key ?? "")
            pen.put(content.inputs, content.outputs)
            count = pen.count
        }
    }

    private static func seal(_ plain: [UInt8], for key: SubjectKey?, in record: PredictionRecord) -> [UInt8] {
        guard let key else { return plain }
        let box = try? AES.GCM.seal(
            plain, using: SymmetricKey(data: key.secret), authenticating: binding(record, key.reference))
        guard let bytes = box?.combined else { preconditionFailure("a key of 32 bytes seals") }
        return Array(bytes)
    }

    static func open(
        _ bytes: ArraySlice<UInt8>, with key: SymmetricKey, in record: PredictionRecord, _ reference: SubjectReference
    ) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: Data(bytes)),
            let plain = try? AES.GCM.open(box, using: key, authenticating: binding(record, reference))
        else { return nil }
        return Array(plain)
    }

    /// What stands for those whom a record is about, without reading the rest of it.
    static func references(in bytes: ArraySlice<UInt8>) -> [SubjectReference] {
        var scan = ByteScan(bytes)
        guard bytes.count > RecordCoding.flagsPlace,
            bytes[bytes.startIndex + RecordCoding.flagsPlace] & RecordCoding.sealedFlag != 0,
            let (flags, _) = RecordCoding.skipToKey(&scan)
        else { return [] }
        // The key and the code.
        for _ in 0..<2 { _ = scan.number().flatMap { scan.slice($0) } }
        if flags & RecordCoding.traceFlag != 0 { _ = scan.slice(16) }
        var references: [SubjectReference] = []
        for _ in 0..<(scan.number() ?? 0) {
            guard let high = scan.fixed(), let low = scan.fixed(), let rows = scan.number() else { break }
            for _ in 0..<rows { guard scan.number() != nil else { return references } }
            guard let length = scan.number(), scan.slice(length) != nil else { break }
            if high | low != 0 { references.append(SubjectReference(high: high, low: low)) }
        }
        return references
    }

    private static func binding(_ record: PredictionRecord, _ reference: SubjectReference) -> [UInt8] {
        record.id.bytes + reference.bytes
    }

    private static func cut(
        _ inputs: [LoggedInput], _ outputs: [Tensor], to rows: [Int], of count: Int
    ) -> (inputs: [LoggedInput], outputs: [Tensor]) {
        let cut = outputs.compactMap { $0.rows(rows, of: count) }
        // An output that says one thing of all rows belongs to none of them.
        return (inputs.map { $0.rows(rows, of: count) }, cut.count == outputs.count ? cut : [])
    }
}

extension PredictionRecord {
    /// Takes from its parts what the keys that are left open.
    ///
    /// - Returns: `false` for what is no such record.
    mutating func unseal(_ scan: inout ByteScan, _ keys: (SubjectReference) -> SymmetricKey?) -> Bool {
        key = nil
        var opened: [(rows: [Int], content: (inputs: [LoggedInput], outputs: [Tensor]))] = []
        guard let count = scan.number() else { return false }
        for _ in 0..<count {
            guard let high = scan.fixed(), let low = scan.fixed(), let rowTotal = scan.number(), rowTotal <= rowCount
            else { return false }
            var rows: [Int] = []
            for _ in 0..<rowTotal {
                guard let row = scan.number(), row < rowCount else { return false }
                rows.append(row)
            }
            guard let length = scan.number(), let bytes = scan.slice(length) else { return false }
            let reference = SubjectReference(high: high, low: low)
            var plain: [UInt8]?
            if high | low == 0 {
                plain = Array(bytes)
            } else {
                subjects.append(reference)
                subjectRows.append(rows)
                plain = keys(reference).flatMap { RecordSealing.open(bytes, with: $0, in: self, reference) }
            }
            guard let plain else {
                isErased = true
                continue
            }
            var inner = ByteScan(plain[...])
            guard let key = inner.text(), let content = inner.content(schema), inner.isAtEnd else { return false }
            if !key.isEmpty { self.key = key }
            opened.append((rows, content))
        }
        take(opened)
        return true
    }

    private mutating func take(_ parts: [(rows: [Int], content: (inputs: [LoggedInput], outputs: [Tensor]))]) {
        let asked = rowCount
        if parts.count == 1, parts[0].rows.isEmpty {
            (inputs, outputs) = parts[0].content
            return
        }
        let numbers = parts.flatMap(\.rows)
        let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
        rowCount = numbers.count
        erasedRowCount = asked - rowCount
        if erasedRowCount > 0 { rowNumbers = order.map { numbers[$0] } }
        guard let first = parts.first else { return }
        inputs = first.content.inputs.indices.map { index in
            LoggedInput.joined(parts.map { $0.content.inputs[index] }, order)
        }
        let answers = first.content.outputs.indices.compactMap { index in
            Tensor.joined(parts.map { $0.content.outputs[index] })?.rows(order, of: order.count)
        }
        outputs = answers.count == first.content.outputs.count ? answers : []
    }
}

extension LoggedInput {
    fileprivate func rows(_ rows: [Int], of count: Int) -> LoggedInput {
        switch self {
        case .nothing: return .nothing
        case .whole(let tensor): return tensor.rows(rows, of: count).map(LoggedInput.whole) ?? .nothing
        case .columns(let columns):
            let cut = columns.compactMap { column in
                column.values.rows(rows, of: count).map { (field: column.field, values: $0) }
            }
            return cut.count == columns.count ? .columns(cut) : .nothing
        }
    }

    /// - Parameter order: Of the rows of all parts, one behind the other.
    fileprivate static func joined(_ parts: [LoggedInput], _ order: [Int]) -> LoggedInput {
        var whole: [Tensor] = []
        var columns: [[(field: Int, values: Tensor)]] = []
        for part in parts {
            switch part {
            case .nothing: return .nothing
            case .whole(let tensor): whole.append(tensor)
            case .columns(let cut): columns.append(cut)
            }
        }
        if columns.isEmpty {
            return Tensor.joined(whole)?.rows(order, of: order.count).map(LoggedInput.whole) ?? .nothing
        }
        guard let first = columns.first, whole.isEmpty, columns.allSatisfy({ $0.map(\.field) == first.map(\.field) })
        else { return .nothing }
        let joined = first.indices.compactMap { index in
            Tensor.joined(columns.map { $0[index].values })?.rows(order, of: order.count)
                .map { (field: first[index].field, values: $0) }
        }
        return joined.count == first.count ? .columns(joined) : .nothing
    }
}

extension Tensor {
    /// Some of its rows.
    ///
    /// - Returns: `nil` where its first dimension is not that of `count` rows.
    fileprivate func rows(_ rows: [Int], of count: Int) -> Tensor? {
        guard count > 0, shape.first == count else { return nil }
        let width = elementCount / count
        return Tensor.joined(rows.map { slice($0 * width..<($0 + 1) * width, shape: [1] + shape.dropFirst()) })
    }

    /// Whole numbers in decimal; `nil` for other types.
    fileprivate var wholeNumbers: [String]? {
        switch datatype {
        case .int64: withElements(as: Int64.self) { span in span.indices.map { "\(span[$0])" } }
        case .uint64: withElements(as: UInt64.self) { span in span.indices.map { "\(span[$0])" } }
        default: nil
        }
    }
}

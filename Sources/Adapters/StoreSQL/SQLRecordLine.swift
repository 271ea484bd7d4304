// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// The rows of all tables as text: for each table a line with its name and columns, and a line for each row.
///
/// ```
/// {"table":"run_metric","columns":["run","key","value"]}
/// [7,"auc",[0.91]]
/// ```
///
/// An integer is a number, a text a string, NULL null; a floating-point number stands in brackets, so that it stays one,
/// and bytes are `{"hex":"00ff"}`.
enum SQLRecordLine {
    static func header(_ table: String, _ columns: [String]) -> [UInt8] {
        JSONValue.record([
            ("table", .string(table)), ("columns", .array(columns.map(JSONValue.string))),
        ]).line
    }

    static func row(_ values: [SQLValue]) -> [UInt8] { JSONValue.array(values.map(\.json)).line }

    enum Content {
        case header(table: String, columns: [String])
        case row([SQLValue])
    }

    /// - Throws: `BAK-001` for a line that is neither.
    static func read(_ line: [UInt8]) throws -> Content {
        guard let document = try? JSONValue.parse(line, limits: limits) else { throw unreadable() }
        if let elements = document.elements {
            return .row(try elements.map { try SQLValue($0) ?? { throw unreadable() }() })
        }
        guard let table = document["table"]?.string, let columns = document["columns"]?.elements else {
            throw unreadable()
        }
        return .header(table: table, columns: try columns.map { try $0.string ?? { throw unreadable() }() })
    }

    /// Bytes of one line.
    static let longest = 256 << 20

    private static let limits: CodecLimits = {
        var limits = CodecLimits.standard
        limits.maxStringBytes = longest
        limits.maxDepth = 3
        return limits
    }()

    static func unreadable() -> Refusal {
        Refusal(
            .backupDamaged, .invalidInput, "The backup cannot be used: a row of the registry is not what was written.",
            hint: "Take another copy of it, or an older backup; nothing was changed.")
    }
}

extension JSONValue {
    fileprivate var line: [UInt8] {
        let writer = ByteWriter()
        write(into: writer)
        writer.append(UInt8(ascii: "\n"))
        return writer.bytes
    }
}

extension SQLValue {
    fileprivate var json: JSONValue {
        switch self {
        case .null: .null
        case .integer(let value): .integer(value)
        case .real(let value): .array([.double(value)])
        case .text(let text): .string(text)
        case .blob(let bytes): .object([(name: "hex", value: .string(lowercaseHex(bytes)))])
        }
    }

    fileprivate init?(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .string(let text): self = .text(text)
        case .array(let values):
            guard values.count == 1, let value = values[0].double, value.isFinite else { return nil }
            self = .real(value)
        case .object:
            guard let bytes = json["hex"]?.string.flatMap(bytes(hex:)) else { return nil }
            self = .blob(bytes)
        default: return nil
        }
    }
}

private func bytes(hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(byte)
    }
    return bytes
}

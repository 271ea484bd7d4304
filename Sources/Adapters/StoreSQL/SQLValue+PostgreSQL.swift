// SPDX-License-Identifier: Apache-2.0

/// The numbers of PostgreSQL's types, which are the same in every server.
private enum TypeNumber {
    static let boolean: UInt32 = 16
    static let bytes: UInt32 = 17
    static let integers: Set<UInt32> = [20, 21, 23]
    static let bigInteger: UInt32 = 20
    static let text: UInt32 = 25
    /// `text`, `name`, `character`, `varchar`, and what nothing more is known of.
    static let texts: Set<UInt32> = [25, 19, 1042, 1043, 705]
    static let doublePrecision: UInt32 = 701
    /// `real` and `double precision`.
    static let reals: Set<UInt32> = [700, 701]
    /// What sums of integers are.
    static let numeric: UInt32 = 1700
    /// What functions give that give nothing.
    static let void: UInt32 = 2278
}

extension SQLValue {
    /// Its type's number, and its bytes as PostgreSQL sends them. NULL has neither.
    var postgreSQLParameter: (type: UInt32, bytes: [UInt8])? {
        switch self {
        case .null: nil
        case .integer(let value): (TypeNumber.bigInteger, bigEndian(UInt64(bitPattern: value)))
        case .real(let value): (TypeNumber.doublePrecision, bigEndian(value.bitPattern))
        case .text(let text): (TypeNumber.text, Array(text.utf8))
        case .blob(let bytes): (TypeNumber.bytes, bytes)
        }
    }

    /// What PostgreSQL gives as text, by the number of its type.
    ///
    /// - Returns: `nil` for what is of another type, or does not fit.
    init?(postgreSQL text: [UInt8]?, type: UInt32) {
        guard let text else {
            self = .null
            return
        }
        var string: String { String(decoding: text, as: UTF8.self) }
        let value: SQLValue? =
            switch type {
            case _ where TypeNumber.texts.contains(type): .text(string)
            case _ where TypeNumber.integers.contains(type): Int64(string).map(SQLValue.integer)
            case _ where TypeNumber.reals.contains(type): Double(string).map(SQLValue.real)
            case TypeNumber.bytes: Self.bytes(text).map(SQLValue.blob)
            case TypeNumber.boolean: .integer(text == [UInt8(ascii: "t")] ? 1 : 0)
            // A sum of integers is one in SQLite; a mean is none.
            case TypeNumber.numeric where text.contains(UInt8(ascii: ".")): Double(string).map(SQLValue.real)
            case TypeNumber.numeric: Int64(string).map(SQLValue.integer)
            case TypeNumber.void: .null
            default: nil
            }
        guard let value, value.survivesStorage else { return nil }
        self = value
    }

    /// `\x00ff`
    private static func bytes(_ text: [UInt8]) -> [UInt8]? {
        guard text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = hexadecimalDigit(text[index]), let low = hexadecimalDigit(text[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
}

private func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
}

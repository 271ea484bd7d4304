// SPDX-License-Identifier: Apache-2.0

/// What stands before a file in a tar archive, in one block of 512 bytes.
///
/// Written as POSIX says (`ustar`, IEEE 1003.1 “pax”), with the numbers that every reader takes; sizes beyond 8 GiB in
/// binary, as GNU tar and BSD tar write and read them.
package struct TarHeader: Sendable, Hashable {
    package static let blockSize = 512
    /// Bytes that a path may have without a second field for it.
    package static let longestPath = 100

    package enum Kind: Sendable, Hashable {
        case file, folder
        /// Facts about the next entry, or about all of them, that a reader of plain files can do without.
        case facts
        /// A link, a device, a file with holes: the letter that says so.
        case other(UInt8)
    }

    package let path: String
    package let kind: Kind
    /// Of what follows, without the zeros that fill its last block.
    package let byteCount: Int

    package init(path: String, byteCount: Int) {
        self.path = path
        self.byteCount = byteCount
        kind = .file
    }

    /// How many bytes follow the header, its last block filled.
    package var paddedByteCount: Int { (byteCount + Self.blockSize - 1) / Self.blockSize * Self.blockSize }

    /// Two blocks of zeros.
    package static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    /// The block of a plain file that its owner may read and write, and others read. Nothing else differs between two
    /// archives of the same files.
    package var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        put(path.utf8.prefix(Self.longestPath), at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        if byteCount < 1 << 33 {
            put(octal(byteCount, digits: 11), at: 124)
        } else {
            put([0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: byteCount >> (56 - 8 * $0)) }, at: 124)
        }
        put(octal(0, digits: 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        block[156] = UInt8(ascii: "0")
        put("ustar\u{0}00".utf8, at: 257)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + [0, 0x20], at: 148)
        return block
    }

    /// Reads a header.
    ///
    /// - Returns: `nil` for a block of zeros, with which an archive ends.
    /// - Throws: ``TarFault`` for what is no header.
    package init?(block: [UInt8]) throws(TarFault) {
        guard block.count == Self.blockSize else { throw TarFault(reason: "it ends within a header") }
        if block.allSatisfy({ $0 == 0 }) { return nil }
        var sum = block.reduce(0) { $0 + Int($1) }
        for index in 148..<156 { sum += 0x20 - Int(block[index]) }
        guard octalNumber(block[148..<156]) == sum else { throw TarFault(reason: "a header is damaged") }
        let name = text(block[0..<100])
        let prefix = block[257..<262].elementsEqual("ustar".utf8) && block[262] == 0 ? text(block[345..<500]) : ""
        guard let name, let prefix else { throw TarFault(reason: "a name is no text") }
        path = prefix.isEmpty ? name : "\(prefix)/\(name)"
        guard let size = number(block[124..<136]), size >= 0, size < 1 << 50 else {
            throw TarFault(reason: "“\(path.prefix(100))” has no size")
        }
        byteCount = size
        kind =
            switch block[156] {
            case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): .file
            case UInt8(ascii: "5"): .folder
            case UInt8(ascii: "x"), UInt8(ascii: "g"): .facts
            default: .other(block[156])
            }
    }
}

/// Why bytes are no tar archive.
package struct TarFault: Error, Equatable {
    package let reason: String

    package init(reason: String) { self.reason = reason }
}

private func octal(_ value: Int, digits: Int) -> [UInt8] {
    let text = String(value, radix: 8)
    return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
}

/// Digits up to a zero or a space, spaces before them.
private func octalNumber(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard !digits.isEmpty, digits.count <= 16, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
}

private func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first, first & 0x80 != 0 else { return octalNumber(field) }
    // Binary, the highest bit set; more than 63 bits is no size.
    guard first == 0x80, field.dropFirst().prefix(3).allSatisfy({ $0 == 0 }) else { return nil }
    let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(exactly: value)
}

/// UTF-8 up to a zero.
private func text(_ field: ArraySlice<UInt8>) -> String? {
    String(validating: Array(field.prefix { $0 != 0 }), as: UTF8.self)
}

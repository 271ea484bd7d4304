// SPDX-License-Identifier: Apache-2.0

/// The names of a layout's fields, for finding a field by the bytes of its name without making a `String`.
///
/// A hash table made once. What it holds is known in advance, so names from outside cannot lengthen its chains.
struct FieldNames: Sendable {
    /// All names, each between quotes as JSON writes it.
    private let bytes: [UInt8]
    /// Where each name lies, its quotes included.
    private let ranges: [Range<Int>]
    /// Names that JSON cannot write as they are.
    private let needsEscape: [Bool]
    /// Field indices by hash, -1 where empty; a power of two of slots, at most half of them used.
    private let slots: [Int]

    /// - Returns: `nil` with a name that occurs twice.
    init?(_ names: [String]) {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for name in names {
            let start = bytes.count
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "\""))
            ranges.append(start..<bytes.count)
        }
        var size = 4
        while size < names.count * 2 { size *= 2 }
        var slots = [Int](repeating: -1, count: size)
        for (index, name) in names.enumerated() {
            var slot = Self.hash(name.utf8) & (size - 1)
            while slots[slot] >= 0 {
                guard !names[slots[slot]].utf8.elementsEqual(name.utf8) else { return nil }
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = index
        }
        self.bytes = bytes
        self.ranges = ranges
        self.slots = slots
        needsEscape = names.map { name in
            name.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        }
    }

    /// The field whose name has just these bytes.
    func index(of name: UnsafeRawBufferPointer) -> Int? {
        var slot = unsafe Self.hash(name) & (slots.count - 1)
        while slots[slot] >= 0 {
            let range = ranges[slots[slot]]
            if unsafe bytes[(range.lowerBound + 1)..<(range.upperBound - 1)].elementsEqual(name) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    func index(of name: String) -> Int? {
        var name = name
        return name.withUTF8 { unsafe index(of: UnsafeRawBufferPointer($0)) }
    }

    /// Passes over the name of field `index` if just that stands at the reader's position.
    @inline(__always)
    func consume(_ index: Int, from reader: inout JSONReader) -> Bool {
        guard index < ranges.count, !needsEscape[index] else { return false }
        let range = ranges[index]
        let isThere = unsafe bytes.withUnsafeBytes { own in
            unsafe reader.bytes.begins(at: reader.position, with: range, of: ByteView(own))
        }
        if isThere { reader.position &+= range.count }
        return isThere
    }

    /// FNV-1a.
    private static func hash(_ name: some Sequence<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}

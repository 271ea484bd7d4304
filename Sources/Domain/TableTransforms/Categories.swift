// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Which of a column's known values a value is.
struct CategoryIndex: Sendable {
    private let texts: TextIndex?
    private let numbers: BitsIndex?
    /// The category of what is missing.
    private let missing: Int?
    private let liesAsBits: Bool

    /// - Throws: ``TableFault`` for a category of another kind than the column's, or one that is there twice.
    init(_ categories: [JSONValue], of column: TableColumn) throws(TableFault) {
        liesAsBits = column.datatype.liesAsBits
        let isMissing = { (category: JSONValue) in
            // A text that reads NaN is one like others.
            category.isNull || (column.datatype != .bytes && category.double.map(\.isNaN) ?? false)
        }
        missing = categories.firstIndex(where: isMissing)
        let isTwice = categories.count(where: isMissing) > 1
        if column.datatype == .bytes {
            let keys = try categories.map { category throws(TableFault) -> String? in
                guard category.isNull || category.string != nil else {
                    throw TableFault("\(column.description) is a text, and a category of it is none")
                }
                return category.string
            }
            texts = TextIndex(keys)
            numbers = nil
        } else {
            let keys = try categories.map { category throws(TableFault) -> UInt64? in
                if isMissing(category) { return nil }
                guard let bits = category.bits(as: column.datatype) else {
                    throw TableFault("\(column.description) has no value like one of its categories")
                }
                return bits
            }
            numbers = BitsIndex(keys)
            texts = nil
        }
        guard !isTwice, texts != nil || numbers != nil else {
            throw TableFault("a category of “\(column.name)” is there twice")
        }
    }

    /// - Parameter slot: Of texts or of numbers, as the column's are.
    /// - Returns: The positions of the categories; `nil` for an unseen value.
    func positions(_ table: borrowing WorkTable, _ slot: Int) -> [Int?] {
        var found: [Int?] = []
        found.reserveCapacity(table.rowCount)
        if let texts {
            unsafe table.texts[slot].forEach(of: table.rowCount) { text in
                // An empty text may be a category of its own.
                let isMissing = unsafe text.isEmpty && missing != nil
                unsafe found.append(isMissing ? missing : texts[text])
            }
            return found
        }
        for row in 0..<table.rowCount {
            let value = table[slot, row]
            if liesAsBits {
                found.append(numbers?[value.bitPattern])
            } else {
                found.append(value.isNaN ? missing : numbers?[(value + 0).bitPattern])
            }
        }
        return found
    }

    /// What the value is, in the words of an error.
    func text(_ table: borrowing WorkTable, _ slot: Int, _ row: Int, of datatype: Datatype) -> String {
        texts == nil
            ? numberText(table[slot, row], datatype) : "“\(table.texts[slot].text(row).prefix(60))”"
    }
}

extension JSONValue {
    /// What a number is in a slot of this datatype.
    fileprivate func bits(as datatype: Datatype) -> UInt64? {
        switch datatype {
        case .int64: (integer ?? double.flatMap { Int64(exactly: $0) }).map { UInt64(bitPattern: $0) }
        case .uint64: unsigned ?? double.flatMap { UInt64(exactly: $0) }
        case .bool: (bool.map { $0 ? 1.0 : 0.0 } ?? double).map { ($0 + 0).bitPattern }
        default: double.map { (Rounding(datatype)($0) + 0).bitPattern }
        }
    }
}

/// What makes the places of keys in hash tables another in each process: keys are a stranger's, who could choose them so
/// that all of them want one place.
private let placeSeed = UInt64.random(in: .min ... .max) | 1

/// A hash table of texts, by their bytes.
final class TextIndex: Sendable {
    private let bytes: [UInt8]
    private let ranges: [Range<Int>]
    private let slots: [Int32]

    /// - Parameter keys: `nil` takes a position and is found by nothing.
    /// - Returns: `nil` with a key that occurs twice.
    init?(_ keys: [String?]) {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        var size = 4
        while size < keys.count * 2 { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        for (index, key) in keys.enumerated() {
            let start = bytes.count
            bytes.append(contentsOf: (key ?? "").utf8)
            ranges.append(start..<bytes.count)
            guard let key else { continue }
            var slot = Self.hash(key.utf8) & (size - 1)
            while slots[slot] >= 0 {
                guard !bytes[ranges[Int(slots[slot])]].elementsEqual(key.utf8) else { return nil }
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = Int32(index)
        }
        self.bytes = bytes
        self.ranges = ranges
        self.slots = slots
    }

    subscript(text: UnsafeRawBufferPointer) -> Int? {
        var slot = unsafe Self.hash(text) & (slots.count - 1)
        while slots[slot] >= 0 {
            if unsafe bytes[ranges[Int(slots[slot])]].elementsEqual(text) { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    subscript(text: String) -> Int? {
        var text = text
        return text.withUTF8 { unsafe self[UnsafeRawBufferPointer($0)] }
    }

    /// FNV-1a, from another beginning in each process.
    private static func hash(_ text: some Sequence<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ placeSeed
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}

/// A hash table of numbers, by their bits.
final class BitsIndex: Sendable {
    private let keys: [UInt64?]
    private let slots: [Int32]

    /// - Parameter keys: `nil` takes a position and is found by nothing.
    /// - Returns: `nil` with a key that occurs twice.
    init?(_ keys: [UInt64?]) {
        var size = 4
        while size < keys.count * 2 { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        for (index, key) in keys.enumerated() {
            guard let key else { continue }
            var slot = Self.hash(key) & (size - 1)
            while slots[slot] >= 0 {
                guard keys[Int(slots[slot])] != key else { return nil }
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = Int32(index)
        }
        self.keys = keys
        self.slots = slots
    }

    subscript(key: UInt64) -> Int? {
        var slot = Self.hash(key) & (slots.count - 1)
        while slots[slot] >= 0 {
            if keys[Int(slots[slot])] == key { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The middle of a product with a number that nobody knows; both halves of the key have a part in it.
    private static func hash(_ key: UInt64) -> Int {
        let (high, low) = (key ^ key >> 32).multipliedFullWidth(by: placeSeed)
        return Int(truncatingIfNeeded: high ^ low >> 32)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What stands in front of a block of records:
///
/// ```
/// "SLPB", version (1), flags (1), length of the filter (2), length of the payload (4), records (4), checksum of the payload (4),
/// earliest and latest time in µs (8 each), filter, checksum of all before (4)
/// ```
///
/// Numbers are little endian. Whoever looks for something reads heads only, and skips the payloads that cannot have it. The
/// filter is a Bloom filter over the keys of the records, and over the ids that callers gave.
struct BlockHead: Hashable {
    static let fixedByteCount = 36
    static let longestFilter = 1 << 14
    static let longestPayload = 1 << 28
    private static let magic: [UInt8] = Array("SLPB".utf8)
    private static let version: UInt8 = 1
    private static let schemaFlag: UInt8 = 1

    /// Whether a schema lies among the records, which later blocks mean.
    var hasSchema: Bool
    var recordCount: Int
    var payloadByteCount: Int
    var payloadChecksum: UInt32
    var earliest: Int64
    var latest: Int64
    var filter: [UInt8]

    var byteCount: Int { Self.fixedByteCount + filter.count + 4 }

    var bytes: [UInt8] {
        var bytes = Self.magic + [Self.version, hasSchema ? Self.schemaFlag : 0]
        bytes += littleEndian(UInt64(filter.count), 2) + littleEndian(UInt64(payloadByteCount), 4)
        bytes += littleEndian(UInt64(recordCount), 4) + littleEndian(UInt64(payloadChecksum), 4)
        bytes += littleEndian(UInt64(bitPattern: earliest), 8) + littleEndian(UInt64(bitPattern: latest), 8)
        bytes += filter
        return bytes + littleEndian(UInt64(checksum(bytes)), 4)
    }

    init(
        hasSchema: Bool, recordCount: Int, payload: [UInt8], earliest: Int64, latest: Int64, filter: [UInt8]
    ) {
        self.hasSchema = hasSchema
        self.recordCount = recordCount
        payloadByteCount = payload.count
        payloadChecksum = checksum(payload)
        self.earliest = earliest
        self.latest = latest
        self.filter = filter
    }

    /// - Parameter bytes: From the beginning of a block on, as far as they are at hand.
    /// - Returns: `nil` for what is no head, or not all of one.
    init?(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        guard bytes.count >= Self.fixedByteCount, bytes.prefix(4).elementsEqual(Self.magic),
            bytes[start + 4] == Self.version
        else { return nil }
        let number = { (offset: Int, count: Int) -> UInt64 in
            bytes[start + offset..<start + offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let filterCount = Int(number(6, 2))
        let end = start + Self.fixedByteCount + filterCount
        guard filterCount <= Self.longestFilter, end + 4 <= bytes.endIndex else { return nil }
        hasSchema = bytes[start + 5] & Self.schemaFlag != 0
        payloadByteCount = Int(number(8, 4))
        recordCount = Int(number(12, 4))
        payloadChecksum = UInt32(number(16, 4))
        earliest = Int64(bitPattern: number(20, 8))
        latest = Int64(bitPattern: number(28, 8))
        filter = Array(bytes[start + Self.fixedByteCount..<end])
        guard payloadByteCount <= Self.longestPayload,
            UInt64(checksum(bytes[start..<end])) == number(Self.fixedByteCount + filterCount, 4)
        else { return nil }
    }
}

private func littleEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
}

/// A Bloom filter of a byte for each entry: about one of 40 that are not there seems to be.
enum KeyFilter {
    static func make(_ hashes: [UInt64]) -> [UInt8] {
        guard !hashes.isEmpty else { return [] }
        var filter = [UInt8](repeating: 0, count: min(hashes.count, BlockHead.longestFilter))
        for hash in hashes { for bit in bits(hash, filter.count) { filter[bit / 8] |= 1 << UInt8(bit % 8) } }
        return filter
    }

    static func mayHave(_ hash: UInt64, _ filter: [UInt8]) -> Bool {
        !filter.isEmpty && bits(hash, filter.count).allSatisfy { filter[$0 / 8] & 1 << UInt8($0 % 8) != 0 }
    }

    /// FNV-1a: the same in every process.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        let mixed = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return (mixed ^ mixed >> 32) &* 0x9E37_79B9_7F4A_7C15
    }

    private static func bits(_ hash: UInt64, _ byteCount: Int) -> [Int] {
        (0..<4).map { Int((hash &+ UInt64($0) &* (hash >> 32 | 1)) % UInt64(byteCount * 8)) }
    }
}

/// What a payload is made of: a kind, a length, and as many bytes.
enum BlockEntry {
    /// A number and the schema's JSON.
    static let schema: UInt8 = 1
    /// The number of a schema, and a record.
    static let record: UInt8 = 2
    /// How many records are missing here, and a text: until when, in µs since 1970, and why.
    static let gap: UInt8 = 3
}

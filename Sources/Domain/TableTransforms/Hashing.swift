// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// As `FeatureHasher` of one text.
func buildHash(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "buckets", "signed")
    let columns = try fields.columns()
    guard let buckets = try fields.integer("buckets", in: 1...TableColumn.widthLimit) else {
        throw fields.wrong("buckets", "how many there are")
    }
    let isSigned = try fields.flag("signed") ?? true
    for index in columns {
        let name = builder.shape.entries[index].column.name
        let sources = try builder.texts(of: [index])
        let targets = try builder.replace([index], by: TableColumn(name, .float64, width: buckets))
        builder.operations.append(HashTexts(sources: sources, targets: targets, isSigned: isSigned))
    }
}

struct HashTexts: TableOperation {
    let sources: [Int]
    let targets: [Int]
    let isSigned: Bool

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            for source in sources {
                let (bucket, sign) = unsafe table.texts[source].withBytes(row) {
                    unsafe hashBucket($0, of: targets.count)
                }
                table[targets[bucket], row] += isSigned ? sign : 1
            }
        }
    }

    var flows: [SlotFlow] { [SlotFlow(texts: sources, targets: targets)] }
}

/// Where scikit-learn's hashing counts a token, and with which sign.
func hashBucket(_ token: some Collection<UInt8>, of count: Int) -> (bucket: Int, sign: Double) {
    let hash = Int32(bitPattern: murmurHash3(token))
    // The one number without a positive counterpart is treated apart there.
    let bucket =
        hash == .min ? (Int(Int32.max) - (count - 1)) % count : Int(hash.magnitude) % count
    return (bucket, hash >= 0 ? 1 : -1)
}

/// MurmurHash3 of 32 bits, seed 0.
func murmurHash3(_ bytes: some Collection<UInt8>) -> UInt32 {
    var hash: UInt32 = 0
    var word: UInt32 = 0
    var filled: UInt32 = 0
    for byte in bytes {
        word |= UInt32(byte) << (filled * 8)
        filled += 1
        guard filled == 4 else { continue }
        hash ^= mixed(word)
        hash = (hash << 13 | hash >> 19) &* 5 &+ 0xE654_6B64
        word = 0
        filled = 0
    }
    if filled > 0 { hash ^= mixed(word) }
    hash ^= UInt32(truncatingIfNeeded: bytes.count)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return hash ^ hash >> 16
}

private func mixed(_ word: UInt32) -> UInt32 {
    let product = word &* 0xCC9E_2D51
    return (product << 15 | product >> 17) &* 0x1B87_3593
}

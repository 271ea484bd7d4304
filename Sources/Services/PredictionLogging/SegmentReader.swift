// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Reads one segment, block by block.
struct SegmentReader {
    let name: SegmentName
    let shelf: any SegmentShelf
    private static let headRead = 4096

    struct Block {
        let head: BlockHead
        let offset: Int
    }

    /// The heads of its blocks, up to the first that is none: what lies behind was not written to its end.
    ///
    /// - Parameter checksPayloads: Whether every byte is read and compared.
    /// - Returns: Also where they end.
    func blocks(checksPayloads: Bool = false) throws -> (blocks: [Block], end: Int) {
        var blocks: [Block] = []
        var offset = 0
        while let head = try head(at: offset) {
            let end = offset + head.byteCount + head.payloadByteCount
            // Its last byte is there, or nothing is read of it.
            guard try shelf.read(name, from: end - 1, count: 1).count == 1 else { break }
            let block = Block(head: head, offset: offset)
            if checksPayloads, try payload(of: block) == nil { break }
            blocks.append(block)
            offset = end
        }
        return (blocks, offset)
    }

    private func head(at offset: Int) throws -> BlockHead? {
        let bytes = try shelf.read(name, from: offset, count: Self.headRead)
        if let head = BlockHead(bytes[...]) { return head }
        guard bytes.count == Self.headRead else { return nil }
        let most = BlockHead.fixedByteCount + BlockHead.longestFilter + 4
        return BlockHead(try shelf.read(name, from: offset, count: most)[...])
    }

    /// - Returns: `nil` when it is not what was written.
    func payload(of block: Block) throws -> [UInt8]? {
        let bytes = try shelf.read(
            name, from: block.offset + block.head.byteCount, count: block.head.payloadByteCount)
        guard bytes.count == block.head.payloadByteCount, checksum(bytes) == block.head.payloadChecksum else {
            return nil
        }
        return bytes
    }

    /// The schemas of all blocks.
    func schemas(of blocks: [Block]) throws -> [Int: LogSchema] {
        var schemas: [Int: LogSchema] = [:]
        for block in blocks where block.head.hasSchema {
            for entry in entries(of: try payload(of: block) ?? []) where entry.kind == BlockEntry.schema {
                schemas[entry.number] = try LogSchema(json: Array(entry.bytes))
            }
        }
        return schemas
    }

    /// What a payload is made of, up to what cannot be read.
    func entries(of payload: [UInt8]) -> [(kind: UInt8, number: Int, bytes: ArraySlice<UInt8>)] {
        var scan = ByteScan(payload[...])
        var entries: [(kind: UInt8, number: Int, bytes: ArraySlice<UInt8>)] = []
        while let kind = scan.byte(), let length = scan.number(), let content = scan.slice(length) {
            var inner = ByteScan(content)
            guard let number = inner.number() else { break }
            entries.append((kind, number, content[inner.place...]))
        }
        return entries
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// The header block that a connection's last request came with, and what it says.
///
/// A block means the same as before if nothing has changed the decoder's table since: so it is kept only if decoding it
/// changes nothing, and forgotten when another one does.
struct KnownHeader {
    private let block: ByteBuffer
    let head: HTTP2RequestHead

    /// - Returns: `nil` for a block that changes the decoder's table.
    init?(_ block: ByteBuffer, _ head: HTTP2RequestHead) {
        guard !changesTable(block.readableBytesUInt8Span) else { return nil }
        // Copied: the buffer that it came in is read into again.
        self.block = ByteBuffer(bytes: block.readableBytesView)
        self.head = head
    }

    func matches(_ other: ByteBuffer) -> Bool { block == other }
}

/// Whether decoding a block (RFC 7541, 6) adds to the decoder's table, or changes its size. Of one that cannot be decoded
/// it is true.
private func changesTable(_ bytes: Span<UInt8>) -> Bool {
    var position = 0
    while position < bytes.count {
        switch bytes[position] {
        case 0x80...0xFF:
            guard skipInteger(bytes, &position, prefix: 7) != nil else { return true }
        case 0x20..<0x80: return true
        default:
            guard let name = skipInteger(bytes, &position, prefix: 4),
                name != 0 || skipText(bytes, &position), skipText(bytes, &position)
            else { return true }
        }
    }
    return false
}

private func skipText(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
    guard position < bytes.count, let length = skipInteger(bytes, &position, prefix: 7) else { return false }
    position += length
    return position <= bytes.count
}

/// - Returns: The integer; `nil` for one that is not there as a whole, or larger than any header.
private func skipInteger(_ bytes: Span<UInt8>, _ position: inout Int, prefix: Int) -> Int? {
    let mask = 1 << prefix - 1
    var value = Int(bytes[position]) & mask
    position += 1
    guard value == mask else { return value }
    for shift in stride(from: 0, to: 21, by: 7) {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        value += Int(byte & 0x7F) << shift
        if byte < 0x80 { return value }
    }
    return nil
}

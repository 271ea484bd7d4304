// SPDX-License-Identifier: Apache-2.0
internal import CZlib

/// Why a compressed body cannot be read.
package enum DecompressionFault: Error, Equatable {
    /// It is not what its coding says, or it ends early.
    case damaged
    /// It holds more than the limit.
    case tooLarge
}

/// Reads a compressed body.
///
/// - Parameters:
///   - maxByteCount: The most bytes that it may hold. Memory grows with what was read, never with what is announced.
/// - Returns: What it holds: all members of a gzip file, one after another.
package func decompressed(
    _ bytes: Span<UInt8>, from coding: ContentCoding, maxByteCount: Int
) throws(DecompressionFault) -> [UInt8] {
    // RFC 1950: method 8 in the low half of the first byte. Whatever else calls itself deflate is read as bare deflate.
    let isBare = coding == .deflate && !(bytes.count > 0 && bytes[0] & 0x0F == 8)
    return try unsafe bytes.withUnsafeBytes { input throws(DecompressionFault) in
        var stream = unsafe z_stream()
        let started =
            unsafe isBare ? slipway_inflate_start_bare(&stream) : slipway_inflate_start(&stream)
        guard started == Z_OK else { throw .damaged }
        defer { unsafe inflateEnd(&stream) }
        return try unsafe inflateAll(&stream, input, maxByteCount: maxByteCount)
    }
}

private func inflateAll(
    _ stream: inout z_stream, _ input: UnsafeRawBufferPointer, maxByteCount: Int
) throws(DecompressionFault) -> [UInt8] {
    // zlib counts in 32 bits; bodies are far below that.
    guard let count = UInt32(exactly: input.count), count > 0 else { throw .damaged }
    // zlib does not write to its input.
    unsafe stream.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.avail_in = count
    var output: [UInt8] = []
    while true {
        let room = min(max(output.count, 16_384), maxByteCount &- output.count &+ 1)
        var status = Z_OK
        output.append(
            contentsOf: unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(room)
                status = unsafe inflate(&stream, Z_NO_FLUSH)
                filled = unsafe room - Int(stream.avail_out)
            })
        guard output.count <= maxByteCount else { throw .tooLarge }
        switch status {
        case Z_STREAM_END:
            guard unsafe stream.avail_in > 0 else { return output }
            guard unsafe inflateReset(&stream) == Z_OK else { throw .damaged }
        case Z_OK: break
        // Nothing could be done: there is room, so the input has ended too early.
        default: throw .damaged
        }
    }
}

/// Compresses a body: fast rather than small.
///
/// - Returns: `nil` when zlib has no memory for it; the body can still be sent as it is.
package func compressed(_ bytes: Span<UInt8>, as coding: ContentCoding) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard unsafe slipway_deflate_start(&stream, 1, coding == .gzip ? 1 : 0) == Z_OK else { return nil }
    defer { unsafe deflateEnd(&stream) }
    guard let count = UInt32(exactly: bytes.count) else { return nil }
    let bound = unsafe Int(deflateBound(&stream, UInt(count)))
    var isWhole = false
    let output = unsafe bytes.withUnsafeBytes { input in
        unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, filled in
            unsafe stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.avail_in = count
            unsafe stream.next_out = buffer.baseAddress
            unsafe stream.avail_out = UInt32(clamping: bound)
            isWhole = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
            filled = unsafe bound - Int(stream.avail_out)
        }
    }
    return isWhole ? output : nil
}

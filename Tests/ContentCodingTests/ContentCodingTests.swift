// SPDX-License-Identifier: Apache-2.0
import ContentCoding
import TestSupport
import Testing

struct ContentCodingTests {
    private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...40, using: &random) }
    }

    private func packed(_ bytes: [UInt8], _ coding: ContentCoding) throws -> [UInt8] {
        let small = compressed(bytes.span, as: coding)
        return try #require(small)
    }

    private func unpacked(_ bytes: [UInt8], _ coding: ContentCoding, _ limit: Int) throws -> [UInt8] {
        try decompressed(bytes.span, from: coding, maxByteCount: limit)
    }

    @Test(arguments: [ContentCoding.gzip, .deflate], [0, 1, 1000, 300_000])
    func whatWasCompressedIsReadAgain(_ coding: ContentCoding, _ count: Int) throws {
        let original = bytes(count, seed: 7)
        let small = try packed(original, coding)
        #expect(try unpacked(small, coding, count) == original)
        #expect(throws: DecompressionFault.damaged) {
            try unpacked(Array(small.dropLast()), coding, count)
        }
        guard count > 0 else { return }
        #expect(throws: DecompressionFault.tooLarge) {
            try unpacked(small, coding, count - 1)
        }
    }

    /// As `gzip` and `zlib.compressobj(wbits=-15)` of Python write “slipway”.
    @Test func whatOthersCompressedIsRead() throws {
        let gzip: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0xCE, 0xC9, 0x2C, 0x28, 0x4F, 0xAC, 0x04,
            0x00, 0xE2, 0x82, 0x46, 0xC4, 0x07, 0x00, 0x00, 0x00,
        ]
        let bare: [UInt8] = [0x2B, 0xCE, 0xC9, 0x2C, 0x28, 0x4F, 0xAC, 0x04, 0x00]
        let text = Array("slipway".utf8)
        #expect(try unpacked(bare, .deflate, 7) == text)
        #expect(try unpacked(gzip, .gzip, 7) == text)
        let twice = gzip + gzip
        #expect(try unpacked(twice, .gzip, 14) == text + text)
    }

    /// A few kilobytes that would become gigabytes stop at the limit.
    @Test func aBombStopsAtTheLimit() throws {
        let bomb = try packed([UInt8](repeating: 0, count: 1 << 24), .gzip)
        #expect(bomb.count < 1 << 18)
        #expect(throws: DecompressionFault.tooLarge) {
            try unpacked(bomb, .gzip, 1 << 20)
        }
    }

    @Test func damagedBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 11)
        let whole = try packed(bytes(2000, seed: 3), .gzip)
        for _ in 0..<2000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? decompressed(damaged.span, from: .gzip, maxByteCount: 4000)
        }
    }

    @Test func theCodingIsTheOneThatTheCallerPrefers() {
        #expect(ContentCoding.accepted(by: "gzip, deflate") == .gzip)
        #expect(ContentCoding.accepted(by: "deflate, gzip") == .gzip)
        #expect(ContentCoding.accepted(by: "deflate;q=1, gzip;q=0.5") == .deflate)
        #expect(ContentCoding.accepted(by: "br, zstd") == nil)
        #expect(ContentCoding.accepted(by: "*") == .gzip)
        #expect(ContentCoding.accepted(by: "identity") == nil)
        #expect(ContentCoding.accepted(by: "identity;q=1, gzip;q=0.2") == nil)
        #expect(ContentCoding.accepted(by: "gzip;q=0") == nil)
        #expect(ContentCoding.accepted(by: ",,;;q=,gzip;q=x") == .gzip)
        #expect(ContentCoding(named: "GZIP") == .gzip)
        #expect(ContentCoding(named: "gzip, gzip") == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Archives
import TestSupport
import Testing

struct TarHeaderTests {
    @Test(arguments: [0, 1, 511, 512, 1 << 20, (1 << 33) - 1, 1 << 33, 1 << 45])
    func aHeaderComesBackAsItWas(_ byteCount: Int) throws {
        let header = TarHeader(path: "contents/ab/0123", byteCount: byteCount)
        #expect(header.block.count == 512)
        #expect(try TarHeader(block: header.block) == header)
        #expect(header.paddedByteCount % 512 == 0 && header.paddedByteCount - byteCount < 512)
    }

    /// Of `printf abc > a; tar --format=ustar --owner=0 --group=0 --mtime=@0 --mode=644 -c a`, without user and group names.
    @Test func theBytesAreThoseOfOtherPrograms() throws {
        let block = TarHeader(path: "a", byteCount: 3).block
        #expect(block[0..<2].elementsEqual([0x61, 0]))
        #expect(block[100..<108].elementsEqual("0000644\0".utf8))
        #expect(block[124..<136].elementsEqual("00000000003\0".utf8))
        #expect(block[257..<265].elementsEqual("ustar\u{0}00".utf8))
        // The sum of all bytes with eight spaces in place of the sum.
        let sum = block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 0x20
        let digits = String(sum, radix: 8)
        let padded = String(repeating: "0", count: 6 - digits.count) + digits
        #expect(block[148..<156].elementsEqual("\(padded)\0 ".utf8))
    }

    @Test func zerosEndAnArchiveAndLessIsDamaged() throws {
        #expect(try TarHeader(block: [UInt8](repeating: 0, count: 512)) == nil)
        #expect(throws: TarFault.self) { _ = try TarHeader(block: [UInt8](repeating: 0, count: 511)) }
        #expect(throws: TarFault.self) { _ = try TarHeader(block: []) }
    }

    @Test func everyChangedBitOfAHeaderIsFoundOrHarmless() throws {
        let header = TarHeader(path: "registry-0123.jsonl", byteCount: 77)
        for index in 0..<512 {
            for bit in 0..<8 {
                var block = header.block
                block[index] ^= 1 << bit
                // The sum itself may be written in several ways.
                guard let read = try? TarHeader(block: block) else { continue }
                #expect(read == header, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func noiseNeverTraps() {
        var generator = SeededGenerator(seed: 41)
        for _ in 0..<20_000 {
            var block = TarHeader(path: "x", byteCount: 5).block
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                block[Int.random(in: 0..<512, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let sum = block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 0x20
            let digits = String(sum, radix: 8)
            block.replaceSubrange(
                148..<156, with: Array("\(String(repeating: "0", count: 6 - digits.count))\(digits)\0 ".utf8))
            if let header = try? TarHeader(block: block) {
                #expect(header.byteCount >= 0 && header.paddedByteCount >= header.byteCount)
            }
        }
    }
}

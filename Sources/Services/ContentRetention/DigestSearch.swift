// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Every run of exactly 64 lower-case hexadecimal digits.
package func digests(in bytes: [UInt8]) -> Set<Digest> {
    var search = DigestSearch()
    search.read(bytes)
    return search.finish()
}

/// Finds digests in bytes that come in pieces.
struct DigestSearch {
    private var found: Set<Digest> = []
    /// The digits at the end of what was read so far.
    private var begun: [UInt8] = []

    mutating func read(_ bytes: [UInt8]) {
        var start = 0
        if !begun.isEmpty {
            let end = endOfDigits(in: bytes, from: 0)
            // More than enough of them to tell that they are too many.
            begun += bytes[..<end].prefix(65)
            guard end < bytes.count else { return }
            take(begun[...])
            begun = []
            start = end + 1
        }
        // What begins in the next 64 bytes goes on at least to the last of them.
        while start + 63 < bytes.count {
            guard isDigit(bytes[start + 63]) else {
                start += 64
                continue
            }
            var first = start + 63
            while first > start, isDigit(bytes[first - 1]) { first -= 1 }
            let end = endOfDigits(in: bytes, from: start + 63)
            guard end < bytes.count else {
                start = first
                break
            }
            take(bytes[first..<end])
            start = end + 1
        }
        guard start < bytes.count else { return }
        var first = bytes.count
        while first > start, isDigit(bytes[first - 1]) { first -= 1 }
        begun = Array(bytes[first...].prefix(65))
    }

    mutating func finish() -> Set<Digest> {
        take(begun[...])
        begun = []
        return found
    }

    private mutating func take(_ digits: ArraySlice<UInt8>) {
        guard digits.count == 64, let digest = Digest(String(decoding: digits, as: UTF8.self)) else { return }
        found.insert(digest)
    }

    private func endOfDigits(in bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        return index
    }

    /// `0` to `9` and `a` to `f`.
    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || byte &- 0x61 < 6 }
}

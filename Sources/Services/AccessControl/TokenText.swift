// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Longer texts are none of our tokens, and are not even hashed.
let longestToken = 512
private let shortestGivenToken = 16

/// `slp_` and 32 random bytes in base64url: 256 bits, so that guessing is no question and a plain hash is enough.
func newToken() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var generator = SystemRandomNumberGenerator()  // The kernel's, fit for secrets.
    let random = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var text = Array("slp_".utf8)
    for start in stride(from: 0, to: random.count, by: 3) {
        let chunk = random[start..<min(start + 3, random.count)]
        let bits = chunk.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - chunk.count))
        for position in 0...chunk.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)]) }
    }
    return String(decoding: text, as: UTF8.self)
}

/// - Throws: `SYS-008` when `token` is too short to be a secret, or no plain text.
func checkGivenToken(_ token: String) throws(Refusal) {
    let count = token.utf8.count
    guard (shortestGivenToken...longestToken).contains(count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
        throw Refusal(
            .optionRefused, .invalidInput, "The token file holds no usable token.",
            hint: "Put \(shortestGivenToken) to \(longestToken) letters, digits or signs into it, on one "
                + "line, or remove it: the next start makes a token.")
    }
}

/// The hash of a token as four numbers, which are compared faster than its bytes.
struct TokenHash: Sendable {
    private let words: SIMD4<UInt64>

    init(_ digest: Digest) {
        var words = SIMD4<UInt64>()
        for (index, byte) in digest.bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = words
    }

    /// Looks at every bit, whatever it finds.
    func isEqual(to other: TokenHash) -> Bool {
        let difference = words ^ other.words
        return difference[0] | difference[1] | difference[2] | difference[3] == 0
    }
}

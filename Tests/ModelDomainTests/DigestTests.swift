// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct DigestTests {
    /// FIPS 180-2, appendix B.
    @Test func theDigestIsSHA256() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Digest(of: "abc".utf8).hex == abc)
        #expect(Digest(of: "abc".utf8).description == "sha256:" + abc)
        #expect(Digest(of: "abc".utf8).short == "ba7816bf8f01")
        #expect(Digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func piecesGiveTheDigestOfTheWhole() {
        var hasher = DigestHasher()
        for piece in [[UInt8]("ab".utf8), [], [UInt8]("c".utf8)] { hasher.update(piece) }
        #expect(hasher.finish() == Digest(of: "abc".utf8))
    }

    @Test func aDigestReadsWhatItWrites() throws {
        let digest = Digest(of: [1])
        #expect(Digest(digest.hex) == digest)
        #expect(Digest(digest.description) == digest)
        #expect(lowercaseHex(digest.bytes) == digest.hex)
        #expect(digest.bytes.count == 32)
    }

    @Test func anythingElseIsNoDigest() {
        let hex = Digest(of: [1]).hex
        for text in [
            "", "sha256:", String(hex.dropLast()), hex + "0", hex.uppercased(), "sha512:" + hex, "sha256:sha256:" + hex,
            " " + hex, String(hex.dropLast()) + "g", String(hex.dropLast(2)) + "ä",
        ] {
            #expect(Digest(text) == nil, "\(text)")
        }
    }
}

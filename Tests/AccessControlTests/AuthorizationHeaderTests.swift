// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
import Testing

struct AuthorizationHeaderTests {
    @Test func aBearerIsTheToken() {
        #expect(presentedToken(inHeader: "Bearer abc") == "abc")
        #expect(presentedToken(inHeader: "bearer  abc ") == "abc")
        for other in [nil, "", "Bearer", "Bearer ", "abc", "Bearerabc", "Digest abc", "Basicabc"] {
            #expect(presentedToken(inHeader: other) == nil, "\(other ?? "nil")")
        }
    }

    @Test(arguments: ["ada:slp_secret", ":slp_secret", "ünï:slp_secret", "a b:slp_secret", "slipway:slp_secret"])
    func aPasswordIsTheTokenWhateverTheUserIsCalled(_ credentials: String) {
        for scheme in ["Basic", "basic", "BASIC"] {
            #expect(presentedToken(inHeader: "\(scheme) \(base64(credentials))") == "slp_secret")
        }
    }

    @Test func aPasswordMayHaveAColon() {
        #expect(presentedToken(inHeader: "Basic \(base64("ada:a:b"))") == "a:b")
    }

    @Test(arguments: [
        "Basic ", "Basic !", "Basic YTpi=", "Basic YTpi===", "Basic YTp", "Basic YT pi", "Basic YTpi\nYTpi",
        "Basic YTpi YTpi",
        "Basic YTo=", "Basic YWI=", "Basic ====", "Basic YTq_", "Basic YTq-", "Basic YTph_w==",
        // The left-over bits of the last letter are not nothing.
        "Basic YTpiYx==", "Basic YTpiY2R=",
    ])
    func whatNoEncoderWritesIsNoToken(_ header: String) {
        #expect(presentedToken(inHeader: header) == nil)
    }

    @Test func whatIsNoTextIsNoToken() {
        let bytes = Array("ada:".utf8) + [0xFF, 0xFE]
        #expect(presentedToken(inHeader: "Basic \(Data(bytes).base64EncodedString())") == nil)
    }

    @Test func credentialsAreBounded() {
        let long = base64("ada:" + String(repeating: "x", count: 1530))
        #expect(long.utf8.count <= 2048 && presentedToken(inHeader: "Basic \(long)")?.utf8.count == 1530)
        let longer = base64("ada:" + String(repeating: "x", count: 1536))
        #expect(presentedToken(inHeader: "Basic \(longer)") == nil)
    }

    /// Everything that Foundation encodes is read as it was.
    @Test func decodingAgreesWithFoundation() {
        for count in 1...64 {
            let password = String((0..<count).map { Character(UnicodeScalar(UInt8(0x21 + ($0 * 37 + count) % 94))) })
            #expect(presentedToken(inHeader: "Basic \(base64("u:" + password))") == password)
        }
    }

    private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}

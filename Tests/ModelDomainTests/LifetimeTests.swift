// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct LifetimeTests {
    @Test(arguments: [
        ("1s", 1), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("1d", 86_400), ("90d", 7_776_000),
        ("3650d", 315_360_000),
    ])
    func lengthsAreReadAsPeopleWriteThem(_ text: String, _ seconds: Int) {
        #expect(Lifetime(text)?.seconds == seconds)
        #expect(Lifetime(seconds: seconds).flatMap { Lifetime($0.description) }?.seconds == seconds)
    }

    @Test(arguments: [
        "", "d", "0d", "0s", "-1d", "+1d", "1.5d", "1 d", "1D", "3651d", "999999999d", "9999999999s", "1w", "90", "١d",
        "1d ", " 1d", "1dd",
    ])
    func anythingElseIsNone(_ text: String) { #expect(Lifetime(text) == nil) }

    @Test func theLargestUnitThatFitsIsShown() {
        #expect(Lifetime(seconds: 86_400)?.description == "1d")
        #expect(Lifetime(seconds: 90_000)?.description == "25h")
        #expect(Lifetime(seconds: 61)?.description == "61s")
    }

    @Test func anIdIsTwelveDigitsOfAHash() {
        let digest = Digest(of: "token".utf8)
        #expect(TokenID(of: digest).rawValue == digest.short)
        #expect(TokenID("0123456789ab") != nil)
        for text in ["", "0123456789a", "0123456789abc", "0123456789aB", "0123456789ag", digest.hex] {
            #expect(TokenID(text) == nil, "\(text)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import Testing

struct LoopbackRuleTests {
    @Test(arguments: [
        "localhost", "localhost:8080", "LocalHost:1", "api.localhost", "a.b.localhost:65535", "127.0.0.1",
        "127.0.0.1:8080", "127.255.3.9:1", "[::1]", "[::1]:8080",
    ])
    func predictionsAreOpenUnderANameOfThisMachine(_ host: String) {
        #expect(needForToken(from: origin(host: host)) == nil)
    }

    /// A page from elsewhere may point its own name at 127.0.0.1: the browser then sends that name.
    @Test(arguments: [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil.example",
        "127.0.0.1@evil.example", "evil.example#localhost", "localhost:80.evil.example", "xlocalhost", ".localhost",
        "evil/.localhost", "a..localhost", "127.0.0", "127.0.0.256", "127.0.0.0x1", "127.0.0.+1", "127.0.0.1.",
        "128.0.0.1",
        "10.0.0.1", "0.0.0.0", "[::2]", "[::1", "[::1]x", "[::1]:x", "[::ffff:10.0.0.1]", "::1", "localhost:123456",
        "localhost:-1", "localhost ", "", ":80", "2130706433",
    ])
    func anyOtherNameNeedsAToken(_ host: String) {
        #expect(needForToken(from: origin(host: host)) == .hostNotLoopback)
        #expect(AccessDenial.hostNotLoopback.explanation.code == .hostRefused)
    }

    @Test func aRequestWithoutAHostNeedsAToken() {
        #expect(needForToken(from: origin(host: nil)) == .hostNotLoopback)
    }

    @Test func whatWasForwardedNeedsAToken() {
        #expect(needForToken(from: origin(isForwarded: true)) == .tokenMissing)
    }

    @Test func anAddressOpenToOthersNeedsAToken() {
        #expect(needForToken(from: origin(isBoundToLoopback: false)) == .tokenMissing)
    }

    @Test func aCallerFromElsewhereNeedsAToken() {
        for peer in [nil, "", "10.0.0.1", "::2", "::ffff:10.0.0.1", "fe80::1", "localhost", "127.0.0.1:80"] {
            #expect(needForToken(from: origin(peer: peer)) == .tokenMissing, "\(peer ?? "nil")")
        }
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"] {
            #expect(needForToken(from: origin(peer: peer)) == nil, "\(peer)")
        }
    }

    private func origin(
        isBoundToLoopback: Bool = true, host: String? = "localhost", isForwarded: Bool = false,
        peer: String? = "127.0.0.1"
    ) -> RequestOrigin {
        RequestOrigin(isBoundToLoopback: isBoundToLoopback, host: host, isForwarded: isForwarded, peer: peer)
    }
}

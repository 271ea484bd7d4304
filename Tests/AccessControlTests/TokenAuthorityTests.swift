// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct TokenAuthorityTests {
    @Test func aTokenIsLongRandomAndKeptNowhere() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            var tokens: Set<String> = []
            for _ in 0..<50 { tokens.insert(try await authority.makeToken(for: "alice", role: .viewer)) }
            #expect(tokens.count == 50)
            for token in tokens {
                #expect(token.utf8.count == 47, "slp_ and 256 bits in base64url")
                #expect(token.hasPrefix("slp_"))
                #expect(
                    token.utf8.allSatisfy {
                        $0 == 0x2D || $0 == 0x5F || Character(.init($0)).isLetter || Character(.init($0)).isNumber
                    })
            }
            let kept = try await store.credentials().map { "\($0)" }.joined()
            #expect(tokens.allSatisfy { !kept.contains($0) })
        }
    }

    @Test func aRoleIncludesTheOnesBeforeIt() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            for (index, role) in Credential.Role.allCases.enumerated() {
                let token = try await authority.makeToken(for: "\(role)", role: role)
                for (other, needed) in Credential.Role.allCases.enumerated() {
                    if other <= index {
                        let principal = try authority.authorize(token, needs: needed)
                        #expect(principal.name == "\(role)" && principal.role == role)
                    } else {
                        #expect(throws: AccessDenial.notPermitted(principal: "\(role)", needs: needed)) {
                            try authority.authorize(token, needs: needed)
                        }
                    }
                }
            }
        }
    }

    @Test func withoutAKnownTokenNothingIsAllowed() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let token = try await authority.makeToken(for: "alice", role: .administrator)
            for missing in [nil, ""] {
                #expect(throws: AccessDenial.tokenMissing) { try authority.authorize(missing, needs: .predictor) }
            }
            let wrong = [
                token + "x", String(token.dropLast()), token.uppercased(), " " + token, "slp_", "0",
                Digest(of: token.utf8).hex, String(repeating: "x", count: 1_000_000),
            ]
            for text in wrong {
                #expect(throws: AccessDenial.tokenUnknown) { try authority.authorize(text, needs: .predictor) }
            }
            #expect(AccessDenial.tokenMissing.explanation.code == .tokenMissing)
            #expect(AccessDenial.tokenUnknown.explanation.code == .tokenRefused)
        }
    }

    @Test func aTokenForOneEndpointOpensNoOther() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let token = try await authority.makeToken(for: "shop", role: .predictor, scope: churnEndpoint)
            #expect(try authority.authorize(token, needs: .predictor, endpoint: churnEndpoint).scope == churnEndpoint)
            for other in [nil, makeName("other") as EndpointName] {
                #expect(throws: AccessDenial.otherEndpoint(principal: "shop")) {
                    try authority.authorize(token, needs: .predictor, endpoint: other)
                }
            }
        }
    }

    @Test func tokensOutliveTheProcess() async throws {
        try await withStore { store async throws in
            let token = try await makeAuthority(store).makeToken(for: "alice", role: .viewer)
            #expect(try await makeAuthority(store).authorize(token, needs: .viewer).name == "alice")
        }
    }

    @Test func theFirstStartMakesATokenAndLaterOnesKeepIt() async throws {
        try await withStore { store async throws in
            let first = try await makeAuthority(store).ensureAdministratorToken(existing: nil)
            #expect(first.isNew)
            let authority = try await makeAuthority(store)
            let second = try await authority.ensureAdministratorToken(existing: first.token + "\n")
            #expect(second.token == first.token && !second.isNew)
            #expect(try await store.credentials().count == 1)
            #expect(try authority.authorize(first.token, needs: .administrator).name == "administrator")
        }
    }

    @Test func replacingTheTokenEndsTheOldOne() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let alice = try await authority.makeToken(for: "alice", role: .viewer)
            let old = try await authority.ensureAdministratorToken(existing: nil).token
            let given = "0123456789abcdef"
            #expect(try await authority.ensureAdministratorToken(existing: given) == (given, false))
            #expect(throws: AccessDenial.tokenUnknown) { try authority.authorize(old, needs: .predictor) }
            #expect(try authority.authorize(given, needs: .administrator).role == .administrator)
            #expect(try authority.authorize(alice, needs: .viewer).name == "alice")
        }
    }

    @Test(arguments: ["short", "with space 0123456789", "ünïcödé-0123456789", String(repeating: "x", count: 600)])
    func aTokenFileThatHoldsNoSecretIsRefused(_ text: String) async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            await expectCode(.optionRefused) { _ = try await authority.ensureAdministratorToken(existing: text) }
            #expect(try await store.credentials().isEmpty)
        }
    }

    @Test func anEmptyTokenFileCountsAsNone() async throws {
        try await withStore { store async throws in
            let made = try await makeAuthority(store).ensureAdministratorToken(existing: " \n")
            #expect(made.isNew && made.token.hasPrefix("slp_"))
        }
    }

    @Test func onlyTheBearerSchemeCarriesAToken() {
        #expect(bearerToken(inHeader: "Bearer abc") == "abc")
        #expect(bearerToken(inHeader: "bearer  abc ") == "abc")
        for other in [nil, "", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"] {
            #expect(bearerToken(inHeader: other) == nil, "\(other ?? "nil")")
        }
    }

    private func makeAuthority(_ store: any CredentialStore) async throws -> TokenAuthority {
        try await TokenAuthority(store: store) { Timestamp(microseconds: 3) }
    }

    private func withStore(_ body: (any CredentialStore) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: Timestamp(microseconds: 1))
            try await body(SQLCredentialStore(database: database))
        }
    }
}

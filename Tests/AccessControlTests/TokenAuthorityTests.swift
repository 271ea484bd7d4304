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
            for _ in 0..<50 { tokens.insert(try await makeToken(authority, .viewer)) }
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

    @Test func aTokenMayWhatItsRolesMay() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            for role in Role.allCases {
                let token = try await makeToken(authority, role)
                for needed in [Permission.view, .predict, .develop, .decide, .administer] {
                    if role.permissions.contains(needed) {
                        let principal = try authority.authorize(token, needs: needed, of: .platform)
                        #expect(principal.name.rawValue == "alice" && principal.roles == [role])
                    } else {
                        let denial = AccessDenial.notPermitted(
                            principal: makeName("alice"), roles: [role], needs: needed)
                        #expect(throws: denial) { try authority.authorize(token, needs: needed, of: .platform) }
                    }
                }
            }
        }
    }

    @Test func withoutAKnownTokenNothingIsAllowed() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let token = try await makeToken(authority, .admin)
            for missing in [nil, ""] {
                #expect(throws: AccessDenial.tokenMissing) {
                    try authority.authorize(missing, needs: .predict, of: .common)
                }
            }
            let wrong = [
                token + "x", String(token.dropLast()), token.uppercased(), " " + token, "slp_", "0",
                Digest(of: token.utf8).hex, String(repeating: "x", count: 1_000_000),
            ]
            for text in wrong {
                #expect(throws: AccessDenial.tokenUnknown) {
                    try authority.authorize(text, needs: .predict, of: .common)
                }
            }
            #expect(AccessDenial.tokenMissing.explanation.code == .tokenMissing)
            #expect(AccessDenial.tokenUnknown.explanation.code == .tokenRefused)
        }
    }

    @Test func tokensOutliveTheProcess() async throws {
        try await withStore { store async throws in
            let token = try await makeToken(makeAuthority(store), .viewer)
            #expect(try await makeAuthority(store).identify(token).name.rawValue == "alice")
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
            let principal = try authority.authorize(first.token, needs: .administer, of: .platform)
            #expect(principal.name == TokenAuthority.administrator)
        }
    }

    @Test func replacingTheTokenEndsTheOldOne() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let alice = try await makeToken(authority, .viewer)
            let old = try await authority.ensureAdministratorToken(existing: nil).token
            let given = "0123456789abcdef"
            #expect(try await authority.ensureAdministratorToken(existing: given) == (given, false))
            #expect(throws: AccessDenial.tokenUnknown) { try authority.identify(old) }
            #expect(try authority.identify(given).roles == [.admin])
            #expect(try authority.identify(alice).name.rawValue == "alice")
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

    /// Whoever held it under another name is no administrator for it.
    @Test func aTokenOfSomebodyElseInTheFileBecomesTheAdministrators() async throws {
        try await withStore { store async throws in
            let authority = try await makeAuthority(store)
            let token = try await makeToken(authority, .viewer)
            #expect(try await authority.ensureAdministratorToken(existing: token) == (token, false))
            #expect(try authority.identify(token).name == TokenAuthority.administrator)
            #expect(try authority.identify(token).roles == [.admin])
            #expect(try await store.credentials().count == 1)
        }
    }

    private func makeAuthority(_ store: any CredentialStore) async throws -> TokenAuthority {
        try await TokenAuthority(store: store) { Timestamp(microseconds: 3) }
    }

    private func makeToken(_ authority: TokenAuthority, _ role: Role) async throws -> String {
        let maker = Principal(
            name: makeName("max"), tokenID: TokenID(of: Digest(of: "t".utf8)), roles: [.admin], scope: .all)
        return try await authority.create(TokenOrder(principal: makeName("alice"), roles: [role]), by: maker).text
    }

    private func withStore(_ body: (any CredentialStore) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/r.sqlite", time: Timestamp(microseconds: 1))
            try await body(SQLCredentialStore(database: database))
        }
    }
}

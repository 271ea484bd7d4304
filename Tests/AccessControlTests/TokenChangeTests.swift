// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

/// Making, revoking and rotating tokens: what holds afterwards, and what the ledger says of it.
struct TokenChangeTests {
    @Test func aTokenIsMadeWithItsRightsAndItsEntry() async throws {
        try await AccessFixture.with { access async throws in
            let scope = Scope(project: growth, endpoints: [makeName("b"), makeName("a")])
            let made = try await access.makeToken(.approver, .viewer, scope: scope, lifetime: lifetime("90d"))
            #expect(made.id == TokenID(of: Digest(of: made.text.utf8)))
            let bearer = try access.authority.identify(made.text)
            #expect(bearer.roles == [.viewer, .approver] && bearer.scope == scope && bearer.tokenID == made.id)
            let entry = try #require(try await access.ledger().last)
            #expect(entry.action == "token.create" && entry.object == "token/\(made.id)")
            #expect(entry.actor == "administrator" && entry.before == nil)
            #expect(
                entry.after
                    == "principal=ada roles=viewer,approver project=growth endpoints=a,b "
                    + "expires=\(access.clock.now.after(try lifetime("90d")).text)")
            #expect(try await access.registry.verifyLedger().head.size == 2)
        }
    }

    @Test func aPrincipalMayHaveSeveralTokens() async throws {
        try await AccessFixture.with { access async throws in
            let laptop = try await access.makeToken(.viewer)
            let build = try await access.makeToken(.developer)
            try await access.authority.revoke(laptop.id, by: access.admin)
            #expect(throws: AccessDenial.tokenUnknown) { try access.authority.identify(laptop.text) }
            #expect(try access.authority.identify(build.text).name.rawValue == "ada")
            let entry = try #require(try await access.ledger().last)
            #expect(entry.action == "token.revoke" && entry.object == "token/\(laptop.id)")
            #expect(entry.before == "principal=ada roles=viewer" && entry.after == nil)
        }
    }

    @Test func anExpiredTokenIsRefusedAndSaysWhen() async throws {
        try await AccessFixture.with { access async throws in
            access.clock.advance(seconds: 1)
            let made = try await access.makeToken(.viewer, lifetime: lifetime("10m"))
            let end = access.clock.now.after(try lifetime("10m"))
            access.clock.advance(seconds: 599)
            #expect(try access.authority.identify(made.text).tokenID == made.id)
            access.clock.advance(seconds: 1)
            let denial = AccessDenial.tokenExpired(principal: makeName("ada"), at: end)
            #expect(throws: denial) { try access.authority.identify(made.text) }
            #expect(denial.explanation.code == .tokenRefused && denial.isOfStranger)
            #expect(denial.explanation.text.contains(end.text))
            let listed = try await access.authority.credentials(for: access.admin)
            #expect(listed.map { access.authority.isExpired($0) } == [false, true])
        }
    }

    @Test func longExpiredTokensAreForgottenWithTheNextChange() async throws {
        try await AccessFixture.with { access async throws in
            let made = try await access.makeToken(.viewer, lifetime: lifetime("1s"))
            access.clock.advance(seconds: 30 * 86_400)
            _ = try await access.makeToken(.viewer)
            #expect(try await access.store.credentials().contains { $0.id == made.id })
            access.clock.advance(seconds: 2)
            _ = try await access.makeToken(.viewer)
            #expect(try await !access.store.credentials().contains { $0.id == made.id })
        }
    }

    @Test func aRotatedTokenEndsAtOnceAndItsSuccessorHasItsRights() async throws {
        try await AccessFixture.with { access async throws in
            let old = try await access.makeToken(.developer, scope: Scope(project: growth), lifetime: lifetime("10d"))
            access.clock.advance(seconds: 86_400)
            let new = try await access.authority.rotate(old.id, grace: nil, by: access.admin)
            #expect(throws: AccessDenial.tokenUnknown) { try access.authority.identify(old.text) }
            let bearer = try access.authority.identify(new.text)
            #expect(bearer.roles == [.developer] && bearer.scope == Scope(project: growth))
            #expect(
                new.credential.expiresAt == access.clock.now.after(try lifetime("10d")),
                "as long as the old one was made to")
            let entry = try #require(try await access.ledger().last)
            #expect(entry.action == "token.rotate" && entry.object == "token/\(old.id)")
            #expect(
                entry.after?.hasPrefix("token=\(new.credential.id) principal=ada roles=developer project=growth")
                    == true)
        }
    }

    @Test func graceLetsTheOldTokenHoldOnForAWhile() async throws {
        try await AccessFixture.with { access async throws in
            let old = try await access.makeToken(.viewer)
            let new = try await access.authority.rotate(old.id, grace: lifetime("1h"), by: access.admin)
            for text in [old.text, new.text] { #expect(try access.authority.identify(text).name.rawValue == "ada") }
            access.clock.advance(seconds: 3600)
            #expect(throws: AccessDenial.self) { try access.authority.identify(old.text) }
            #expect(try access.authority.identify(new.text).tokenID == new.credential.id)
            #expect(new.credential.expiresAt == nil)
        }
    }

    @Test func graceNeverMakesATokenLiveLonger() async throws {
        try await AccessFixture.with { access async throws in
            let old = try await access.makeToken(.viewer, lifetime: lifetime("1m"))
            _ = try await access.authority.rotate(old.id, grace: lifetime("1d"), by: access.admin)
            access.clock.advance(seconds: 60)
            #expect(throws: AccessDenial.self) { try access.authority.identify(old.text) }
        }
    }

    @Test func onlyWhoAdministersChangesTokens() async throws {
        try await AccessFixture.with { access async throws in
            let made = try await access.makeToken(.viewer)
            let count = try await access.ledger().count
            let everybodyElse = access.principal(.viewer, .predictor, .developer, .approver)
            await expectCode(.tokenRefused) { _ = try await access.makeToken(.viewer, by: everybodyElse) }
            await expectCode(.tokenRefused) { try await access.authority.revoke(made.id, by: everybodyElse) }
            await expectCode(.tokenRefused) {
                _ = try await access.authority.rotate(made.id, grace: nil, by: everybodyElse)
            }
            await expectCode(.tokenRefused) { _ = try await access.authority.credentials(for: everybodyElse) }
            #expect(try await access.ledger().count == count)
            #expect(try access.authority.identify(made.text).tokenID == made.id)
        }
    }

    /// The admin of a project gives tokens for it, and neither sees nor ends those of others.
    @Test func anAdminOfAProjectReachesNoFurtherThanTheProject() async throws {
        try await AccessFixture.with { access async throws in
            let elsewhere = try await access.makeToken(for: "eve", .viewer, scope: Scope(project: other))
            let everywhere = try await access.makeToken(for: "max", .viewer)
            let own = access.principal(.admin, scope: Scope(project: growth))
            for scope in [Scope.all, Scope(project: other), Scope(endpoints: [churnEndpoint])] {
                await expectCode(.tokenRefused) { _ = try await access.makeToken(.viewer, scope: scope, by: own) }
            }
            let made = try await access.makeToken(.admin, scope: Scope(project: growth), by: own)
            #expect(try await access.authority.credentials(for: own).map(\.id) == [made.id])
            for id in [elsewhere.id, everywhere.id, access.admin.tokenID] {
                await expectCode(.tokenNotFound) { try await access.authority.revoke(id, by: own) }
                await expectCode(.tokenNotFound) {
                    _ = try await access.authority.rotate(id, grace: nil, by: own)
                }
            }
            try await access.authority.revoke(made.id, by: own)
            #expect(throws: AccessDenial.tokenUnknown) { try access.authority.identify(made.text) }
        }
    }

    @Test func theAdministratorsTokenIsTheDataFoldersOwn() async throws {
        try await AccessFixture.with { access async throws in
            let id = access.admin.tokenID
            await expectCode(.tokenFixed) { try await access.authority.revoke(id, by: access.admin) }
            await expectCode(.tokenFixed) {
                _ = try await access.authority.rotate(id, grace: nil, by: access.admin)
            }
            await expectCode(.tokenFixed) { _ = try await access.makeToken(for: "administrator", .viewer) }
            #expect(try await access.store.credentials().map(\.id) == [id])
            #expect(try await access.ledger().map(\.action) == ["token.create"])
        }
    }

    @Test func whatCannotBeATokenIsRefused() async throws {
        try await AccessFixture.with { access async throws in
            let endpoints = Scope(endpoints: [churnEndpoint])
            for role in [Role.developer, .admin] {
                await expectCode(.unsupportedOption) { _ = try await access.makeToken(role, scope: endpoints) }
            }
            _ = try await access.makeToken(.viewer, .predictor, .approver, scope: endpoints)
            await expectCode(.missingValue) { _ = try await access.makeToken() }
            let noted = TokenOrder(principal: makeName("ada"), roles: [.viewer], note: "a\u{0}b")
            await expectCode(.brokenText) { _ = try await access.authority.create(noted, by: access.admin) }
            let unknown = try #require(TokenID("000000000000"))
            await expectCode(.tokenNotFound) { try await access.authority.revoke(unknown, by: access.admin) }
        }
    }

    @Test func changesOfAnotherProcessAreSeenOnceTheStoreIsReadAgain() async throws {
        try await AccessFixture.with { access async throws in
            let made = try await access.makeToken(.viewer)
            let clock = access.clock
            let replica = try await TokenAuthority(store: access.store) { clock.now }
            #expect(try replica.identify(made.text).tokenID == made.id)
            let late = try await access.makeToken(.viewer)
            try await access.authority.revoke(made.id, by: access.admin)
            #expect(try replica.identify(made.text).tokenID == made.id, "not yet read again")
            let following = Task { await replica.follow(every: .milliseconds(5)) }
            defer { following.cancel() }
            var seen = false
            for _ in 0..<2000 where !seen {
                try await Task.sleep(for: .milliseconds(5))
                seen = (try? replica.identify(made.text)) == nil
            }
            #expect(seen)
            #expect(try replica.identify(late.text).tokenID == late.id)
        }
    }

    /// Neither the token nor more than the first digits of its hash are in the ledger, and the token is in no file.
    @Test func secretsAreKeptNowhere() async throws {
        try await AccessFixture.with { access async throws in
            let made = try await access.makeToken(.admin)
            let rotated = try await access.authority.rotate(made.id, grace: lifetime("1h"), by: access.admin)
            let texts = [made.text, rotated.text]
            for path in [access.path, access.path + "-wal"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                for text in texts {
                    #expect(bytes.range(of: Data(text.utf8)) == nil, "\(path)")
                    #expect(bytes.range(of: Data(text.dropFirst(4).utf8)) == nil, "\(path)")
                }
            }
            for change in try await access.ledger() {
                for field in [change.object, change.before ?? "", change.after ?? "", change.reason ?? ""] {
                    for text in texts {
                        #expect(!field.contains(text) && !field.contains(Digest(of: text.utf8).hex))
                    }
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import Testing

struct VersionTests {
    @Test func versionsAreNumberedFromOne() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(3)
            let versions = try await fixture.registry.versions(of: churn)
            #expect(versions.map(\.number) == [3, 2, 1])
            #expect(versions.map(\.bundle) == [bundle(3), bundle(2), bundle(1)])
            #expect(versions.allSatisfy { $0.status == .ready && $0.createdBy == "alice" && $0.origin == .original })
            #expect(try await fixture.registry.models() == [churn])
            #expect(try await fixture.ledger() == (1...3).map { "model.register model/default/churn/\($0)" })
        }
    }

    @Test func theSameContentAgainIsTheSameVersion() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            let again = try await fixture.registry.register(
                churn, manifest: bundle(2), provenance: bundle(9), origin: nil, by: "bob")
            #expect(again.number == 2 && again.createdBy == "alice")
            #expect(try await fixture.ledger().count == 2)
            // What was once the content and is wanted again after others is a new version.
            let older = try await fixture.registry.register(
                churn, manifest: bundle(1), provenance: bundle(9), origin: nil, by: "bob")
            #expect(older.number == 3)
        }
    }

    @Test func aVersionIsFoundByNumberAliasAndDigest() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(3)
            try await fixture.registry.setAlias(champion, of: churn, to: .number(2), by: "alice")
            for (text, number) in [
                ("1", 1), ("@champion", 2), ("\(bundle(3))", 3), (String("\(bundle(1))".prefix(15)), 1),
            ] {
                let version = try await fixture.registry.version(VersionSelector(text), of: churn)
                #expect(version.number == number, "\(text)")
            }
        }
    }

    @Test func sameContentUnderTwoNumbersIsTheNewerOne() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            _ = try await fixture.registry.register(
                churn, manifest: bundle(1), provenance: bundle(0), origin: nil, by: "alice")
            let selector = try VersionSelector(bundle(1).description)
            #expect(try await fixture.registry.version(selector, of: churn).number == 3)
        }
    }

    @Test func whatIsNotThereIsExplainedWithTheClosestName() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            let registry = fixture.registry
            try await registry.setAlias(champion, of: churn, to: .number(1), by: "alice")
            await expect(.modelUnknown, hint: "“churn”") { _ = try await registry.versions(of: makeModel("chur")) }
            await expect(.modelUnknown, hint: "model list") { _ = try await registry.versions(of: makeModel("zzz")) }
            await expect(.modelUnknown, hint: "“churn”") {
                _ = try await registry.version(.number(1), of: makeModel("churm"))
            }
            await expect(.modelUnknown, hint: "model list") {
                let elsewhere = ModelReference(project: makeName("growth"), name: churn.name)
                _ = try await registry.version(.number(1), of: elsewhere)
            }
            await expect(.versionUnknown, hint: "newest version is 2") {
                _ = try await registry.version(.number(3), of: churn)
            }
            await expect(.versionUnknown, hint: "newest version is 2") {
                _ = try await registry.version(.digest(prefix: "0123456789"), of: churn)
            }
            await expect(.aliasUnknown, hint: "“champion”") {
                _ = try await registry.version(.alias(makeName("champio")), of: churn)
            }
        }
    }

    @Test(arguments: [
        "", "0", "-1", "+1", "01", "1.0", "latest", "champion", "sha256:", "sha256:1234567", "sha256:ABCDEF0123",
        "sha256:" + String(repeating: "0", count: 65), "99999999999999999999",
    ])
    func whatNamesNoVersionIsRefused(_ text: String) throws {
        #expect(throws: RegistryError.unreadableSelector(text)) { try VersionSelector(text) }
    }

    @Test(arguments: ["1", "@champion", "sha256:0123abcd"]) func aSelectorReadsWhatItWrites(_ text: String) throws {
        #expect(try VersionSelector(text).description == text)
    }

    @Test func anAliasMovesAndGoes() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            let registry = fixture.registry
            for number in [1, 1, 2] {
                try await registry.setAlias(champion, of: churn, to: .number(number), by: "alice")
            }
            #expect(try await registry.aliases(of: churn) == [champion: 2])
            try await registry.removeAlias(champion, of: churn, by: "alice")
            #expect(try await registry.aliases(of: churn).isEmpty)
            await expect(.aliasUnknown, hint: "alias set") {
                try await registry.removeAlias(champion, of: churn, by: "alice")
            }
            await expect(.versionUnknown, hint: "newest") {
                try await registry.setAlias(champion, of: churn, to: .number(7), by: "alice")
            }
            let changes = try await registry.ledger(from: 2, limit: 10).map(\.change)
            #expect(changes.map(\.action) == ["alias.set", "alias.set", "alias.remove"])
            #expect(changes.map(\.before) == [nil, "1", "2"])
            #expect(changes.map(\.after) == ["1", "2", nil])
            #expect(changes.allSatisfy { $0.object == "alias/default/churn/champion" })
        }
    }
}

/// Expects a failure with this code whose hint has these words.
func expect(
    _ code: ErrorCode, hint: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        let explanation = (error as? any ExplainedError)?.explanation
        #expect(explanation?.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(explanation?.hint?.contains(hint) == true, "\(error)", sourceLocation: sourceLocation)
    }
}

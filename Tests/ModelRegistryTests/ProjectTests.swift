// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Testing

struct ProjectTests {
    private let growth: ProjectName = makeName("growth")

    @Test func aProjectIsMadeAndRemovedWithItsEntries() async throws {
        try await RegistryFixture.with { fixture async throws in
            let made = try await fixture.registry.createProject(growth, by: "ada")
            #expect(made.isNew && made.project.name == growth)
            let again = try await fixture.registry.createProject(growth, by: "bob")
            #expect(!again.isNew && again.project == made.project)
            #expect(try await fixture.registry.projects().map(\.name) == [.standard, growth])
            try await fixture.registry.removeProject(growth, by: "ada")
            #expect(try await fixture.registry.projects().map(\.name) == [.standard])
            #expect(try await fixture.ledger() == ["project.create project/growth", "project.remove project/growth"])
            #expect(try await fixture.registry.verifyLedger().head.size == 2)
        }
    }

    @Test func aProjectComesIntoBeingWithItsFirstModelWhereThatIsWanted() async throws {
        try await RegistryFixture.with { fixture async throws in
            let model = ModelReference(project: growth, name: makeName("churn"))
            await #expect(throws: RegistryError.unknownProject(growth, closest: nil)) {
                try await fixture.registry.register(
                    model, manifest: bundle(1), provenance: bundle(0), origin: nil, makingProject: false, by: "ada")
            }
            #expect(try await fixture.ledger().isEmpty)
            try await fixture.register(2, of: model)
            #expect(
                try await fixture.ledger() == [
                    "project.create project/growth", "model.register model/growth/churn/1",
                    "model.register model/growth/churn/2",
                ])
            _ = try await fixture.registry.register(
                model, manifest: bundle(3), provenance: bundle(0), origin: nil, makingProject: false, by: "ada")
        }
    }

    @Test func whatIsNotEmptyIsNotRemoved() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1, of: ModelReference(project: growth, name: makeName("churn")))
            await expectCode(.projectNotEmpty) { try await fixture.registry.removeProject(growth, by: "ada") }
            await expectCode(.projectNotEmpty) { try await fixture.registry.removeProject(.standard, by: "ada") }
            await #expect(throws: RegistryError.unknownProject(makeName("grwth"), closest: "growth")) {
                try await fixture.registry.removeProject(makeName("grwth"), by: "ada")
            }
        }
    }

    /// Whoever takes the name later would meet a bearer that the token was not meant for.
    @Test func aProjectWithTokensOfItsOwnIsNotRemoved() async throws {
        try await RegistryFixture.with { fixture async throws in
            _ = try await fixture.registry.createProject(growth, by: "ada")
            try await fixture.database.write { transaction in
                try transaction.execute(
                    """
                    INSERT INTO token (digest, id, principal, roles, project, created_at, created_by)
                    VALUES ('00', '00', 'ada', 'viewer', 'growth', 1, 'ada')
                    """, [:])
            }
            #expect(try await fixture.registry.projects().last?.tokenCount == 1)
            await expectCode(.projectNotEmpty) { try await fixture.registry.removeProject(growth, by: "ada") }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import Testing

struct DeploymentTests {
    @Test func eachDeploymentIsANewGeneration() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(2)
            let first = try await fixture.deploy(1)
            let second = try await fixture.deploy(2)
            #expect(first.generation == 1 && first.base == nil && first.restores == nil)
            #expect(second.generation == 2 && second.base == 1 && second.version == 2)
            #expect(try await fixture.registry.endpoint(churnEndpoint).current == second)
            #expect(try await fixture.registry.endpoints().map(\.name) == [churnEndpoint])
            #expect(try await fixture.registry.deployments(of: churnEndpoint) == [second, first])
        }
    }

    @Test func theSameVersionAgainChangesNothing() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            let first = try await fixture.deploy(1)
            #expect(try await fixture.deploy(1) == first)
            #expect(try await fixture.ledger().count == 2)
        }
    }

    /// One ledger entry for each change of settings, none where nothing changes, and the same transaction as a deployment.
    @Test func settingsAreInTheLedger() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            _ = try await fixture.registry.recordDeployment(
                to: churnEndpoint, model: churn, version: 1, settings: [.queue: "5"], by: "alice", reason: nil)
            let record = try await fixture.registry.recordSettings(
                [.deadline: "100ms"], of: churnEndpoint, by: "bob", reason: "slow")
            #expect(record.settings.line == "deadline=100ms queue=5")
            _ = try await fixture.registry.recordSettings([.queue: "5"], of: churnEndpoint, by: "bob", reason: nil)
            _ = try await fixture.registry.recordSettings(
                [.queue: "5"], of: churnEndpoint, resetting: true, by: "bob", reason: nil)
            let entries = try await fixture.registry.ledger(limit: 100).filter { $0.change.action == "endpoint.set" }
            #expect(entries.map(\.change.before) == ["standard", "queue=5", "deadline=100ms queue=5"])
            #expect(entries.map(\.change.after) == ["queue=5", "deadline=100ms queue=5", "queue=5"])
            #expect(entries.map(\.change.object) == Array(repeating: "endpoint/default/churn", count: 3))
            #expect(entries[1].change.reason == "slow")
            _ = try await fixture.registry.verifyLedger()
            await expect(.outOfRange, hint: "It takes") {
                _ = try await fixture.registry.recordDeployment(
                    to: churnEndpoint, model: churn, version: 1, settings: [.queue: "no"], by: "alice", reason: nil)
            }
        }
    }

    @Test func rollbacksWalkBackOneByOne() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(3)
            for version in 1...3 { _ = try await fixture.deploy(version) }
            let once = try await fixture.rollBack()
            #expect(once.generation == 4 && once.version == 2 && once.restores == 2 && once.base == 1)
            #expect(once.effective == 2 && once.createdBy == "bob")
            let twice = try await fixture.rollBack()
            #expect(twice.generation == 5 && twice.version == 1 && twice.restores == 1 && twice.base == nil)
            await expect(.nothingToRollBack, hint: "slipway deploy") { _ = try await fixture.rollBack() }
            #expect(try await fixture.registry.endpoint(churnEndpoint).current == twice)
        }
    }

    @Test func aDeploymentAfterARollbackLeadsBackToWhatWasRestored() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(3)
            for version in 1...2 { _ = try await fixture.deploy(version) }
            _ = try await fixture.rollBack()
            let third = try await fixture.deploy(3)
            #expect(third.generation == 4 && third.base == 1)
            let back = try await fixture.rollBack()
            #expect(back.version == 1 && back.restores == 1 && back.base == nil)
            // What was rolled away from may be wanted again, as a deployment of its own.
            let again = try await fixture.deploy(2)
            #expect(again.generation == 6 && again.base == 1 && again.restores == nil)
        }
    }

    @Test func theFirstDeploymentHasNoWayBack() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            await expect(.endpointUnknown, hint: "endpoint list") { _ = try await fixture.rollBack() }
            _ = try await fixture.deploy(1)
            await expect(.nothingToRollBack, hint: "slipway deploy") { _ = try await fixture.rollBack() }
            #expect(try await fixture.ledger().count == 2)
        }
    }

    @Test func anUnknownVersionIsNotDeployed() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            await expect(.versionUnknown, hint: "newest version is 1") { _ = try await fixture.deploy(2) }
            #expect(try await fixture.registry.endpoints().isEmpty)
        }
    }

    @Test func aRemovedEndpointIsGoneFromAllButTheLedger() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            _ = try await fixture.deploy(1)
            try await fixture.registry.removeEndpoint(churnEndpoint, by: "carol", reason: "unused")
            #expect(try await fixture.registry.endpoints().isEmpty)
            await expect(.endpointUnknown, hint: "endpoint list") {
                _ = try await fixture.registry.deployments(of: churnEndpoint)
            }
            await expect(.endpointUnknown, hint: "endpoint list") {
                try await fixture.registry.removeEndpoint(churnEndpoint, by: "carol")
            }
            let last = try #require(try await fixture.registry.ledger(limit: 10).last?.change)
            let expected = LedgerChange(
                actor: "carol", action: "endpoint.remove", object: "endpoint/default/churn",
                before: "model/default/churn/1", after: nil, reason: "unused")
            #expect(last == expected)
        }
    }

    @Test func anUnknownEndpointIsExplainedWithTheClosestName() async throws {
        try await RegistryFixture.with { fixture async throws in
            try await fixture.register(1)
            _ = try await fixture.deploy(1)
            await expect(.endpointUnknown, hint: "“churn”") {
                _ = try await fixture.registry.endpoint(makeName("churm"))
            }
        }
    }
}

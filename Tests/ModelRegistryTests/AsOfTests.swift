// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelRegistry
import PortContracts
import Testing

struct AsOfTests {
    @Test func anyPastMomentIsAnswered() async throws {
        try await RegistryFixture.with { fixture async throws in
            let registry = fixture.registry
            try await fixture.register(2)
            let before = try await fixture.newestTime()
            _ = try await fixture.deploy(1)
            let first = try await fixture.newestTime()
            _ = try await fixture.deploy(2)
            let second = try await fixture.newestTime()
            _ = try await fixture.rollBack()
            let back = try await fixture.newestTime()
            for limit in 1...60 {
                _ = try await registry.recordSettings(
                    [.queue: String(limit)], of: churnEndpoint, by: "alice", reason: nil)
            }
            let set = try await fixture.newestTime()
            try await registry.recordUnload(of: churnEndpoint, by: "alice")
            let unloaded = try await fixture.newestTime()
            try await registry.recordLoad(of: churnEndpoint, by: "alice")
            let loaded = try await fixture.newestTime()
            try await registry.removeEndpoint(churnEndpoint, by: "alice")
            let removed = try await fixture.newestTime()

            #expect(try await fixture.answered(before) == nil)
            #expect(try await fixture.answered(first) == "model/default/churn/1")
            #expect(try await fixture.answered(second) == "model/default/churn/2")
            for time in [back, set, loaded] { #expect(try await fixture.answered(time) == "model/default/churn/1") }
            for time in [unloaded, removed] { #expect(try await fixture.answered(time) == nil) }
            let moment = try await registry.answering(at: churnEndpoint, time: second)
            #expect(moment.bundle == bundle(2).description)
            #expect(moment.because?.change.action == "endpoint.deploy" && moment.because?.change.actor == "alice")
            #expect(moment.registered?.change.object == "model/default/churn/2")
            #expect(
                try await registry.answering(at: churnEndpoint, time: removed).because?.change.action
                    == "endpoint.remove")
            #expect(try await registry.answering(at: churnEndpoint, time: before).because == nil)
        }
    }
}

extension RegistryFixture {
    /// When the newest entry was made.
    fileprivate func newestTime() async throws -> Timestamp {
        let entries = try await registry.ledger(limit: 1000)
        return try #require(entries.last).time
    }

    fileprivate func answered(_ time: Timestamp) async throws -> String? {
        try await registry.answering(at: churnEndpoint, time: time).version
    }
}

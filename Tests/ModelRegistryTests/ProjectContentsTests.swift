// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import ModelDomain
import ModelRegistry
import StoreSQL
import Testing

struct ProjectContentsTests {
    /// The experiment that comes with a project is nothing that anybody put there; what is recorded in it is.
    @Test func aProjectWithWhatWasRecordedIsNotRemoved() async throws {
        try await RegistryFixture.with { fixture async throws in
            let growth = try ProjectName("growth")
            let time: @Sendable () -> Timestamp = { Timestamp(microseconds: 7) }
            let tracking = ExperimentTracking(store: SQLTrackingStore(database: fixture.database), now: time)
            _ = try await fixture.registry.createProject(growth, by: "alice")
            _ = try await tracking.in(growth).experiment(.standard)
            try await fixture.registry.removeProject(growth, by: "alice")

            _ = try await fixture.registry.createProject(growth, by: "alice")
            let again = ExperimentTracking(store: SQLTrackingStore(database: fixture.database), now: time)
            _ = try await again.in(growth).startRun(in: .standard, name: nil, user: "ada", startedAt: nil, tags: [])
            let refusal = await #expect(throws: RegistryError.self) {
                try await fixture.registry.removeProject(growth, by: "alice")
            }
            #expect(refusal?.explanation.code == .projectNotEmpty)
            #expect(refusal?.explanation.details.contains(.init("experiments", "1")) == true)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import ModelExecution
import ModelRollouts
import Synchronization
import TestSupport
import Testing

/// Files with the same contents are in memory once.
struct SharingTests {
    private func engine(_ platform: Platform, _ endpoint: String) throws -> any InferenceEngine {
        try #require(try platform.state(endpoint).live?.engine)
    }

    @Test func oneBundleAtTwoEndpointsIsOpenedOnce() async throws {
        try await withPlatform(drainLimit: patience) { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.deploy(1, to: "a")
            _ = try await platform.deploy(1, to: "b")
            #expect(platform.opened.value == ["one"])
            #expect(try engine(platform, "a") === engine(platform, "b"))
            #expect(try platform.state("a").live !== platform.state("b").live)
            #expect(platform.rollouts.memory.usedBytes == 3)

            // It stays with the last one who uses it.
            let weak = WeakReference(try engine(platform, "a"))
            let removed = try await platform.rollouts.unload(EndpointName("a"), by: "ada")
            #expect(removed?.isMemoryReturned == true && removed?.isEngineShared == true)
            #expect(removed?.summary.contains("others use its model file") == true)
            #expect(weak.value != nil)
            let last = try await platform.rollouts.unload(EndpointName("b"), by: "ada")
            #expect(last?.isEngineShared == false)
            #expect(weak.value == nil)
        }
    }

    /// The same model file with other examples is another bundle, with a proof of its own.
    @Test func twoBundlesWithOneModelFileShareItAndProveThemselves() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("same", model: "m")
            _ = try await platform.register("same", model: "n", rows: "1,2,21\n3,4,43\n")
            _ = try await platform.deploy(1, of: "m", to: "a")
            _ = try await platform.deploy(1, of: "n", to: "b")
            #expect(platform.opened.value == ["same"])
            #expect(try engine(platform, "a") === engine(platform, "b"))
            #expect(try platform.state("a").live?.proof.replayed == 1)
            #expect(try platform.state("b").live?.proof.replayed == 2)

            _ = try await platform.register("same", model: "third", rows: "5,6,65\n")
            platform.error.change { $0 = 1 }
            await #expect(throws: ProofFailed.self) { try await platform.deploy(1, of: "third", to: "c") }
            #expect(platform.opened.value == ["same"])
        }
    }

    /// Whoever loads an endpoint again wants what is in the file, not what is in memory.
    @Test func loadingAgainOpensAnew() async throws {
        try await withPlatform { platform, _ in
            _ = try await platform.register("one")
            _ = try await platform.deploy(1, to: "a")
            _ = try await platform.deploy(1, to: "b")
            _ = try await platform.rollouts.load(EndpointName("a"), by: "ada")
            #expect(platform.opened.value == ["one", "one"])
            #expect(try engine(platform, "a") !== engine(platform, "b"))
        }
    }

    /// A thousand endpoints are made known in a few tables, not in a thousand.
    @Test func aStartPublishesFewTables() async throws {
        try await withPlatform { platform, folder in
            _ = try await platform.register("one")
            for number in 0..<60 { _ = try await platform.deploy(1, to: "e\(number)") }
            let again = try await Platform(in: folder)
            let tables = Mutex<Int>.Shared(0)
            again.service.subscribe { done in
                tables.change { $0 += 1 }
                done()
            }
            let clock = ContinuousClock()
            let time = try await clock.measure { try await again.rollouts.restore() }
            #expect(again.service.table.endpoints.values.allSatisfy { $0.live != nil })
            #expect(tables.value <= 4 + Int(time / .milliseconds(20)))
            #expect(again.opened.value == ["one"])
        }
    }
}

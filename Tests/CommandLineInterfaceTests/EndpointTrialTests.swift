// SPDX-License-Identifier: Apache-2.0
import APIClient
import Foundation
import ModelDomain
import NIOHTTP1
import Synchronization
import Testing
import WireTypes

@testable import CommandLineInterface

/// An endpoint's settings, kept as a server would.
private final class SettingsServer: Sendable {
    let settings = Mutex(["concurrency": "auto", "run_on": "auto", "deadline": "30s"])
    let generation = Mutex(1)
    let isGone = Atomic<Bool>(false)

    var now: [String: String] { settings.withLock { $0 } }

    func reply(to request: FakeServer.Request) throws -> FakeServer.Reply? {
        if isGone.load(ordering: .relaxed) { return FakeServer.Reply(hangsUp: true) }
        if request.line.hasPrefix("PATCH ") {
            let changes = try request.decoded(ConfigureEndpointV1.self).settings
            settings.withLock { $0.merge(changes) { $1 } }
            return try .json(endpoint)
        }
        return try .json(EndpointHistoryV1(endpoint: endpoint, deployments: []))
    }

    var endpoint: EndpointV1 {
        let count = generation.withLock { $0 }
        return EndpointV1(
            name: "churn", project: "default", generation: count, model: "churn", wantedVersion: count,
            liveVersion: count, ready: true, proof: nil, problem: nil,
            requests: RequestCountsV1(accepted: 0, answered: 0, failed: 0), signature: nil, oneRowMicroseconds: 5,
            predictPath: "/", runsOn: "inline", settings: now)
    }
}

struct EndpointTrialTests {
    private func trial(
        _ body: (EndpointTrial, SettingsServer, FakeServer) async throws -> Void
    ) async throws {
        let server = SettingsServer()
        try await FakeServer.with({ try server.reply(to: $0) }) { fake in
            let client = try SlipwayClient(url: fake.url, token: "secret")
            try await body(
                EndpointTrial(server.endpoint, named: EndpointName("churn"), of: client), server, fake)
        }
    }

    @Test func whatWasChangedIsPutBackAndNothingElseIsTouched() async throws {
        try await trial { trial, server, fake in
            try await trial.set(["concurrency": "1", "run_on": "lane"], because: "test")
            #expect(server.now == ["concurrency": "1", "run_on": "lane", "deadline": "30s"])
            try await trial.set(["concurrency": "2", "run_on": "lane"], because: "test")
            try await trial.restore(server: "")
            #expect(server.now == ["concurrency": "auto", "run_on": "auto", "deadline": "30s"])
            let changes = try fake.requests.filter { $0.line.hasPrefix("PATCH") }
                .map { try $0.decoded(ConfigureEndpointV1.self).settings }
            #expect(
                changes == [
                    ["concurrency": "1", "run_on": "lane"], ["concurrency": "2"],
                    ["concurrency": "auto", "run_on": "auto"],
                ])
        }
    }

    @Test func whatWasNeverChangedCausesNoRequest() async throws {
        try await trial { trial, _, fake in
            try await trial.set(["run_on": "auto"], because: "test")
            try await trial.restore(server: "")
            #expect(fake.lines == ["GET /v1/endpoints/churn"])
        }
    }

    /// A person who changed a setting meanwhile meant it.
    @Test func whatSomebodyElseSetStays() async throws {
        try await trial { trial, server, _ in
            try await trial.set(["concurrency": "1", "run_on": "lane"], because: "test")
            server.settings.withLock { $0["concurrency"] = "7" }
            await #expect(throws: Refusal.self) { try await trial.check(server.endpoint) }
            try await trial.restore(server: "")
            #expect(server.now == ["concurrency": "7", "run_on": "auto", "deadline": "30s"])
        }
    }

    @Test func anotherVersionIsNoticed() async throws {
        try await trial { trial, server, _ in
            try await trial.check(server.endpoint)
            server.generation.withLock { $0 = 2 }
            do {
                try await trial.check(server.endpoint)
                Issue.record("it went on")
            } catch let refusal as Refusal {
                #expect(refusal.explanation.code == .measurementDisturbed)
                #expect(refusal.explanation.message.contains("another version"))
            }
        }
    }

    /// Whoever gives up has to leave everything as it was all the same.
    @Test func aCancelledTaskPutsBackAsWell() async throws {
        try await trial { trial, server, _ in
            try await trial.set(["concurrency": "1"], because: "test")
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await trial.restore(server: "")
            }
            task.cancel()
            try await task.value
            #expect(server.now["concurrency"] == "auto")
            let late = Task {
                while !Task.isCancelled { await Task.yield() }
                try await trial.set(["concurrency": "2"], because: "test")
            }
            late.cancel()
            await #expect(throws: CancellationError.self) { try await late.value }
            #expect(server.now["concurrency"] == "auto")
        }
    }

    @Test func aServerThatIsGoneIsToldWithTheCommandThatPutsBack() async throws {
        try await trial { trial, server, _ in
            try await trial.set(["concurrency": "1"], because: "test")
            server.isGone.store(true, ordering: .relaxed)
            do {
                try await trial.restore(server: " --data d")
                Issue.record("nobody noticed")
            } catch let refusal as Refusal {
                #expect(refusal.explanation.code == .settingsNotRestored)
                #expect(
                    refusal.explanation.hint?.contains(
                        "`slipway endpoint set churn --concurrency auto --data d`") == true)
            }
        }
    }
}

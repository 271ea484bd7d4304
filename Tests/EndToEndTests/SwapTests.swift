// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestSupport
import Testing

/// Deployments and rollbacks switch versions while requests run.
@Suite(.serialized)
struct SwapTests {
    private static let isSoak = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] != nil

    /// Counted three times, at the client, at the endpoint and by the versions that were replaced: always the same.
    @Test func noRequestIsLostWhileVersionsSwitch() async throws {
        try await withScale { platform, models in
            let load = Load(on: platform)
            async let sent = load.run(callers: 4)
            var drained: [Drained] = []
            for swap in 0..<(Self.isSoak ? 200 : 10) {
                let result =
                    swap % 2 == 0
                    ? try await platform.program.run("rollback", "scale", "--format", "json")
                    : try await platform.program.run(
                        "deploy", models.path(3), "--name", "scale", "--format", "json")
                #expect(result.exitCode == 0, "\(result.errors)")
                drained += try Drained.all(in: result.output)
            }
            load.stop()
            let counts = try await sent.counts
            #expect(Set(counts.keys) == [2, 3], "\(counts)")
            // The last version's count is told when it is replaced, too.
            drained += try Drained.all(
                in: await platform.program.run("rollback", "scale", "--format", "json").output)
            #expect(drained.allSatisfy { $0.accepted == $0.answered && $0.memoryReturned }, "\(drained)")
            let total = counts.values.reduce(0, +)
            #expect(drained.map(\.accepted).reduce(0, +) == total)

            let status = try await platform.program.run("status", "--format", "json")
            let json = try #require(try status.json() as? [String: Any])
            let requests = try #require(
                (json["endpoints"] as? [[String: Any]])?.first?["requests"] as? [String: Any])
            #expect(requests["answered"] as? Int == total)
            #expect(requests["accepted"] as? Int == total)
            #expect(requests["failed"] as? Int == 0)
        }
    }

    /// A version that cannot prove itself leaves the one before it answering, under load.
    @Test func aVersionThatFailsItsProofDisturbsNobody() async throws {
        try await withScale { platform, models in
            let load = Load(on: platform)
            async let sent = load.run(callers: 2)
            for _ in 0..<3 {
                let result = try await platform.program.run(
                    "deploy", models.path(5), "--examples", models.examples(4), "--name", "scale")
                #expect(result.exitCode == 4)
            }
            load.stop()
            #expect(try await Set(sent.counts.keys) == [3])
        }
    }

    /// The thousand swaps of `make soak`. Latencies are printed, beside those of the time before and after.
    @Test(.enabled(if: isSoak))
    func aThousandSwapsLeaveLatencyAndMemoryWhereTheyWere() async throws {
        try await withScale { platform, _ in
            let before = try await latencies(platform) { try await Task.sleep(for: .seconds(15)) }
            // The first swaps fill what is kept for all later ones.
            for swap in 0..<20 { try await Self.swap(to: swap % 2 + 1, on: platform) }
            let memory = try await Self.residentBytes(platform)
            let during = try await latencies(platform) {
                for swap in 0..<1000 {
                    try await Self.swap(to: swap % 2 + 1, on: platform)
                    // Time for answers in between: 1000 in a row would be the load themselves.
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            let after = try await latencies(platform) { try await Task.sleep(for: .seconds(15)) }
            let memoryAfter = try await Self.residentBytes(platform)
            print("1000 swaps: before \(before), during \(during), after \(after)")
            print("resident: \(memory >> 20) MiB after 20 swaps, \(memoryAfter >> 20) MiB after 1020")
            #expect(memoryAfter < memory + 8 << 20)
        }
    }

    // MARK: Steps

    /// A platform whose endpoint “scale” has had the versions 1 and 2, which multiply by 2 and by 3.
    private func withScale(_ body: (RunningPlatform, ScaleModels) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                for factor in [2, 3] {
                    let result = try await platform.program.run("deploy", models.path(factor), "--name", "scale")
                    #expect(result.exitCode == 0, "\(result.errors)")
                }
                try await body(platform, models)
            }
        }
    }

    private func latencies(
        _ platform: RunningPlatform, while body: () async throws -> Void
    ) async throws -> Latencies {
        let load = Load(on: platform)
        async let sent = load.run(callers: 4)
        try await body()
        load.stop()
        let result = try await sent
        #expect(Set(result.counts.keys).isSubset(of: [2, 3]), "\(result.counts)")
        return result.latencies
    }

    private static func swap(to version: Int, on platform: RunningPlatform) async throws {
        let reply = try await platform.send(
            "POST", "/v1/endpoints/scale/deployments", body: #"{"model":"scale","version":"\#(version)"}"#,
            token: platform.program.environment["SLIPWAY_TOKEN"])
        #expect(reply.status == 200, "\(reply.body)")
        if let drained = try JSONDecoder().decode(Outcome.self, from: Data(reply.body.utf8)).drained {
            #expect(drained.accepted == drained.answered && drained.memoryReturned, "\(drained)")
        }
    }

    private static func residentBytes(_ platform: RunningPlatform) async throws -> Int {
        let json = try await platform.program.run("status", "--format", "json").json() as? [String: Any]
        return try #require(json?["residentBytes"] as? Int)
    }
}

/// How a version ended that was replaced, as the program prints it.
private struct Drained: Decodable {
    let accepted: Int
    let answered: Int
    let memoryReturned: Bool

    /// Of the output of `deploy` or of `rollback`.
    static func all(in output: String) throws -> [Drained] {
        let outcome = try JSONDecoder().decode(Outcome.self, from: Data(output.utf8))
        return [outcome.drained].compactMap(\.self) + (outcome.endpoints ?? []).compactMap(\.drained)
    }
}

private struct Outcome: Decodable {
    struct Endpoint: Decodable { let drained: Drained? }
    let drained: Drained?
    let endpoints: [Endpoint]?
}

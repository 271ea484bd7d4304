// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// `slipway size` against the real server. Nothing here depends on how fast the machine is.
@Suite(.serialized)
struct SizeTests {
    private func platform(_ body: (RunningPlatform) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let deployed = try await platform.program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
                #expect(deployed.exitCode == 0, "\(deployed.errors)")
                try await body(platform)
            }
        }
    }

    private func settings(_ platform: RunningPlatform) async throws -> [String: String] {
        let reply = try await platform.send(
            "GET", "/v1/endpoints/breast-cancer", token: platform.program.environment["SLIPWAY_TOKEN"])
        let json = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
        return try #require((json?["endpoint"] as? [String: Any])?["settings"] as? [String: String])
    }

    private let size = ["size", "breast-cancer", "--step-time", "300ms"]

    @Test func aRateThatHoldsIsFoundAndNothingIsLeftBehind() async throws {
        try await platform { platform in
            _ = try await platform.program.run(
                "endpoint", "set", "breast-cancer", "--run-on", "lane", "--rate-per-client", "10/s")
            let before = try await settings(platform)
            let result = try await platform.program.run(
                size + ["--slo", "p50=2s", "--slo", "availability=90%", "--rate", "20/s", "--format", "json"])
            #expect(result.exitCode == 0, "\(result.errors)")
            let report = try #require(try result.json() as? [String: Any], "\(result.output)")
            #expect(report["holds"] as? Bool == true)
            #expect(report["setting"] as? [String: String] == ["run_on": "auto"])
            let command = try #require(report["command"] as? String)
            #expect(command.hasPrefix("slipway endpoint set breast-cancer --run-on auto"))
            let knee = try #require(report["knee"] as? [String: Any])
            #expect(try #require(knee["perSecond"] as? Double) >= 24 * 0.999)
            #expect(report["coresPerThousand"] is Double)
            #expect(try #require(report["residentBytes"] as? Int) > 1 << 20)
            let steps = try #require(report["steps"] as? [[String: Any]])
            let rates = steps.compactMap { ($0["facts"] as? [String: Any])?["askedPerSecond"] as? Double }
            #expect(rates.count >= 5)
            // No step of 300 ms has enough requests below that.
            #expect(try #require(rates.first) <= 20.001)
            #expect(result.errors.contains("rate_per_client was set to none while measuring"), "\(result.errors)")
            #expect(try await settings(platform) == before)
            let ledger = try await platform.program.run("ledger", "list")
            #expect(ledger.output.contains("slipway size: as it was"), "\(ledger.output)")
        }
    }

    @Test func whatNeverHoldsSaysSoInItsExitCode() async throws {
        try await platform { platform in
            let before = try await settings(platform)
            let result = try await platform.program.run(size + ["--slo", "p50=1us", "--max-concurrency", "1"])
            #expect(result.exitCode == 6, "\(result.errors)")
            #expect(result.errors.contains("SLO-001"), "\(result.errors)")
            #expect(result.output.contains("held p50 ≤ 1us, 99.9% answered at no rate"), "\(result.output)")
            #expect(result.output.contains("VERDICT"), "\(result.output)")
            #expect(try await settings(platform) == before)
        }
    }

    @Test func anEndpointThatOthersAskIsNotMeasured() async throws {
        try await platform { platform in
            let others = platform.program.process([
                "bench", "breast-cancer", "--rate", "50/s", "--duration", "10m", "--warm-up", "0s",
            ])
            others.standardOutput = FileHandle.nullDevice
            others.standardError = FileHandle.nullDevice
            try others.run()
            defer { others.terminate() }
            for _ in 0..<1000 where try await accepted(platform) == 0 { try await Task.sleep(for: .milliseconds(10)) }
            let result = try await platform.program.run(size + ["--slo", "p50=2s", "--rate", "20/s"])
            #expect(result.exitCode == 4, "\(result.errors)")
            #expect(result.errors.contains("SLO-002"), "\(result.errors)")
            #expect(result.output.isEmpty)
            // What never holds: what does is followed up to where it ceases, which takes minutes beside other traffic.
            let forced = try await platform.program.run(
                size + ["--slo", "p50=1us", "--max-concurrency", "1", "--rate", "20/s", "--force"])
            #expect(forced.exitCode == 6, "\(forced.errors)")
            #expect(forced.errors.contains("SLO-001"), "\(forced.errors)")
            #expect(forced.output.contains("VERDICT"), "\(forced.output)")
            #expect(forced.errors.contains("requests of others came meanwhile"), "\(forced.errors)")
        }
    }

    private func accepted(_ platform: RunningPlatform) async throws -> Int {
        let result = try await platform.program.run("status", "--format", "json")
        let endpoints = (try result.json() as? [String: Any])?["endpoints"] as? [[String: Any]]
        return try #require((endpoints?.first?["requests"] as? [String: Any])?["accepted"] as? Int)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func interruptedItPutsTheSettingsBack(_ signal: Int32) async throws {
        try await platform { platform in
            _ = try await platform.program.run("endpoint", "set", "breast-cancer", "--run-on", "lane")
            let before = try await settings(platform)
            let process = platform.program.process([
                "size", "breast-cancer", "--slo", "p99=2s", "--step-time", "60s", "--rate", "2/s",
            ])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            for _ in 0..<2000 where try await settings(platform) == before {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await settings(platform) != before)
            kill(process.processIdentifier, signal)
            while process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
            #expect(try await settings(platform) == before)
        }
    }

    @Test func whatCannotBeMeasuredIsExplained() async throws {
        try await platform { platform in
            let unknown = try await platform.program.run("size", "brest-cancer", "--slo", "p99=20ms")
            #expect(unknown.exitCode == 3)
            #expect(unknown.errors.contains("“breast-cancer”?"), "\(unknown.errors)")
            let overTLS = try await Program(environment: [:]).run(
                "size", "churn", "--slo", "p99=20ms", "--server", "https://127.0.0.1:1")
            #expect(overTLS.exitCode == 2)
            #expect(overTLS.errors.contains("no plain http address"), "\(overTLS.errors)")
        }
    }
}

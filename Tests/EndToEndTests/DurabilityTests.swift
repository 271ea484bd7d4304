// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What was acknowledged is on disk, however the server ends.
@Suite(.serialized)
struct DurabilityTests {
    /// The server is killed in the middle of deployments, again and again: every one that the command reported is there.
    @Test func killingTheServerLosesNothingAcknowledged() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            let data = folder + "/data"
            let rounds = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] == nil ? 4 : 60
            var acknowledged: [Int] = []
            var next = 1
            for _ in 0..<rounds {
                let platform = try await RunningPlatform(data: data)
                let delay = Int.random(in: 50...900)
                async let killed: Void = {
                    try await Task.sleep(for: .milliseconds(delay))
                    await platform.kill()
                }()
                while platform.isRunning {
                    let factor = next
                    next += 1
                    let result = try await platform.program.run(
                        "deploy", models.path(factor), "--name", "scale", "--format", "json")
                    if result.exitCode == 0 { acknowledged.append(factor) } else { break }
                }
                try await killed
            }
            try await RunningPlatform.with(data: data) { platform in
                let verified = try await platform.program.run("ledger", "verify")
                #expect(verified.exitCode == 0, "\(verified.errors)")
                guard let last = acknowledged.last else { return }
                // A deployment that was cut off may have been made all the same; it was never denied either.
                #expect(try #require(await models.answer(platform)) >= last)
                let shown = try await platform.program.run("model", "show", "scale", "--format", "json")
                let json = try #require(try shown.json() as? [String: Any])
                #expect((json["versions"] as? [Any])?.count ?? 0 >= acknowledged.count)
                let status = try await platform.program.run("status")
                #expect(status.exitCode == 0)
            }
            // Of the server that was killed; the one that ended has left its folder, with its lock.
            let leftovers = try FileManager.default.subpathsOfDirectory(atPath: "\(data)/contents/unfinished")
            #expect(leftovers.filter { $0.contains("/") && !$0.hasSuffix("/lock") }.isEmpty)
            #expect(leftovers.count { $0.hasSuffix("/lock") } == 1)
        }
    }

    @Test func terminationAnswersAndExitsWithZero() async throws {
        try await withTemporaryFolder { folder in
            let platform = try await RunningPlatform(data: folder + "/data")
            #expect(try await platform.get("/v2/health/live").status == 200)
            #expect(await platform.stop() == 0)
            #expect(!FileManager.default.fileExists(atPath: folder + "/data/server.json"))
        }
    }
}

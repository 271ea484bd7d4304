// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestSupport
import Testing

/// Tells the load that the changes are over.
final class StopSign: Sendable {
    private let up = Atomic<Bool>(false)
    var isUp: Bool { up.load(ordering: .relaxed) }
    func raise() { up.store(true, ordering: .relaxed) }
}

/// Deployments and rollbacks switch versions while requests run.
@Suite(.serialized)
struct SwapTests {
    @Test func noRequestIsLostWhileVersionsSwitch() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                for factor in [2, 3] {
                    _ = try await platform.program.run("deploy", models.path(factor), "--name", "scale")
                }
                let stop = StopSign()
                let swaps = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] == nil ? 10 : 200
                let counts = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            var counts: [Int: Int] = [:]
                            while !stop.isUp {
                                let reply = try await platform.post("/v1/endpoints/scale/predict", #"[{"values":[1]}]"#)
                                counts[ScaleModels.factor(in: reply) ?? -reply.status, default: 0] += 1
                            }
                            return counts
                        }
                    }
                    for swap in 0..<swaps {
                        let result =
                            swap % 2 == 0
                            ? try await platform.program.run("rollback", "scale")
                            : try await platform.program.run("deploy", models.path(3), "--name", "scale")
                        #expect(result.exitCode == 0, "\(result.errors)")
                    }
                    stop.raise()
                    return try await group.reduce(into: [Int: Int]()) { $0.merge($1, uniquingKeysWith: +) }
                }
                #expect(Set(counts.keys) == [2, 3], "\(counts)")
                let status = try await platform.program.run("status", "--format", "json")
                let json = try #require(try status.json() as? [String: Any])
                let requests = try #require(
                    (json["endpoints"] as? [[String: Any]])?.first?["requests"] as? [String: Any])
                let number = { (name: String) in requests[name] as? Int }
                #expect(number("accepted") == number("answered"))
                #expect(number("accepted") == counts.values.reduce(0, +))
                #expect(number("failed") == 0)
                #expect((requests["refused"] as? [String: Int])?.isEmpty == true)
            }
        }
    }
}

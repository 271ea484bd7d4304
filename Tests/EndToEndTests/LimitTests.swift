// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Limits of an endpoint, from the command line to the answer.
struct LimitTests {
    private let path = "/v1/endpoints/scale/predict"
    private let row = #"[{"values":[1]}]"#

    /// They hold from the next request on, survive a restart, and are in the ledger.
    @Test func aRateIsSetKeptAndLifted() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                _ = try await platform.program.run("deploy", models.path(2), "--name", "scale")
                let set = try await platform.program.run(
                    "endpoint", "set", "scale", "--rate-per-client", "2/h", "--run-on", "lane", "--reason", "trial")
                #expect(set.exitCode == 0, "\(set.errors)")
                #expect(set.output.contains("rate_per_client 2/h"))
                for status in [200, 200, 429] {
                    #expect(try await platform.post(path, row).status == status)
                }
                let refused = try await platform.post(path, row)
                #expect(refused.body.contains(#""code":"SRV-007""#))
                let predict = try await platform.program.run("predict", "scale", "--row", #"{"values":[1]}"#)
                #expect(predict.exitCode == 6, "\(predict.errors)")
            }
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let shown = try await platform.program.run("endpoint", "show", "scale")
                #expect(shown.output.contains("rate_per_client 2/h"))
                #expect(shown.output.contains("lane (set)"))
                let reset = try await platform.program.run("endpoint", "set", "scale", "--reset")
                #expect(reset.output.contains("rate_per_client none"))
                for _ in 0..<5 { #expect(try await platform.post(path, row).status == 200) }
                let ledger = try await platform.program.run("ledger", "list")
                #expect(ledger.output.contains("endpoint.set"))
                #expect(try await platform.program.run("ledger", "verify").exitCode == 0)
            }
        }
    }

    /// A model moves from the event loop to a lane and back while it answers: no request is lost.
    @Test func settingsChangeUnderLoad() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                _ = try await platform.program.run("deploy", models.path(2), "--name", "scale")
                let stop = StopSign()
                let answered = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            var count = 0
                            while !stop.isUp {
                                let reply = try await platform.post(path, row)
                                #expect(reply.status == 200, "\(reply.body)")
                                count += 1
                            }
                            return count
                        }
                    }
                    for place in ["lane", "inline", "auto", "lane", "auto"] {
                        let set = try await platform.program.run("endpoint", "set", "scale", "--run-on", place)
                        #expect(set.exitCode == 0, "\(set.errors)")
                    }
                    stop.raise()
                    return try await group.reduce(0, +)
                }
                let status = try await platform.program.run("status", "--format", "json")
                let json = try #require(try status.json() as? [String: Any])
                let requests = try #require(
                    (json["endpoints"] as? [[String: Any]])?.first?["requests"] as? [String: Any])
                #expect(requests["accepted"] as? Int == answered)
                #expect(requests["answered"] as? Int == answered)
                #expect(requests["failed"] as? Int == 0)
            }
        }
    }
}

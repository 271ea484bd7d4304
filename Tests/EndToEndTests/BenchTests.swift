// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// `slipway bench` against the real server.
@Suite(.serialized)
struct BenchTests {
    private func endpoints(_ result: ProgramResult) throws -> [[String: Any]] {
        try #require((try result.json() as? [String: Any])?["endpoints"] as? [[String: Any]], "\(result.errors)")
    }

    @Test func recordedRowsGetTheRecordedAnswersInEveryForm() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let model = "\(repositoryRoot)/examples/breast-cancer"
                _ = try await platform.program.run("deploy", model)
                _ = try await platform.program.run("deploy", model, "--endpoint", "other")
                for body in ["rows", "json", "binary"] {
                    let result = try await platform.program.run(
                        "bench", "breast-cancer", "--rate", "200/s", "--duration", "1s", "--warm-up", "0s", "--body",
                        body, "--cost-per-hour", "0.10", "--format", "json")
                    #expect(result.exitCode == 0, "\(result.errors)")
                    let endpoint = try #require(try endpoints(result).first)
                    #expect(endpoint["statuses"] as? [String: Int] == ["200": 200], "\(body)")
                    #expect(endpoint["failures"] as? [String: Int] == [:])
                    #expect(endpoint["rows"] as? String == "recorded")
                    #expect(endpoint["answersChecked"] as? Int == 143)
                    #expect(endpoint["answersAgreed"] as? Int == 143, "\(result.output)")
                    #expect(endpoint["processorPerRequest"] is Double)
                    #expect(endpoint["costPerMillion"] is Double)
                }
                let compared = try await platform.program.run(
                    "bench", "--compare", "breast-cancer", "other", "--rate", "100/s", "--duration", "1s", "--warm-up",
                    "100ms", "--generated", "--format", "json")
                #expect(compared.exitCode == 0, "\(compared.errors)")
                let both = try endpoints(compared)
                #expect(both.compactMap { $0["endpoint"] as? String } == ["breast-cancer", "other"])
                #expect(both.compactMap { ($0["statuses"] as? [String: Int])?["200"] } == [100, 100])
                #expect(both.allSatisfy { $0["rows"] as? String == "generated" })
                // The rows go on where the piece before ended.
                #expect(both.compactMap { $0["answersAgreed"] as? Int } == [100, 100])
                let text = try await platform.program.run(
                    "bench", "breast-cancer", "--rate", "100/s", "--duration", "200ms", "--rows", model + "/row.json")
                #expect(text.output.contains("P99.9"), "\(text.errors)")
                #expect(text.output.contains("1 of 1 have the right form"), "\(text.output)")
                let unknown = try await platform.program.run(
                    "bench", "brest-cancer", "--rate", "1/s", "--duration", "1s")
                #expect(unknown.exitCode == 3)
                #expect(unknown.errors.contains("“breast-cancer”?"), "\(unknown.errors)")
            }
        }
    }

    @Test func examplesNeedATokenAndHaveALimit() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                _ = try await platform.program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
                let path = "/v1/endpoints/breast-cancer/examples?count="
                let token = platform.program.environment["SLIPWAY_TOKEN"]
                #expect(try await platform.get(path + "1").status == 401)
                for count in ["0", "1001", "x"] {
                    #expect(try await platform.send("GET", path + count, token: token).status == 400)
                }
                let reply = try await platform.send("GET", path + "2", token: token)
                let json = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
                #expect((json?["examples"] as? [Any])?.count == 2)
                #expect((json?["manifest"] as? [String: Any])?["signature"] != nil)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import Foundation
import TestSupport
import Testing

/// `slipway feedback` and `slipway quality`.
struct FeedbackCommandTests {
    @Test func aLargeFileGoesInPartsThatEachHaveItsHeader() async throws {
        // A line break in quotes is none, also where a part ends.
        let lines = (0..<120_000).map { $0 % 50_000 == 49_999 ? "k\($0),\"a\nb\"" : "k\($0),1" }
        let script: @Sendable (FakeServer.Request) throws -> FakeServer.Reply? = { request in
            let records = String(decoding: request.body, as: UTF8.self).split(separator: "\n").count - 1
            let problem = #"[{"position":2,"code":"LBL-001","reason":"no"}]"#
            return FakeServer.Reply(
                body: Array(
                    #"{"labels":\#(records),"accepted":\#(records - 1),"joined":\#(records - 1),"refused":1,"problems":\#(problem)}"#
                        .utf8))
        }
        try await withTemporaryFolder { folder async throws in
            try Data(("key,label\n" + lines.joined(separator: "\n")).utf8).write(
                to: URL(fileURLWithPath: "\(folder)/labels.csv"))
            try await FakeServer.with(script) { server in
                let tools = FakeToolbox { $0.running = server.local }
                let outcome = await slipway(
                    "feedback", "import", "\(folder)/labels.csv", "--endpoint", "churn", tools: tools)
                #expect(outcome.code == 2)
                #expect(server.lines == Array(repeating: "POST /v1/feedback?endpoint=churn", count: 3))
                let bodies = server.requests.map { String(decoding: $0.body, as: UTF8.self) }
                #expect(bodies.allSatisfy { $0.hasPrefix("key,label\n") })
                let sent = bodies.map { $0.dropFirst("key,label\n".count) }.joined()
                #expect(sent == lines.joined(separator: "\n"))
                #expect(bodies.map { $0.split(separator: "\n").count } == [50_002, 50_002, 20_001])
                #expect(outcome.output.contains("3 were refused"))
                #expect(outcome.output.contains("row 2: no (LBL-001)"))
            }
        }
    }

    @Test(arguments: [
        ["feedback", "import", "labels.txt"], ["feedback", "import", "labels.csv"],
        ["feedback", "sample", "churn", "--out", "x.csv", "--count", "0"], ["quality", "churn", "--by", "week"],
    ])
    func whatCannotBeMeantIsNotSent(words: [String]) async throws {
        try await FakeServer.with({ _ in nil }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway(list: words, tools: tools)
            #expect(outcome.code == 64 && server.lines.isEmpty)
        }
    }

    @Test func qualityIsShownBesideItsEstimate() async throws {
        let report = """
            {"endpoint":"churn","since":"2026-11-01T00:00:00.000000Z","maturitySeconds":544320.0,"maturityLearned":true,
            "waiting":2,"late":0,"expired":0,"groups":[{"version":3,"from":"2026-11-01T00:00:00.000000Z","predictions":400,
            "mature":200,"labelled":150,"labelledMature":150,"coverage":{"value":0.75},"metrics":{"accuracy":{"value":0.8125,
            "interval":[0.75,0.875]}},"estimate":{"metrics":{"accuracy":{"value":0.8,"interval":[0.76,0.84]},
            "roc_auc":{"value":0.9}},"probabilities":"raw","calibratedOn":0,"valid":null,"because":"few labels"}}]}
            """
        try await FakeServer.with({ _ in FakeServer.Reply(body: Array(report.utf8)) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("quality", "churn", "--version", "3", tools: tools)
            #expect(server.lines == ["GET /v1/endpoints/churn/quality?version=3&by=all"])
            #expect(
                outcome.output == """
                    churn version 3: 400 rows, 150 with a label, 75.0 % of the 200 that are old enough
                    FIGURE        IS  95 %          ESTIMATED  BAND
                    accuracy  0.8125  0.75 … 0.875        0.8  0.76 … 0.84
                    roc_auc        -  -                   0.9  -
                    Estimated from the model's own probabilities: nobody knows whether valid, few labels.

                    Predictions are judged from an age of 6.3 days on, as late as 95 % of the labels come.

                    2 labels wait for their predictions.

                    """)
        }
    }
}

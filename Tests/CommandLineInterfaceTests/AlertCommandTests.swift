// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import Foundation
import Testing
import WireTypes

/// `slipway alert`.
struct AlertCommandTests {
    private func alert(_ more: String = "") throws -> AlertV1 {
        let text = """
            {"number":3,"key":"error_rate/churn","kind":"error_rate","severity":"critical","state":"open",
            "project":"default","endpoint":"churn","summary":"31 % of the requests to “churn” fail.",
            "evidence":[{"name":"requests","value":"412"},{"name":"failed","value":"128\\u0007"}],
            "normal":"less than 5 % fail","next":"slipway logs --lines 100","openedAt":"2026-11-28T01:36:05Z",
            "told":true\(more)}
            """
        return try JSONDecoder().decode(AlertV1.self, from: Data(text.utf8))
    }

    @Test func anAlertIsShownWithItsEvidenceAndWhatToTypeNext() async throws {
        let alert = try alert(#","silencedUntil":"2026-11-28T03:00:00Z""#)
        try await FakeServer.with({ _ in try .json(alert) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("alert", "show", "3", tools: tools)
            #expect(
                outcome.output == """
                    31 % of the requests to “churn” fail.

                    alert     3, error_rate/churn
                    severity  critical
                    state     open, silenced until 2026-11-28T03:00:00Z
                    since     2026-11-28T01:36:05Z
                    requests  412
                    failed    128\\u{7}
                    normal    less than 5 % fail
                    next      slipway logs --lines 100

                    """)
            #expect(server.lines == ["GET /v1/alerts/3"])
        }
    }

    @Test func listsSayWhenThereIsNothing() async throws {
        try await FakeServer.with({ _ in try .json([String]()) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            for (words, text) in [
                (["list", "--all", "--endpoint", "churn"], "nothing needs anybody\n"),
                (["silences"], "nothing is silenced\n"),
                (["to", "list"], "alerts go nowhere; next: slipway alert to add NAME --webhook URL\n"),
            ] {
                let outcome = await slipway(list: ["alert"] + words, tools: tools)
                #expect(outcome.code == 0 && outcome.output == text)
                #expect(await slipway(list: ["alert"] + words + ["--format", "json"], tools: tools).output == "[]\n")
            }
            #expect(server.lines[0] == "GET /v1/alerts?all=true&endpoint=churn")
        }
    }

    @Test func aDestinationIsOfOneKindAndNamesItsSecret() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 404) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let hook = ["--webhook", "http://127.0.0.1"]
            for words in [
                [], hook + ["--slack", "env:A"], hook + ["--to", "a@b.c"], ["--mail", "smtp://h", "--to", "a@b.c"],
            ] {
                #expect(
                    await slipway(list: ["alert", "to", "add", "ops"] + words, tools: tools).code == 64, "\(words)")
            }
            // What is no reference may be the secret itself: it goes nowhere, and is not repeated.
            let told = await slipway(
                list: ["alert", "to", "add", "ops"] + hook + ["--secret", "hunter2"], tools: tools)
            #expect(told.code == 2 && !told.diagnostics.contains("hunter2"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test func aTestThatDoesNotArriveFails() async throws {
        let results = [
            TestedDestinationV1(destination: "chat", problem: nil),
            TestedDestinationV1(destination: "ops", problem: "it answers 404"),
        ]
        try await FakeServer.with({ _ in try .json(results) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("alert", "test", tools: tools)
            #expect(outcome.code == 7 && outcome.diagnostics.contains("ALR-004"))
            #expect(
                outcome.output == """
                    NAME  RESULT
                    chat  delivered
                    ops   not delivered: it answers 404

                    """)
        }
    }

    @Test func everyRouteIsAskedAsItIsServed() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 404) }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let silence = CreateAlertSilenceV1(pattern: "drift/*", lasting: "2h", reason: "known")
            _ = try? await client.alertSilences(all: true)
            _ = try? await client.silenceAlerts(silence)
            try? await client.endAlertSilence(2)
            try? await client.removeAlertDestination("ops")
            _ = try? await client.testAlerts(to: "ops")
            #expect(
                server.lines == [
                    "GET /v1/alerts/silences?all=true", "POST /v1/alerts/silences", "DELETE /v1/alerts/silences/2",
                    "DELETE /v1/alerts/destinations/ops", "POST /v1/alerts/tests",
                ])
            #expect(try server.requests[1].decoded(CreateAlertSilenceV1.self) == silence)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import Foundation
import ModelDomain
import NIOHTTP1
import Testing
import WireTypes

struct ServerChoiceTests {
    @Test func withoutAServerTheNextStepIsTold() async {
        for words in [["status"], ["predict", "churn", "--row", "{}"], ["model", "list"], ["rollback", "churn"]] {
            let tools = FakeToolbox()
            let outcome = await slipway(list: words, tools: tools)
            #expect(outcome.code == 7)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.diagnostics.hasPrefix("error: No server runs on this machine. Start one with `slipway serve`"))
            #expect(!tools.calls.contains { $0.hasPrefix("start") })
        }
    }

    @Test func theEnvironmentStandsInForTheFlags() async throws {
        try await FakeServer.with({ _ in try .json(status([])) }) { server in
            let environment = ["SLIPWAY_URL": server.url, "SLIPWAY_TOKEN": "from-environment"]
            #expect(await slipway("status", environment: environment).code == 0)
            #expect(await slipway("status", "--token", "from-flag", environment: environment).code == 0)
            let tokens = server.requests.map { $0.headers.first(name: "authorization") }
            #expect(tokens == ["Bearer from-environment", "Bearer from-flag"])
        }
    }

    @Test func aDataFolderOnTheCommandLineOutweighsAnAddressInTheEnvironment() async throws {
        try await FakeServer.with({ _ in try .json(status([])) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway(
                "status", "--data", "d", tools: tools, environment: ["SLIPWAY_URL": "http://127.0.0.1:1"])
            #expect(outcome.code == 0)
            #expect(server.requests[0].headers.first(name: "authorization") == "Bearer secret")
        }
    }

    /// A token belongs to one server; another one that is named must not see it.
    @Test func theLocalTokenIsShownToTheLocalServerOnly() async throws {
        try await FakeServer.with({ _ in try .json(status([])) }) { server in
            let elsewhere = FakeToolbox {
                $0.running = LocalServer(url: "http://127.0.0.1:1", token: "x", processID: 1)
            }
            _ = await slipway("status", "--server", server.url, tools: elsewhere)
            let same = FakeToolbox { $0.running = server.local }
            _ = await slipway("status", "--server", "\(server.url)/", tools: same)
            #expect(server.requests.map { $0.headers.first(name: "authorization") } == [nil, "Bearer secret"])
        }
    }

    @Test(arguments: ["127.0.0.1:8080", "ftp://h", "http://", "http://u:p@h", "http://h?x=1", "", "http://h h"])
    func whatIsNoAddressIsRefused(_ url: String) {
        let error = #expect(throws: Refusal.self) { try SlipwayClient(url: url, token: nil) }
        #expect(error?.explanation.code == .optionRefused)
    }

    @Test(arguments: ["a\r\nx: y", "", "ü", "a b"])
    func whatIsNoTokenIsRefused(_ token: String) {
        #expect(throws: Refusal.self) { try SlipwayClient(url: "http://h", token: token) }
    }
}

struct ClientTests {
    private func failure(
        of reply: FakeServer.Reply, _ call: (SlipwayClient) async throws -> Void = { _ = try await $0.status() }
    ) async throws -> Explanation? {
        var explanation: Explanation?
        try await FakeServer.with({ _ in reply }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let error = await #expect(throws: Refusal.self) { try await call(client) }
            explanation = error?.explanation
        }
        return explanation
    }

    @Test func nobodyThereIsToldAtOnce() async throws {
        let client = try SlipwayClient(url: "http://127.0.0.1:1", token: nil)
        let error = await #expect(throws: Refusal.self) { try await client.status() }
        #expect(error?.explanation.code == .serverUnreachable)
        // Waiting for an answer in vain has other words.
        #expect(error?.explanation.message == "No server answers at http://127.0.0.1:1.")
    }

    @Test func theServersOwnWordsAreKept() async throws {
        let explanation = Explanation(.modelUnknown, .notFound, "No model “x”.", hint: "Did you mean “y”?")
        #expect(try await failure(of: .problem(explanation)) == explanation)
    }

    @Test func aStrangersAnswersAreNotTakenForOurs() async throws {
        let page = FakeServer.Reply(status: 502, body: Array("<html>".utf8))
        #expect(try await failure(of: page)?.message.contains("status 502") == true)
        let nonsense = FakeServer.Reply(status: 200, body: Array("{}".utf8))
        #expect(try await failure(of: nonsense)?.code == .serverUnreachable)
        #expect(try await failure(of: FakeServer.Reply(hangsUp: true))?.code == .serverUnreachable)
    }

    /// A redirect would carry the token to wherever it points.
    @Test func redirectsAreNotFollowed() async throws {
        try await FakeServer.with({ _ in try .json(status([])) }) { other in
            let moved = FakeServer.Reply(status: 307, headers: [("location", "\(other.url)/v1/status")])
            let explanation = try await failure(of: moved)
            #expect(explanation?.message.contains("status 307") == true)
            #expect(other.requests.isEmpty)
        }
    }

    @Test func aRefusedQuestionForABlobIsExplained() async throws {
        let denied = Explanation(.tokenMissing, .denied, "This needs a token.")
        #expect(
            try await failure(of: .problem(denied)) {
                _ = try await $0.hasBlob(Digest(of: [1]))
            } == denied)
    }

    @Test func aFileThatShrinksWhileItIsSentIsNoticed() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 201) }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let short = AsyncThrowingStream<[UInt8], any Error> {
                $0.yield([1, 2, 3])
                $0.finish()
            }
            let error = await #expect(throws: Refusal.self) {
                try await client.putBlob(Digest(of: [1]), byteCount: 10, short)
            }
            #expect(error?.explanation.code == .contentDiffers)
        }
    }

    @Test func anUnreadableFileFailsInItsOwnWords() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 201) }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let broken = AsyncThrowingStream<[UInt8], any Error> {
                $0.finish(throwing: Refusal(.fileMissing, .notFound, "Gone."))
            }
            let error = await #expect(throws: Refusal.self) {
                try await client.putBlob(Digest(of: [1]), byteCount: 10, broken)
            }
            #expect(error?.explanation.code == .fileMissing)
        }
    }

    @Test func everyRouteIsAskedAsItIsServed() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 404) }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let churn = ModelReference(name: try ModelName("churn"))
            let other = ModelReference(project: try ProjectName("growth"), name: try ModelName("churn"))
            let (alias, name) = (try AliasName("champion"), try EndpointName("churn"))
            _ = try? await client.models()
            _ = try? await client.model(churn)
            _ = try? await client.model(other)
            try? await client.setAlias(alias, of: other, to: 3)
            try? await client.removeAlias(alias, of: churn)
            _ = try? await client.endpoints()
            _ = try? await client.endpoint(name)
            _ = try? await client.rollBack(name, reason: nil)
            try? await client.removeEndpoint(name)
            _ = try? await client.ledger(from: 2, limit: 3)
            _ = try? await client.verifyLedger()
            _ = try? await client.logs(lines: 4)
            #expect(
                server.lines == [
                    "GET /v1/registry/models", "GET /v1/registry/models/churn",
                    "GET /v1/registry/models/churn?project=growth",
                    "PUT /v1/registry/models/churn/aliases/champion?project=growth",
                    "DELETE /v1/registry/models/churn/aliases/champion", "GET /v1/endpoints", "GET /v1/endpoints/churn",
                    "POST /v1/endpoints/churn/rollback", "DELETE /v1/endpoints/churn", "GET /v1/ledger?from=2&limit=3",
                    "GET /v1/ledger/verification", "GET /v1/logs?lines=4",
                ])
        }
    }
}

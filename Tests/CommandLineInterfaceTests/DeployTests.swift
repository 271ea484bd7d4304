// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelPackaging
import NIOHTTP1
import Testing
import WireTypes

@testable import CommandLineInterface

struct DeployTests {
    @Test func aModelReachesItsEndpoint() async throws {
        let project = try FakeProject()
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.running = server.local
            }
            let outcome = await slipway("deploy", "model.onnx", "--reason", "first", tools: tools)
            #expect(outcome.code == 0)
            #expect(
                outcome.output == #"""
                    ✓ proven: 1 of 1 examples agree, largest difference 0
                    churn version 1 answers at \#(server.url)/v1/endpoints/churn/predict

                    Try it:
                      curl -H 'content-type: application/json' -d '[{"age":31.5,"plan":"pro'\''s"}]' \#(server.url)/v1/endpoints/churn/predict
                    Next:
                      slipway status

                    """#)
            #expect(outcome.diagnostics == "note: no training data was named\n")
            #expect(tools.calls == ["pack model.onnx - - - -", "running -"])

            let puts = server.requests.filter { $0.line.hasPrefix("PUT") }
            #expect(puts.count == 4)
            #expect(puts.allSatisfy { $0.headers.first(name: "content-length") == "\($0.body.count)" })
            let deployment = try #require(server.requests.last { $0.line == "POST /v1/endpoints/churn/deployments" })
            #expect(
                try deployment.decoded(DeployV1.self)
                    == DeployV1(project: "default", model: "churn", version: "1", reason: "first"))
        }
    }

    @Test func whatIsThereIsNotSentAgainAndNothingChanges() async throws {
        let project = try FakeProject()
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.running = server.local
            }
            _ = await slipway("deploy", "model.onnx", tools: tools)
            let before = server.lines.filter { $0.hasPrefix("PUT") }.count
            let outcome = await slipway("deploy", "model.onnx", tools: tools)
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("/predict (unchanged)\n"))
            #expect(!outcome.output.contains("slipway rollback"))
            #expect(server.lines.filter { $0.hasPrefix("PUT") }.count == before)
        }
    }

    @Test func aNewVersionSaysWhatItReplacedAndHowToGoBack() async throws {
        let first = try FakeProject()
        let second = try FakeProject(row: #"{"age":1}"#)
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            for project in [first, second] {
                let tools = FakeToolbox { $0.packed = .success(project) }
                let outcome = await slipway(
                    "deploy", ".", "--server", server.url + "/", "--token", "secret", tools: tools)
                #expect(outcome.code == 0)
                if project.bundle.digest == second.bundle.digest {
                    #expect(outcome.output.contains("/predict (replaced version 1)\n"))
                    #expect(outcome.output.contains("  slipway rollback churn --server \(server.url)/\n"))
                }
            }
        }
    }

    @Test func aServerIsStartedWhenNoneRuns() async throws {
        let project = try FakeProject()
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.startable = server.local
            }
            let outcome = await slipway("deploy", ".", "--data", "my data", tools: tools)
            #expect(outcome.code == 0)
            #expect(outcome.diagnostics.contains("starting one in the background"))
            #expect(outcome.diagnostics.contains("server at \(server.url), process 42"))
            #expect(outcome.output.contains("  slipway status --data 'my data'\n"))
            #expect(tools.calls == ["pack . - - - -", "running my data", "start my data"])
        }
    }

    @Test func programsGetOneObject() async throws {
        struct Report: Decodable {
            struct Endpoint: Decodable { let name: String }
            let model: String, version: Int, bundle: String, endpoint: String, url: String, proven: Bool
            let summary: String, unchanged: Bool, endpoints: [Endpoint]
        }
        let project = try FakeProject(endpoints: ["one", "two"])
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.running = server.local
            }
            let outcome = await slipway("deploy", ".", "--format", "json", tools: tools)
            #expect(outcome.output.filter { $0 == "\n" }.count == 1)
            let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
            #expect(
                report.model == "churn" && report.version == 1 && report.bundle == project.bundle.digest.description)
            #expect(report.endpoint == "one" && report.url == "\(server.url)/v1/endpoints/one/predict")
            #expect(report.endpoints.map(\.name) == ["one", "two"])
            #expect(report.proven && !report.unchanged)
            #expect(report.summary == "proven: 1 of 1 examples agree, largest difference 0.0")
        }
    }

    @Test func anEndpointOnTheCommandLineIsTheOnlyOne() async throws {
        let project = try FakeProject(endpoints: ["one", "two"])
        let platform = FakePlatform()
        try await FakeServer.with(platform.reply) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.running = server.local
            }
            _ = await slipway("deploy", ".", "--endpoint", "three", tools: tools)
            let asked = server.lines.filter { $0.hasSuffix("/deployments") }
            #expect(asked == ["POST /v1/endpoints/three/deployments"])
        }
    }

    @Test func aModelWithoutAnOriginalIsNeverCalledProven() async throws {
        let project = try FakeProject(origin: .recordedBySlipway)
        let tools = FakeToolbox { $0.packed = .success(project) }
        let outcome = await slipway("pack", ".", "--output", "out", tools: tools)
        #expect(outcome.output.hasPrefix("not proven: 1 of 1 examples agree"))
        #expect(!outcome.output.contains("✓"))
        #expect(outcome.output.hasSuffix("folder  /written/out\n"))
    }

    @Test func progressIsForThoseWhoWatch() async throws {
        let project = try FakeProject()
        let tools = FakeToolbox { $0.packed = .success(project) }
        let watched = await slipway("pack", ".", tools: tools, isWatched: true)
        #expect(watched.diagnostics.contains("  loading model.onnx\n"))
        let unwatched = await slipway("pack", ".", tools: tools)
        #expect(!unwatched.diagnostics.contains("loading"))
    }
}

struct CallLineTests {
    private func lines(_ row: String?, server: String = "http://127.0.0.1:8080") -> [String] {
        CallLine(server: server, endpoint: "e", predictPath: "/v1/endpoints/e/predict", row: row, sameServer: "").lines
    }

    @Test func anEndpointWithLongRowsIsAskedWhatItTakes() {
        let long = lines("{\"image\":[\(String(repeating: "0,", count: 2000))0]}")
        #expect(long[0] == "curl http://127.0.0.1:8080/v2/models/e")
        #expect(lines(nil) == long)
    }

    @Test(arguments: ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8080"])
    func thisMachineNeedsNoToken(_ server: String) {
        #expect(!lines("{}", server: server)[0].contains("Authorization"))
    }

    @Test(arguments: ["http://10.0.0.1:8080", "https://slipway.example", "http://127.0.0.1.example"])
    func otherMachinesNeedOne(_ server: String) {
        #expect(lines("{}", server: server)[0].contains(#"-H "Authorization: Bearer $SLIPWAY_TOKEN""#))
    }
}

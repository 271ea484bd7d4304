// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import Synchronization
import Testing
import WireTypes

struct PrintingTests {
    private func asking(
        _ arguments: String..., reply: @escaping @Sendable () throws -> FakeServer.Reply
    ) async throws -> Outcome {
        var outcome: Outcome?
        try await FakeServer.with({ _ in try reply() }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let result = await slipway(list: arguments, tools: tools)
            outcome = Outcome(
                code: result.code, output: result.output.replacing(server.url, with: "URL"),
                diagnostics: result.diagnostics)
        }
        return try #require(outcome)
    }

    @Test func statusShowsWhatAnswersAndWhatDoesNot() async throws {
        let problem = Explanation(
            .answersDiffer, .conflict, "1 of 9 examples get other answers than were recorded.",
            details: [.init("row 7", "row 7, score: expected 0.25, got 0.75")])
        let outcome = try await asking("status") {
            try .json(status([endpoint(), endpoint("fraud", wanted: 3, live: 2, problem: problem)]))
        }
        #expect(outcome.code == 0)
        #expect(
            outcome.output == """
                server   URL, version 0.1.0, up 0 s, process 42, 45 MiB
                engines  onnxruntime 1.27.0

                ENDPOINT  ANSWERS                STATE   REQ/S  P50  P99  ERRORS/S  REFUSED/S  WAITING
                churn     churn@1                ready       0    –    –         0          0        0
                fraud     churn@2 (3 is wanted)  behind      0    –    –         0          0        0

                fraud: version 3 is not ready; version 2 answers meanwhile. 1 of 9 examples get other answers than were recorded. (PRF-001)
                  row 7, score: expected 0.25, got 0.75

                """)
    }

    @Test func statusForProgramsIsWhatTheServerSaid() async throws {
        let outcome = try await asking("status", "--format", "json") { try .json(status([endpoint()])) }
        #expect(try JSONDecoder().decode(StatusV1.self, from: Data(outcome.output.utf8)) == status([endpoint()]))
    }

    @Test func anEmptyPlatformSaysWhatToDo() async throws {
        #expect(try await asking("status") { try .json(status([])) }.output.contains("\n\nNo endpoints yet: deploy"))
        #expect(try await asking("model", "list") { try .json([ModelV1]()) }.output.hasPrefix("No models yet"))
        #expect(try await asking("endpoint", "list") { try .json([EndpointV1]()) }.output.hasPrefix("No endpoints yet"))
    }

    @Test func modelsAndTheirVersionsAreListed() async throws {
        let reference = ModelReference(name: try ModelName("churn"))
        let versions = [2, 1].map { number in
            ModelVersion(
                model: reference, number: number, bundle: Digest(of: [UInt8(number)]), provenance: nil, status: .ready,
                origin: .original, createdAt: Timestamp(microseconds: 0), createdBy: "admin")
        }
        let model = ModelV1(model: reference, versions: versions, aliases: [try AliasName("champion"): 1])
        let list = try await asking("model", "list") { try .json([model]) }
        #expect(
            list.output.contains(
                "churn  default         2       2  original  1970-01-01T00:00:00.000000Z  @champion 1\n"))
        let shown = try await asking("model", "show", "churn") { try .json(model) }
        #expect(
            shown.output.contains(
                "      1  ready   original  \(Digest(of: [1]))  1970-01-01T00:00:00.000000Z  admin  @champion\n"))
        #expect(shown.output.contains("      2  ready"))
    }

    @Test func anEndpointShowsWhatItTakesAndItsHistory() async throws {
        let deployment = DeploymentV1(
            Deployment(
                generation: 3, model: ModelReference(name: try ModelName("churn")), version: 1, restores: 1, base: nil,
                createdAt: Timestamp(microseconds: 0), createdBy: "admin"))
        let outcome = try await asking("endpoint", "show", "churn") {
            try .json(EndpointHistoryV1(endpoint: endpoint(), deployments: [deployment]))
        }
        for line in [
            "predict   POST /v1/endpoints/churn/predict", "input     age: FP32 [-1]", "output    label: INT64 [-1]",
            "runs on   inline", "settings  deadline 30s, run_on auto",
            "load      12 accepted, 11 answered, 1 failed; 0 wait, 0 of at most 1 run on lanes",
            "         3  churn        1  1970-01-01T00:00:00.000000Z  admin  rollback to generation 1",
        ] {
            #expect(outcome.output.contains(line + "\n"), "\(outcome.output)")
        }
    }

    @Test func settingAnEndpointSendsOnlyWhatIsGiven() async throws {
        let asked = Mutex<[String]>([])
        try await FakeServer.with({ request in
            asked.withLock { $0.append("\(request.line) \(String(decoding: request.body, as: UTF8.self))") }
            return try .json(endpoint())
        }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway(
                "endpoint", "set", "churn", "--deadline", "100ms", "--run-on", "lane", "--reason", "r", tools: tools)
            #expect(outcome.output == "churn: deadline 30s, run_on auto\n", "\(outcome.diagnostics)")
            #expect(await slipway("endpoint", "set", "churn", "--queue", "many", tools: tools).code == 2)
            #expect(await slipway("endpoint", "set", "churn", tools: tools).code == 64)
        }
        #expect(asked.withLock(\.count) == 1)
        #expect(asked.withLock { $0.first?.hasPrefix("PATCH /v1/endpoints/churn") } == true)
        #expect(asked.withLock { $0.first?.contains(#""deadline":"100ms""#) } == true)
        #expect(asked.withLock { $0.first?.contains("queue") } == false)
    }

    @Test func changesSayWhatTheyDid() async throws {
        let empty = { @Sendable in FakeServer.Reply(status: 204) }
        #expect(try await asking("endpoint", "delete", "churn", reply: empty).output == "churn no longer answers\n")
        let set = try await asking("model", "alias", "set", "churn", "champion", "3", "--project", "p", reply: empty)
        #expect(set.output == "p/churn@champion is version 3\n")
        let removed = try await asking(
            "model", "alias", "remove", "churn", "champion", "--format", "json", reply: empty)
        #expect(removed.output == #"{"alias":"champion","model":"churn","project":"default"}"# + "\n")
        let deployment = Deployment(
            generation: 3, model: ModelReference(name: try ModelName("churn")), version: 1, restores: 1, base: nil,
            createdAt: Timestamp(microseconds: 0), createdBy: "admin")
        let back = try await asking("rollback", "churn") {
            try .json(
                DeployedV1(
                    endpoint: endpoint(), deployment: DeploymentV1(deployment), replacedVersion: 2, unchanged: false,
                    drained: DrainedV1(
                        version: 2, accepted: 7, answered: 7, milliseconds: 3, memoryReturned: true,
                        summary: "accepted 7, answered 7, drained in 3 ms, memory given back")))
        }
        let lines = [
            "churn answers with churn version 1, no longer with version 2",
            "version 2: accepted 7, answered 7, drained in 3 ms, memory given back",
        ]
        #expect(back.output == lines.joined(separator: "\n") + "\n")
    }

    @Test func theLedgerIsListedAndVerified() async throws {
        #expect(try await asking("ledger", "list") { try .json(LedgerV1(entries: [])) }.output == "No entries.\n")
        let verified = try await asking("ledger", "verify") {
            try .json(LedgerVerificationV1(LedgerHead(size: 7, root: Digest(of: [])), consistency: nil))
        }
        #expect(verified.output == "✓ 7 entries, unchanged\n")
        let broken = try await asking("ledger", "verify") {
            try .problem(Explanation(.ledgerBroken, .conflict, "Entry 3 was changed."))
        }
        #expect(broken.code == 4)
        #expect(broken.output.isEmpty)
    }
}

struct MachineCommandTests {
    @Test func serveHandsItsOptionsOn() async {
        let tools = FakeToolbox()
        #expect(await slipway("serve", tools: tools).code == 0)
        let chosen = await slipway(
            "serve", "--data", "d", "--host", "0.0.0.0", "--port", "0", "--token-file", "f", "--body-limit", "1KiB",
            "--lane-threads", "2", "--worker-processes", "3", "--share-port", "--take-over", "--drain-timeout", "500ms",
            tools: tools)
        #expect(chosen.output.isEmpty)
        #expect(
            tools.calls == [
                "serve - - -1 - 67108864 - 2 false false 30.0 seconds",
                "serve d 0.0.0.0 0 f 1024 2 3 true true 0.5 seconds",
            ])
    }

    /// What stands on the command line goes first; an empty variable stands for nothing.
    @Test(arguments: ["serve", "doctor"])
    func theDatabaseMayBeNamedInTheEnvironment(_ command: String) async {
        let variables = ["SLIPWAY_DATABASE": "postgres://env/d"]
        for (words, environment, expected) in [
            ([], variables, "postgres://env/d"), (["--database", "postgres://flag/d"], variables, "postgres://flag/d"),
            (["--database", "postgres://flag/d"], [:], "postgres://flag/d"),
        ] {
            let tools = FakeToolbox()
            #expect(await slipway(list: [command] + words, tools: tools, environment: environment).code == 0)
            #expect(tools.calls.last?.hasSuffix(expected) == true, "\(tools.calls)")
        }
        for environment in [[:], ["SLIPWAY_DATABASE": ""]] {
            let tools = FakeToolbox()
            #expect(await slipway(list: [command], tools: tools, environment: environment).code == 0)
            #expect(tools.calls.allSatisfy { !$0.contains("postgres") })
        }
    }

    @Test func stopSaysWhetherAnythingRan() async {
        #expect(await slipway("stop").output == "no server was running\n")
        let tools = FakeToolbox { $0.running = LocalServer(url: "http://h", token: "t", processID: 42) }
        #expect(await slipway("stop", tools: tools).output == "stopped process 42\n")
        #expect(
            await slipway("stop", "--format", "json", tools: tools).output == "{\"processID\":42,\"stopped\":true}\n")
    }

    @Test func restartSaysWhatTheOneBeforeDid() async {
        let server = LocalServer(url: "http://h", token: "t", processID: 43)
        let fresh = FakeToolbox { $0.startable = server }
        #expect(await slipway("restart", tools: fresh).output == "process 43 serves at http://h\n")
        let tools = FakeToolbox {
            $0.startable = server
            $0.running = LocalServer(url: "http://h", token: "t", processID: 42)
        }
        let lines = "process 43 serves at http://h\nprocess 42: accepted 7, answered 7, ended\n"
        #expect(await slipway("restart", tools: tools).output == lines)
    }

    @Test func theDoctorFailsOnlyForWhatIsBad() async {
        let good = DoctorFinding(subject: "program", state: .good, fact: "slipway", remedy: nil)
        let warning = DoctorFinding(subject: "disk", state: .warning, fact: "12 MiB free", remedy: "Free some.")
        let bad = DoctorFinding(subject: "engine", state: .bad, fact: "missing", remedy: "Run `make setup`.")
        let well = await slipway("doctor", "--port", "9", tools: FakeToolbox { $0.findings = [good, warning] })
        #expect(well.code == 0)
        #expect(well.output == "✓ program  slipway\n! disk     12 MiB free\n           → Free some.\n")
        let ill = await slipway("doctor", tools: FakeToolbox { $0.findings = [good, bad] })
        #expect(ill.code == 7)
        #expect(ill.output.contains("✗ engine   missing\n           → Run `make setup`.\n"))
        #expect(ill.diagnostics.isEmpty)
    }

    @Test func enginesTellWhyTheyCannotBeUsed() async {
        let problem = Explanation(.engineMissing, .unavailable, "ONNX Runtime is not there.", hint: "Run `make setup`.")
        let tools = FakeToolbox {
            $0.engineFindings = [EngineFinding(name: "onnxruntime", identity: nil, path: nil, problem: problem)]
        }
        let outcome = await slipway("engines", "--data", "d", tools: tools)
        #expect(
            outcome.output == """
                ENGINE       VERSION  USABLE  PATH
                onnxruntime  –        no      –
                onnxruntime: ONNX Runtime is not there. Run `make setup`. (ENG-001)

                """)
        #expect(tools.calls == ["engines d"])
        let added = await slipway("engines", "add", "lib.so", tools: tools)
        #expect(added.output.contains("onnxruntime  1.27.0   yes     /data/engines/lib.so\n"))
    }

    @Test func projectFilesArePrinted() async {
        let tools = FakeToolbox()
        let made = await slipway("init", "folder", "--name", "churn", tools: tools)
        #expect(made.output == "schema: slipway/1\n")
        #expect(made.diagnostics == "wrote folder/slipway.yaml\n")
        #expect(await slipway("config", "show", tools: tools).output == "schema: slipway/1\nmodel:\n  engine: auto\n")
        #expect(tools.calls == ["init folder churn", "config ."])
    }

    @Test func theLogIsReadWithoutAServer() async {
        let tools = FakeToolbox { $0.log = ["one", "two\u{1B}", "three"] }
        #expect(await slipway("logs", "--lines", "2", tools: tools).output == "two\\u{1b}\nthree\n")
        #expect(
            await slipway("logs", "--lines", "1", "--format", "json", tools: tools).output
                == "{\"lines\":[\"three\"]}\n")
        #expect(tools.calls == ["log - 2", "log - 1"])
    }

    @Test func theLogOfANamedServerIsAskedFor() async throws {
        try await FakeServer.with({ _ in try .json(LogsV1(lines: ["far"])) }) { server in
            let outcome = await slipway("logs", "--lines", "3", "--server", server.url)
            #expect(outcome.output == "far\n")
            #expect(server.lines == ["GET /v1/logs?lines=3"])
        }
    }
}

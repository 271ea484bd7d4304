// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelDomain
import Testing

@testable import CommandLineInterface

struct CommandLineTests {
    /// What a person types, and the command that it must reach.
    static let lines: [(String, any ParsableCommand.Type)] = [
        ("demo", Demo.self), ("demo --data d", Demo.self), ("init", Init.self),
        ("init folder --name churn", Init.self),
        ("pack model.onnx --examples e.csv --baseline t.csv --name n --project p --output o --format json", Pack.self),
        ("deploy model.onnx", Deploy.self),
        ("deploy . --examples e.csv --baseline t.csv --name n --project p --endpoint e --reason r", Deploy.self),
        ("deploy . --server http://h:1 --token t --data d --format json", Deploy.self),
        ("predict churn --row {}", Predict.self), ("predict churn --rows rows.csv", Predict.self),
        ("predict churn --rows -", Predict.self), ("status", Status.self), ("status --format json", Status.self),
        ("top", Top.self), ("top churn --every 500ms --once --format json", Top.self),
        ("rollback churn --reason r", RollBack.self), ("serve", Serve.self),
        ("serve --data d --host 0.0.0.0 --port 0 --token-file f --body-limit 1GiB --lane-threads 2", Serve.self),
        ("serve --share-port --take-over --drain-timeout 500ms", Serve.self), ("restart --data d", Restart.self),
        ("stop --data d", Stop.self), ("doctor --port 9000", Doctor.self), ("logs --lines 5 --follow", Logs.self),
        ("bench churn --rate 500/s --duration 30s", Bench.self),
        ("bench --compare a b --rate 1/s --duration 2m --rows f.csv --body binary --format json", Bench.self),
        ("size churn --slo p99=20ms", Size.self),
        ("size churn --slo p99=20ms --slo availability=99% --rate 5/s --margin 0% --step-time 1s --force", Size.self),
        ("model list", ModelList.self), ("model show churn --project p", ModelShow.self),
        ("model alias set churn champion 3", ModelAliasSet.self),
        ("model alias remove churn champion", ModelAliasRemove.self), ("endpoint list", EndpointList.self),
        ("endpoint show churn", EndpointShow.self), ("endpoint delete churn", EndpointDelete.self),
        ("engines", EnginesList.self), ("engines list", EnginesList.self), ("engines add lib.so", EnginesAdd.self),
        ("config show", ConfigShow.self), ("ledger list --from 2 --limit 3", LedgerList.self),
        ("ledger verify", LedgerVerify.self),
        (
            "token create ada --role developer,approver --project p --endpoint e --endpoint f --expires 90d --note n",
            TokenCreate.self
        ),
        ("token list", TokenList.self), ("token revoke 0123456789ab", TokenRevoke.self),
        ("token rotate 0123456789ab --grace 1h", TokenRotate.self), ("project list", ProjectList.self),
        ("project create growth", ProjectCreate.self), ("project remove growth", ProjectRemove.self),
    ]

    @Test(arguments: lines.map(\.0))
    func everyCommandIsReached(_ line: String) throws {
        let expected = try #require(Self.lines.first { $0.0 == line }?.1)
        let command = try SlipwayCommand.parseAsRoot(line.split(separator: " ").map(String.init))
        #expect(type(of: command) == expected)
    }

    @Test(arguments: [
        "deploy", "predict churn", "predict churn --row {} --rows f.csv", "predict ../churn --row {}",
        "serve --port 65536", "serve --port -1", "serve --body-limit 0", "serve --body-limit 1MB",
        "serve --lane-threads 0", "serve --worker-processes 0", "serve --drain-timeout 30", "serve --drain-timeout 25h",
        "logs --lines 0", "logs --lines 1001", "doctor --port 0", "status --format yaml", "top --every 50ms", "top a b",
        "model show", "model alias set churn champion 0", "model alias set churn @champion 1", "ledger list --from -1",
        "bench churn --rate 0/s --duration 1s", "bench churn --rate 5/s --duration 0s", "bench churn --rate 5/s",
        "bench --rate 5/s --duration 1s", "bench a --compare b c --rate 5/s --duration 1s",
        "bench --compare b --rate 5/s --duration 1s", "bench a --rate 5/s --duration 1s --connections 0",
        "bench a --rate 5/s --duration 1s --rows f --generated", "bench a --rate 5/s --duration 1s --body xml",
        "bench a --rate 5/s --duration 1s --cost-per-hour -1", "bench a --rate 1000000/s --duration 24h",
        "size churn", "size churn --slo availability=99%", "size churn --slo p99=1ms --slo p99=2ms",
        "size churn --slo p95=1ms", "size churn --slo p99=1ms --rate 0/s", "size churn --slo p99=1ms --step-time 99ms",
        "size churn --slo p99=1ms --step-time 601s", "size churn --slo p99=1ms --margin 901%",
        "size churn --slo p99=1ms --rate 900000/s", "size churn --slo p99=1ms --max-concurrency 0",
        "size churn --slo p99=1ms --connections 0", "size churn --slo p99=1ms --rows f --generated",
        "token create --role viewer", "token create ada", "token create a/b --role viewer",
        "token create ada --role king", "token create ada --role viewer,",
        "token create ada --role viewer --expires 0d",
        "token create ada --role viewer --endpoint a/b", "token revoke", "token revoke 0123456789AB",
        "token rotate 0123456789ab --grace soon", "project create", "project remove a/b",
        "dataset add", "dataset add a.csv --name a/b", "dataset show a@", "dataset show a@latest", "dataset get ../a@1",
        "dataset diff a b c", "dataset diff a@1 --rows 1001", "dataset check a.csv",
        "dataset check a.csv --like a --expectations e.yaml", "dataset add a.csv --data-format xls",
        "ledger list --limit 0", "pack model.onnx --name a/b", "nonsense", "engines add",
    ])
    func whatMakesNoSenseIsRefusedBeforeAnyWork(_ line: String) async {
        let tools = FakeToolbox()
        let streams = CapturedStreams()
        let code = await SlipwayCommand.run(
            arguments: line.split(separator: " ").map(String.init), toolbox: tools,
            console: Console(
                isWatched: false, environment: [:], write: { streams.append($1, to: $0) }, read: { _ in [] }))
        #expect(code == 64)
        #expect(tools.calls.isEmpty)
        #expect(streams.text(.output).isEmpty)
        #expect(streams.text(.diagnostics).hasPrefix("Error: "))
    }

    @Test func everyHelpEndsWithAnExampleThatParses() throws {
        for command in allCommands(SlipwayCommand.self) {
            let last = try #require(command.configuration.discussion.split(separator: "\n").last)
            let prefix = "Example: slipway "
            #expect(last.hasPrefix(prefix), "\(command)")
            // Nothing in the examples is quoted but reasons, whose words do not matter here.
            let words = last.dropFirst(prefix.count).split(separator: "\"").enumerated().flatMap { index, part in
                index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
            }
            let parsed = try SlipwayCommand.parseAsRoot(words)
            #expect(!(parsed is SlipwayCommand), "\(last)")
        }
    }

    @Test func everyCommandThatPrintsTakesAFormat() {
        let silent = ["DemoDrift", "LedgerExport", "PredictionExport", "RunStart", "Serve"]
        for command in allCommands(SlipwayCommand.self) where command.configuration.subcommands.isEmpty {
            let help = SlipwayCommand.helpMessage(for: command)
            #expect(help.contains("--format") != silent.contains("\(command)"), "\(command)")
        }
    }

    @Test func versionAndHelpAreResults() async {
        let version = await slipway("--version")
        #expect(version.output == "slipway 0.1.0\n")
        #expect(version.code == 0)
        let help = await slipway("deploy", "--help")
        #expect(help.output.contains("Example: slipway deploy"))
        #expect(help.output.contains("Prefer SLIPWAY_TOKEN"))
        #expect(help.diagnostics.isEmpty)
        #expect(help.code == 0)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func shellsGetCompletions(_ shell: String) async {
        let script = await slipway("--generate-completion-script", shell)
        #expect(script.code == 0)
        #expect(script.output.contains("rollback"))
        #expect(script.output.contains("jsonl"))
    }

    @Test func usageIsExplainedToProgramsToo() async throws {
        let refused = await slipway("status", "--format=json", "--nonsense")
        #expect(refused.code == 64)
        #expect(refused.diagnostics.contains(#""code":"SYS-008""#))
    }
}

private func allCommands(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    let configuration = command.configuration
    let grouped = configuration.groupedSubcommands.flatMap(\.subcommands)
    return [command] + (grouped + configuration.ungroupedSubcommands).flatMap(allCommands)
}

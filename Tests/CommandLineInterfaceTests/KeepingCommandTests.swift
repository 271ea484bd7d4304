// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import Foundation
import Testing
import WireTypes

/// `slipway backup`, `restore`, `gc`, and models in files.
struct KeepingCommandTests {
    @Test func aBackupSaysWhatIsInItAndHowMuchWasNew() async {
        let tools = FakeToolbox()
        let outcome = await slipway("backup", "/backups/slipway", "--with-token", tools: tools)
        #expect(outcome.code == 0)
        #expect(
            outcome.output == """
                backed up: /backups/slipway
                made at   2026-11-27T16:00:00Z
                registry  10 rows, 4 entries in the ledger
                contents  3 (2 KiB), 2 of them new
                digest    sha256:00

                """)
        // Without a server the data folder is read by itself.
        #expect(tools.calls == ["running -", "backup /backups/slipway - true -"])
    }

    @Test func aRunningServerIsAskedForItsBackup() async throws {
        try await FakeServer.with({ _ in try .json([String]()) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            _ = await slipway("backup", "create", "x.tar", tools: tools)
            #expect(tools.calls.last == "backup x.tar - false \(server.local.url)")
        }
    }

    @Test func verifyingAndRestoringNameTheirPlaces() async {
        let tools = FakeToolbox()
        let verified = await slipway("backup", "verify", "x.tar", tools: tools)
        #expect(verified.output.hasPrefix("whole: x.tar\n"))
        let restored = await slipway("restore", "x.tar", "--data", "a folder", tools: tools)
        #expect(restored.output.hasSuffix("next: slipway serve --data 'a folder'\n"))
        #expect(tools.calls == ["verify x.tar", "restore x.tar a folder -"])
        #expect(await slipway("restore", "x.tar", tools: tools).code == 64)
    }

    @Test func whatWouldGoIsToldWithItsReason() async throws {
        let sweep = """
            {"applied":false,"runs":3,"experiments":0,"loggedModels":0,"versions":1,"artifacts":0,
            "unnamed":{"count":2,"bytes":2048},"ofDeleted":{"count":7,"bytes":1048576},
            "destroyed":{"count":0,"bytes":0},"broughtBack":{"count":0,"bytes":0},"needed":{"count":311,"bytes":5000},
            "held":{"count":0,"bytes":0},"young":{"count":4,"bytes":12},"bundleFolders":0}
            """
        let value = try JSONDecoder().decode(SweepV1.self, from: Data(sweep.utf8))
        try await FakeServer.with({ _ in try .json(value) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let planned = await slipway("gc", tools: tools)
            #expect(
                planned.output == """
                    WHAT HAPPENS  TO        COUNT  SIZE      BECAUSE
                    delete        runs          3  –         deleted longer ago than deleted things are kept
                    delete        versions      1  –         deleted longer ago than deleted things are kept
                    to the trash  contents      7  1 MiB     only what is deleted named them
                    to the trash  contents      2  2 KiB     nothing names them
                    stay          contents    311  4.9 KiB   something needs them
                    stay          contents      4  12 bytes  put or asked about within the last day
                    nothing was changed; next: slipway gc --apply

                    """)
            _ = await slipway("gc", "--apply", tools: tools)
            #expect(server.lines == ["GET /v1/retention", "POST /v1/retention/sweeps"])
            #expect(await slipway("gc", "--apply", "--dry-run", tools: tools).code == 64)
            #expect(await slipway("gc", "restore", "abc", tools: tools).code == 64)
        }
    }

    @Test func aModelGoesIntoAFileAndOutOfIt() async throws {
        try await FakeServer.with({ _ in try .json([String]()) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let exported = await slipway("model", "export", "growth/churn@champion", "c.slipway", tools: tools)
            #expect(exported.code == 0 && exported.output.hasPrefix("wrote churn@3\n"))
            #expect(tools.calls.last == "export growth/churn@@champion c.slipway")
            let imported = await slipway(
                "model", "import", "c.slipway", "--name", "new", "--project", "risk", tools: tools)
            #expect(imported.output.hasSuffix("next: slipway deploy churn@1\n"))
            #expect(tools.calls.last == "import c.slipway new risk")
            #expect(await slipway("model", "export", "churn", "c.slipway", tools: tools).code == 2)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import CommandLineInterface

struct DemoTests {
    @Test func theExampleIsDeployedAndAsked() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("[{}]".utf8).write(to: folder.appending(path: "row.json"))
        let project = try FakeProject(model: "breast-cancer", endpoints: ["breast-cancer"])
        let platform = FakePlatform()
        try await FakeServer.with({ request in
            guard request.line == "POST /v1/endpoints/breast-cancer/predict" else {
                return try platform.reply(to: request)
            }
            return FakeServer.Reply(body: Array(PredictTests.reply.utf8))
        }) { server in
            let tools = FakeToolbox {
                $0.packed = .success(project)
                $0.running = server.local
                $0.exampleFolder = folder.path
            }
            let outcome = await slipway("demo", "--data", "d", tools: tools)
            #expect(outcome.code == 0, "\(outcome.diagnostics)")
            #expect(outcome.output.hasPrefix("$ slipway deploy \(folder.path)\n✓ proven"))
            #expect(outcome.output.contains("\n$ slipway predict breast-cancer --rows \(folder.path)/row.json\n{"))
            #expect(outcome.output.hasSuffix("everything is kept\n"))
            #expect(
                tools.calls == [
                    "example breast-cancer", "pack \(folder.path) - - - -", "running d", "running d",
                ])
        }
    }

    /// A program that was copied alone has no example: the refusal says what to do instead.
    @Test func withoutTheExampleADemoSaysWhatToDo() async {
        let outcome = await slipway("demo")
        #expect(outcome.code == 3)
        #expect(outcome.diagnostics.contains("slipway deploy PATH"))
    }
}

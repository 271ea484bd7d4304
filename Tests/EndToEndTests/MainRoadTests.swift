// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// One command takes a trained model to a live endpoint, and every other command tells the truth about it.
struct MainRoadTests {
    @Test func anExampleIsDeployedProvenAndAnswers() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let deployed = try await platform.program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
                #expect(deployed.exitCode == 0, "\(deployed.errors)")
                #expect((deployed.output + deployed.errors).contains("proven:"))
                #expect(deployed.output.contains("curl"))

                let row = try String(
                    contentsOfFile: "\(repositoryRoot)/examples/breast-cancer/row.json", encoding: .utf8)
                let reply = try await platform.post("/v1/endpoints/breast-cancer/predict", row)
                #expect(reply.status == 200, "\(reply.body)")
                #expect(reply.body.contains(#""label":"#))
                #expect(reply.body.contains(#""proven":true"#))
                #expect(reply.headers["slipway-prediction-id"]?.count == 36)

                let status = try await platform.program.run("status", "--format", "json")
                let json = try #require(try status.json() as? [String: Any])
                let endpoints = try #require(json["endpoints"] as? [[String: Any]])
                #expect(endpoints.first?["name"] as? String == "breast-cancer")
                #expect(endpoints.first?["ready"] as? Bool == true)
                #expect(json["ready"] as? Bool == true)

                for arguments in [
                    ["model", "list"], ["endpoint", "list"], ["model", "show", "breast-cancer"],
                    ["endpoint", "show", "breast-cancer"], ["ledger", "list"], ["ledger", "verify"], ["logs"],
                    ["engines"], ["status"],
                ] {
                    let result = try await platform.program.run(arguments)
                    #expect(result.exitCode == 0, "\(arguments): \(result.errors)")
                    #expect(!result.output.isEmpty)
                }
            }
        }
    }

    /// The example is found from where the program lies, and its answer is the one that was trained.
    @Test func theDemoEndsInAPrediction() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let demo = try await platform.program.run("demo")
                #expect(demo.exitCode == 0, "\(demo.errors)")
                #expect(demo.output.contains("143 of 143 examples agree"))
                #expect(demo.output.contains(#"{"label":1,"probabilities":["#))
            }
        }
    }

    /// What `deploy` prints can be pasted into a shell, and answers.
    @Test func thePrintedCurlLineWorks() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let deployed = try await platform.program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
                let start = try #require(deployed.output.range(of: "curl"), "\(deployed.output)")
                let command = deployed.output[start.lowerBound...].prefix { $0 != "\n" }
                let shell = Process()
                shell.executableURL = URL(fileURLWithPath: "/bin/bash")
                shell.arguments = ["-c", String(command)]
                let output = Pipe()
                shell.standardOutput = output
                shell.standardError = FileHandle.nullDevice
                try shell.run()
                let reply = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                #expect(reply.contains(#""predictions":"#), "\(command)\n\(reply)")
            }
        }
    }

    /// Both ways of calling: one matrix, and one input a column; and images.
    @Test(arguments: [
        ("breast-cancer", "breast-cancer"), ("breast-cancer/columns", "breast-cancer-columns"), ("digits", "digits"),
    ])
    func everyExampleAnswersItsOwnRow(path: String, endpoint: String) async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let deployed = try await platform.program.run("deploy", "\(repositoryRoot)/examples/\(path)")
                #expect(deployed.exitCode == 0, "\(deployed.errors)")
                // Both forms of the tumour model take the same row.
                let row = "\(repositoryRoot)/examples/\(path.split(separator: "/")[0])/row.json"
                let predicted = try await platform.program.run("predict", endpoint, "--rows", row)
                #expect(predicted.exitCode == 0, "\(predicted.errors)")
                #expect(predicted.output.contains("label"))
            }
        }
    }

    @Test func aModelFileIsEnough() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.copyItem(
                atPath: "\(repositoryRoot)/examples/breast-cancer/model.onnx", toPath: folder + "/tumor.onnx")
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let examples = "\(repositoryRoot)/examples/breast-cancer/examples.csv"
                let proven = try await platform.program.run("deploy", folder + "/tumor.onnx", "--examples", examples)
                #expect(proven.exitCode == 0, "\(proven.errors)")
                #expect((proven.output + proven.errors).contains("proven:"))

                let bare = try await platform.program.run("deploy", folder + "/tumor.onnx", "--name", "bare")
                #expect(bare.exitCode == 0, "\(bare.errors)")
                #expect((bare.output + bare.errors).contains("not proven"))
                let shown = try await platform.program.run("endpoint", "show", "bare")
                #expect(shown.output.contains("not proven"))
                let ready = try await platform.get("/v2/models/bare/ready")
                #expect(ready.status == 200)
            }
        }
    }

    @Test func packAndInitWriteWhatTheySay() async throws {
        try await withTemporaryFolder { folder in
            let project = folder + "/churn"
            try FileManager.default.createDirectory(atPath: project, withIntermediateDirectories: true)
            let example = "\(repositoryRoot)/examples/breast-cancer"
            for name in ["model.onnx", "examples.csv", "train.csv"] {
                try FileManager.default.copyItem(atPath: "\(example)/\(name)", toPath: "\(project)/\(name)")
            }
            let program = Program(environment: ["SLIPWAY_DATA": folder + "/data"])
            #expect(try await program.run("init", project).exitCode == 0)
            #expect(FileManager.default.fileExists(atPath: project + "/slipway.yaml"))
            #expect(try await program.run("init", project).exitCode == 4)

            var digests: [String] = []
            for output in ["one", "two"] {
                let packed = try await program.run(
                    "pack", project, "--output", "\(folder)/\(output)", "--format", "json")
                #expect(packed.exitCode == 0, "\(packed.errors)")
                let json = try #require(try packed.json() as? [String: Any])
                digests.append(try #require(json["bundle"] as? String))
                #expect(FileManager.default.fileExists(atPath: "\(folder)/\(output)/manifest.json"))
                #expect(FileManager.default.fileExists(atPath: "\(folder)/\(output)/provenance.json"))
            }
            #expect(digests[0] == digests[1])
            let shown = try await program.run("config", "show", project)
            #expect(shown.output.contains("examples.csv"))
        }
    }

    @Test func rollingBackWalksTheHistory() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                for factor in [1, 2, 3] {
                    let deployed = try await platform.program.run("deploy", models.path(factor), "--name", "scale")
                    #expect(deployed.exitCode == 0, "\(deployed.errors)")
                }
                #expect(try await models.answer(platform) == 3)
                #expect(try await platform.program.run("rollback", "scale", "--reason", "test").exitCode == 0)
                #expect(try await models.answer(platform) == 2)
                #expect(try await platform.program.run("rollback", "scale").exitCode == 0)
                #expect(try await models.answer(platform) == 1)
                let end = try await platform.program.run("rollback", "scale")
                #expect(end.exitCode == 4)
                #expect(end.errors.contains("REG-006"))
                let again = try await platform.program.run("deploy", models.path(1), "--name", "scale")
                #expect(again.exitCode == 0)
                #expect(try await models.answer(platform) == 1)
            }
        }
    }

    /// A version whose inputs differ would break callers, so it is refused at that endpoint.
    @Test func anotherSignatureNeedsAnotherEndpoint() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                _ = try await platform.program.run("deploy", models.path(1), "--name", "scale")
                let other = try await platform.program.run(
                    "deploy", "\(repositoryRoot)/Tests/Fixtures/models/identity-string.onnx", "--name", "scale")
                #expect(other.exitCode == 4)
                #expect(other.errors.contains("REG-011"))
                #expect(try await models.answer(platform) == 1)
            }
        }
    }
}

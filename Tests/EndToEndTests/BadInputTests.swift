// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import TestSupport
import Testing

/// What cannot be used is explained, nothing is half done, and the server keeps serving.
struct BadInputTests {
    @Test func aFileThatIsNoModelIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let whole = try Data(
                contentsOf: URL(fileURLWithPath: "\(repositoryRoot)/examples/breast-cancer/model.onnx"))
            var flipped = whole
            flipped[whole.count / 3] ^= 0x40
            let files: [(String, Data)] = [
                ("empty", Data()), ("truncated", whole.prefix(whole.count / 2)), ("text", Data("not a model".utf8)),
                ("flipped", flipped), ("ending", try endsTheProcess()),
                ("random", Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7919) })),
            ]
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let examples = "\(repositoryRoot)/examples/breast-cancer/examples.csv"
                for (name, bytes) in files {
                    try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name).onnx"))
                    let result = try await platform.program.run(
                        "deploy", "\(folder)/\(name).onnx", "--examples", examples)
                    #expect([2, 4].contains(result.exitCode), "\(name): \(result.exitCode) \(result.errors)")
                    #expect(result.errors.contains("error:"), "\(name)")
                }
                #expect(try await platform.get("/v2/health/live").status == 200)
                let list = try await platform.program.run("endpoint", "list", "--format", "json")
                #expect(list.output.contains("[]") || !list.output.contains("name"), "\(list.output)")
            }
        }
    }

    /// ONNX Runtime ends with it. The command line refuses it too, so that the bundle is forged here.
    @Test func aModelThatEndsWhoeverOpensItIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let packed = folder + "/bundle"
            let model = [UInt8](try endsTheProcess())
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let token = platform.program.environment["SLIPWAY_TOKEN"]
                let pack = try await platform.program.run(
                    "pack", "\(repositoryRoot)/examples/breast-cancer", "--output", packed)
                try #require(pack.exitCode == 0, "\(pack.errors)")
                var manifest = try String(contentsOfFile: packed + "/manifest.json", encoding: .utf8)
                let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: packed + "/model.onnx")))
                for (old, new) in [
                    (Digest(of: original).hex, Digest(of: model).hex),
                    ("\"bytes\":\(original.count),", "\"bytes\":\(model.count),"),
                ] {
                    try #require(manifest.contains(old))
                    manifest = manifest.replacingOccurrences(of: old, with: new)
                }
                var contents = [model, [UInt8](manifest.utf8)]
                for name in ["baseline.json", "examples.jsonl", "provenance.json"] {
                    contents.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(packed)/\(name)"))))
                }
                for content in contents {
                    let put = try await platform.send(
                        "PUT", "/v1/blobs/\(Digest(of: content))", content: content, token: token)
                    #expect(put.status < 300, "\(put.body)")
                }
                let register = try await platform.send(
                    "POST", "/v1/registry/models/ending/versions",
                    body: #"{"manifest":"\#(Digest(of: contents[1]))","provenance":"\#(Digest(of: contents[4]))"}"#,
                    token: token)
                #expect(register.status < 300, "\(register.body)")
                let deploy = try await platform.send(
                    "POST", "/v1/endpoints/ending/deployments", body: #"{"model":"ending","version":"1"}"#,
                    token: token)
                #expect(deploy.status == 400 && deploy.body.contains("ENG-003"), "\(deploy.status) \(deploy.body)")
                #expect(deploy.body.contains("signal 11"), "\(deploy.body)")
                #expect(try await platform.get("/v2/health/live").status == 200)
            }
        }
    }

    private func endsTheProcess() throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(repositoryRoot)/Tests/Fixtures/models/ends-the-process.onnx"))
    }

    /// The same over the interface, past the command line's own proof: a damaged bundle never answers.
    @Test func anUploadThatIsNoBundleIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let token = platform.program.environment["SLIPWAY_TOKEN"]
                let digest = String(repeating: "ab", count: 32)
                let lie = try await platform.send("PUT", "/v1/blobs/sha256:\(digest)", body: "hello", token: token)
                #expect(lie.status == 409 || lie.status == 400, "\(lie.status) \(lie.body)")
                let body = #"{"manifest":"sha256:\#(digest)","provenance":"sha256:\#(digest)"}"#
                let register = try await platform.send(
                    "POST", "/v1/registry/models/x/versions", body: body, token: token)
                #expect(register.status == 404, "\(register.body)")
                #expect(register.body.contains("REG-007"))
                let path = try await platform.send("PUT", "/v1/blobs/..%2F..%2Fetc", body: "hello", token: token)
                #expect((400..<500).contains(path.status))
            }
        }
    }

    @Test func aProjectCannotReachOutside() async throws {
        try await withTemporaryFolder { folder in
            let project = folder + "/project"
            try FileManager.default.createDirectory(atPath: project, withIntermediateDirectories: true)
            let model = "\(repositoryRoot)/examples/breast-cancer/model.onnx"
            try FileManager.default.copyItem(atPath: model, toPath: folder + "/outside.onnx")
            try FileManager.default.createSymbolicLink(
                atPath: project + "/link.onnx", withDestinationPath: folder + "/outside.onnx")
            try FileManager.default.createSymbolicLink(atPath: project + "/folder", withDestinationPath: folder)
            let program = Program(environment: ["SLIPWAY_DATA": folder + "/data"])
            for source in [
                "../outside.onnx", folder + "/outside.onnx", "link.onnx", "folder/outside.onnx",
                "./x/../../outside.onnx",
            ] {
                try writeText("model: {source: \"\(source)\"}", to: project + "/slipway.yaml")
                let result = try await program.run("pack", project)
                #expect(result.exitCode == 2, "\(source): \(result.errors)")
                #expect(result.errors.contains("PRJ-005"), "\(source): \(result.errors)")
            }
            try writeText("modell: {}", to: project + "/slipway.yaml")
            let unknown = try await program.run("pack", project)
            #expect(unknown.exitCode == 2)
            #expect(unknown.errors.contains("Did you mean “model”?"))
        }
    }

    /// An answer that differs is refused with the rows that differ, and nothing reaches the server.
    @Test func recordedAnswersThatDifferAreShown() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let result = try await platform.program.run(
                    "deploy", models.path(3), "--examples", models.examples(4), "--name", "scale")
                #expect(result.exitCode == 4)
                #expect(result.errors.contains("PRF-001"))
                #expect(result.errors.contains("row 0, doubled: expected 4.0, got 3.0"), "\(result.errors)")
                #expect(try await platform.get("/v2/models/scale").status == 404)
            }
        }
    }

    @Test func unknownNamesNameTheNearest() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            try await RunningPlatform.with(data: folder + "/data") { platform in
                _ = try await platform.program.run("deploy", models.path(2), "--name", "scale")
                let predict = try await platform.program.run("predict", "scal", "--row", "{}")
                #expect(predict.exitCode == 3)
                #expect(predict.errors.contains("Did you mean “scale”?"), "\(predict.errors)")
                let show = try await platform.program.run("model", "show", "scal")
                #expect(show.exitCode == 3)
            }
        }
    }
}

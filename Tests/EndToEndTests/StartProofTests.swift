// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Every start proves itself.
struct StartProofTests {
    /// Changes the weights on disk, as a failing disk would, and returns how many files were changed.
    private func changeFactor(in data: String, from old: Int, to new: Int) throws -> Int {
        let blobs = "\(data)/contents/blobs"
        var changed = 0
        for name in FileManager.default.enumerator(atPath: blobs)?.compactMap({ $0 as? String }) ?? [] {
            let path = "\(blobs)/\(name)"
            guard let bytes = FileManager.default.contents(atPath: path), bytes.count < 1000, bytes.count > 100,
                let place = bytes.range(of: Data(ScaleModels.bytes(of: Float(old)))),
                place.lowerBound == ScaleModels.factorOffset
            else { continue }
            unsafe chmod(path, 0o600)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.seek(toOffset: UInt64(ScaleModels.factorOffset))
            try handle.write(contentsOf: Data(ScaleModels.bytes(of: Float(new))))
            try handle.close()
            changed += 1
        }
        return changed
    }

    /// A version that no longer gives the recorded answers stays out, and every place says which rows.
    @Test func aVersionThatAnswersOtherwiseStaysOut() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            let data = folder + "/data"
            try await RunningPlatform.with(data: data) { platform in
                let deployed = try await platform.program.run(
                    "deploy", models.path(5), "--examples", models.examples(5), "--name", "scale")
                #expect(deployed.exitCode == 0, "\(deployed.errors)")
                #expect(try await models.answer(platform) == 5)
            }
            #expect(try changeFactor(in: data, from: 5, to: 6) == 1)
            try await RunningPlatform.with(data: data) { platform in
                #expect(try await models.answer(platform) == nil)
                let ready = try await platform.get("/v2/models/scale/ready")
                #expect(ready.status == 503)
                #expect(ready.body.contains("expected 5.0, got 6.0"), "\(ready.body)")
                let refused = try await platform.post("/v1/endpoints/scale/predict", #"[{"values":[1]}]"#)
                #expect(refused.status == 503)
                let status = try await platform.program.run("status")
                #expect(status.output.contains("row 0, doubled"), "\(status.output)")
                let logs = try await platform.program.run("logs")
                #expect(logs.output.contains("expected 5.0, got 6.0"))
                #expect(try await platform.get("/v2/health/live").status == 200)
            }
        }
    }

    /// When the live version fails, the last one that proves itself answers, and says so.
    @Test func theLastProvenVersionAnswersInstead() async throws {
        try await withTemporaryFolder { folder in
            let models = try ScaleModels(in: folder)
            let data = folder + "/data"
            try await RunningPlatform.with(data: data) { platform in
                for factor in [4, 7] {
                    _ = try await platform.program.run(
                        "deploy", models.path(factor), "--examples", models.examples(factor), "--name", "scale")
                }
                #expect(try await models.answer(platform) == 7)
            }
            #expect(try changeFactor(in: data, from: 7, to: 8) == 1)
            try await RunningPlatform.with(data: data) { platform in
                #expect(try await models.answer(platform) == 4)
                let ready = try await platform.get("/v2/models/scale/ready")
                #expect(ready.status == 200)
                #expect(ready.body.contains("problem"), "\(ready.body)")
                let status = try await platform.program.run("status")
                #expect(status.output.contains("expected 7.0, got 8.0"), "\(status.output)")
            }
        }
    }
}

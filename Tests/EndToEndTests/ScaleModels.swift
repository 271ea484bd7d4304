// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// Models that multiply by a factor: versions of one another that can be told apart by every answer.
struct ScaleModels {
    /// Where the float32 factor lies in the fixture.
    static let factorOffset = 64
    let folder: String

    init(in folder: String) throws { self.folder = folder }

    /// The file of the model that multiplies by `factor`, made at the first call, with recorded answers beside it.
    func path(_ factor: Int) throws -> String {
        let path = "\(folder)/scale-\(factor).onnx"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(repositoryRoot)/Tests/Fixtures/models/scale.onnx"))
        bytes.replaceSubrange(Self.factorOffset..<Self.factorOffset + 4, with: Self.bytes(of: Float(factor)))
        try bytes.write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Recorded answers of the model that multiplies by `factor`.
    func examples(_ factor: Int) throws -> String {
        let path = "\(folder)/examples-\(factor).jsonl"
        let lines = [1, 2, 3].map { #"{"inputs":{"values":[\#($0)]},"outputs":{"doubled":[\#($0 * factor)]}}"# }
        try writeText(lines.joined(separator: "\n"), to: path)
        return path
    }

    static func bytes(of value: Float) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }

    /// What the endpoint “scale” makes of 1: the factor of the version that answers.
    func answer(_ platform: RunningPlatform) async throws -> Int? {
        try await Self.factor(in: platform.post("/v1/endpoints/scale/predict", #"[{"values":[1]}]"#))
    }

    static func factor(in reply: Reply) -> Int? {
        guard reply.status == 200, let match = reply.body.firstMatch(of: /"doubled":\[?(\d+)/) else { return nil }
        return Int(match.output.1)
    }
}

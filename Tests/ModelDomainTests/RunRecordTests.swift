// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct RunRecordTests {
    private func record() throws -> RunRecord {
        let file = { (name: String) in
            try BundleFile(path: "slipway/\(name)", digest: Digest(of: Array("x".utf8)), byteCount: 1)
        }
        return RunRecord(
            command: ["python", "train.py", "ü\n\""], folder: "models/churn", seed: 7,
            git: .init(commit: String(repeating: "a1", count: 20), isDirty: true, remote: "https://example.com/x.git"),
            code: .init(archive: try file("code.tar"), patch: try file("code.patch")),
            environment: .init(
                python: "3.11.7", platform: "linux_x86_64", requirements: try file("requirements.txt")),
            data: [
                .init(
                    dataset: try DatasetName("churn-train"), project: .standard, version: 3,
                    digest: Digest(of: Array("y".utf8)), path: "data/train.csv")
            ], startedAt: Timestamp(microseconds: 1_764_000_000_123_456), tool: "slipway 0.1.0")
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let record = try record()
        #expect(try RunRecord(record: record.bytes) == record)
        let least = RunRecord(
            command: ["true"], folder: ".", seed: nil, git: nil, code: nil, environment: nil, data: [],
            startedAt: record.startedAt, tool: "")
        #expect(try RunRecord(record: least.bytes) == least)
    }

    @Test func theFormatIsThatOfItsPage() throws {
        let text = String(decoding: try record().bytes, as: UTF8.self)
        let y = Digest(of: Array("y".utf8)).hex
        #expect(
            text.contains(
                #""data":[{"dataset":"churn-train","path":"data/train.csv","project":"default","sha256":"\#(y)","version":3}]"#
            ))
        #expect(text.contains(#""schema":"slipway.run/1""#) && text.contains(#""seed":7"#))
        #expect(text.contains(#""remote":"https://example.com/x.git""#) && text.contains(#""dirty":true"#))
    }
}

// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import ModelDomain
import ModelExecution
import ModelPackaging
import Tensors
import TestSupport

/// A packed project that lies in memory.
struct FakeProject: PackedProject {
    let bundle: PackedBundle
    var registeredVersion: Int? { nil }
    private let bytes: [String: [UInt8]]

    /// - Parameter row: The inputs of the only example, as JSON.
    init(
        model: String = "churn", endpoints: [String] = ["churn"], row: String = #"{"age":31.5,"plan":"pro's"}"#,
        origin: ExampleOrigin = .original
    ) throws {
        let examples = Array("{\"inputs\":\(row),\"outputs\":{\"label\":1}}\n".utf8)
        bytes = ["model.onnx": Array("weights".utf8), "examples.jsonl": examples]
        let files = try bytes.map { path, content in
            try BundleFile(path: path, digest: Digest(of: content), byteCount: content.count)
        }
        let signature = Signature(
            inputs: [TensorSpec(name: "age", datatype: .float32, shape: [.symbolic("n")])],
            outputs: [TensorSpec(name: "label", datatype: .int64, shape: [.symbolic("n")])])
        let manifest = BundleManifest(
            engine: "onnxruntime", model: "model.onnx", task: nil, signature: signature,
            proof: BundleManifest.Proof(
                examples: "examples.jsonl", count: 1, origin: origin, outputs: ["label"], tolerance: .standard,
                replayAtStart: .all),
            baseline: nil, files: files)
        let bytes = bytes
        bundle = PackedBundle(
            model: ModelReference(name: try ModelName(model)), endpoints: try endpoints.map { try EndpointName($0) },
            manifest: manifest, provenanceBytes: Array("{}".utf8),
            contents: manifest.files.map { ($0, .bytes(bytes[$0.path] ?? [])) }, folder: MemoryFolder([:]),
            verdict: ProofVerdict(
                origin: origin, tolerance: .standard, replayed: 1, recorded: 1, largestDifference: 0,
                differingRows: 0, differences: []),
            notes: ["no training data was named"])
    }

    func read(_ file: BundleFile) -> AsyncThrowingStream<[UInt8], any Error> {
        let content = bytes[file.path] ?? []
        return AsyncThrowingStream { continuation in
            // In two pieces, as large files come.
            continuation.yield(Array(content.prefix(3)))
            continuation.yield(Array(content.dropFirst(3)))
            continuation.finish()
        }
    }

    func write(to path: String) async throws -> String { "/written/\(path)" }
}

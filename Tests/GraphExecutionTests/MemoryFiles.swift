// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import TestSupport
import Testing

/// Files of bundles in memory, and an engine for those called `model`.
struct MemoryFiles: Sendable {
    var files: [String: [UInt8]] = [:]

    init(_ files: [String: String] = [:]) { self.files = files.mapValues { Array($0.utf8) } }

    var runtime: GraphRuntime {
        let files = files
        return GraphRuntime(
            runtimes: { engine throws(EngineError) in
                guard engine == "stub" else { throw .missing(engine: engine, hint: "There is none.") }
                return StubRuntime()
            },
            read: { file, limit throws(Refusal) in
                guard let bytes = files[file.path], bytes.count <= limit else {
                    throw FieldReader.damaged("“\(file.path.split(separator: "/").last ?? "")” cannot be read")
                }
                return bytes
            })
    }

    func open(_ path: String = "graph.json") throws -> any InferenceEngine {
        try runtime.open(modelAt: ModelFile(path: path))
    }

    /// Why a graph is not opened, in the engine's words.
    func refusal(_ path: String = "graph.json") -> String {
        do {
            _ = try open(path)
            return "nothing"
        } catch {
            if case .modelRefused(let reason)? = error as? EngineError { return reason }
            return (error as? EngineError)?.explanation.message ?? "\(error)"
        }
    }

    /// Puts a bundle into a folder: a manifest, a model, and examples that are its proof.
    mutating func add(
        bundle folder: String, engine: String = "stub", model: String = "model", inputs: [TensorSpec],
        outputs: [TensorSpec],
        examples: [String], content: String = "times 10"
    ) throws {
        let lines = examples.joined(separator: "\n") + "\n"
        let digest = Digest(of: Array(content.utf8))
        let manifest = BundleManifest(
            engine: engine, model: model, task: nil, signature: Signature(inputs: inputs, outputs: outputs),
            proof: BundleManifest.Proof(
                examples: "examples.jsonl", count: examples.count, origin: .original, outputs: outputs.map(\.name),
                tolerance: .standard, replayAtStart: .all),
            baseline: nil,
            files: [
                try BundleFile(path: model, digest: digest, byteCount: content.utf8.count),
                try BundleFile(
                    path: "examples.jsonl", digest: Digest(of: Array(lines.utf8)), byteCount: lines.utf8.count),
            ])
        files["\(folder)/manifest.json"] = manifest.canonicalBytes
        files["\(folder)/examples.jsonl"] = Array(lines.utf8)
        files["\(folder)/\(model)"] = Array(content.utf8)
    }
}

/// Opens engines of one number that is multiplied by ten; whose path contains “broken” is refused.
struct StubRuntime: EngineRuntime {
    let identity = EngineIdentity(name: "stub", version: "1", build: "test")

    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        guard !file.path.contains("broken") else { throw .modelRefused(reason: "it is broken") }
        return StubEngine([spec("x", .float32, nil)], [spec("score", .float32, nil)]) { inputs, _ in
            [Tensor(.float32, shape: inputs[0].shape, elements: inputs[0].elements(as: Float.self).map { $0 * 10 })]
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import ModelPackaging
import ProjectFiles
import Tensors
import TestSupport
import Testing

/// Packing on an engine whose model is `score = first + 10 · second`.
struct PackagerTests {
    private func pack(
        _ files: [String: String], score: @escaping @Sendable (Float, Float) -> Float = { $0 + 10 * $1 },
        at time: Int64 = 0, choices: Packager.Choices = .init()
    ) async throws -> PackedBundle {
        try Packager(
            folder: MemoryFolder(files), runtimes: { _ in FakeRuntime(score: score) }, syntax: YAMLSyntax(),
            stamp: PackingStamp(time: Timestamp(microseconds: time), actor: "ada", tool: "test"),
            preparer: { throw noPreparer }
        ).pack(choices)
    }

    private let files = [
        "model.onnx": "weights",
        "slipway.yaml": """
        model: {name: tiny, signature: {columns: {first: {}, second: {range: [0, 9]}}}}
        proof: {examples: {data: examples.csv}}
        baseline: {data: train.csv}
        """,
        "examples.csv": "first,second,score\n1,2,21\n3,4,43\n",
        "train.csv": "first,second,target\n1,2,0\n3,4,1\n,5,1\n",
    ]

    @Test func agreementWithTheOriginalIsProof() async throws {
        let bundle = try await pack(files)
        #expect(bundle.verdict.isProven)
        #expect(bundle.verdict.replayed == 2)
        #expect(bundle.model.name.rawValue == "tiny")
        #expect(bundle.manifest.proof?.origin == .original)
        #expect(bundle.manifest.proof?.outputs == ["score"])
    }

    /// A model that answers otherwise is refused, and the rows are named.
    @Test func aModelThatAnswersOtherwiseIsRefused() async throws {
        let failure = await #expect(throws: ProofFailed.self) {
            try await pack(files, score: { $0 + 10 * $1 + ($0 > 2 ? 0.5 : 0) })
        }
        let verdict = try #require(failure).verdict
        #expect(verdict.differingRows == 1)
        #expect(verdict.differences.first?.row == 1)
        #expect(verdict.differences.first?.line.contains("expected 43.0, got 43.5") == true)
        #expect(try #require(failure).explanation.code == .answersDiffer)
    }

    /// Within the stated tolerance, and not beyond it.
    @Test func theToleranceDecides() async throws {
        var loose = files
        loose["slipway.yaml"]? += "\n"
        loose["slipway.yaml"] = files["slipway.yaml"]?.replacing(
            "proof: {", with: "proof: {tolerance: {absolute: 0.6, relative: 0}, ")
        let off: @Sendable (Float, Float) -> Float = { $0 + 10 * $1 + 0.5 }
        #expect(try await pack(loose, score: off).verdict.holds)
        await #expect(throws: ProofFailed.self) { try await pack(loose, score: { $0 + 10 * $1 + 0.7 }) }
    }

    /// An engine that answers a row otherwise when it has company does not pass.
    @Test func rowsMustNotDependOnTheirCompany() async throws {
        struct Moody: EngineRuntime {
            let identity = EngineIdentity(name: "fake", version: "1", build: "test")
            final class Engine: InferenceEngine {
                let inner = FakeEngine()
                var inputs: [TensorSpec] { inner.inputs }
                var outputs: [TensorSpec] { inner.outputs }
                func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
                    let answers = try inner.run(inputs)
                    guard inputs[0].shape[0] > 1 else { return answers }
                    return [
                        Tensor(
                            .float32, shape: answers[0].shape,
                            elements: answers[0].elements(as: Float.self).map { $0 + 1 })
                    ]
                }
            }
            func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine { Engine() }
        }
        let packager = Packager(
            folder: MemoryFolder(files), runtimes: { _ in Moody() }, syntax: YAMLSyntax(),
            stamp: PackingStamp(time: Timestamp(microseconds: 0), actor: "ada", tool: "test"),
            preparer: { throw noPreparer })
        #expect(throws: ProofFailed.self) { try packager.pack() }
    }

    @Test func theSameContentHasTheSameDigest() async throws {
        let first = try await pack(files, at: 1)
        let second = try await pack(files, at: 2)
        #expect(first.digest == second.digest)
        #expect(first.provenanceBytes != second.provenanceBytes)
        var renamed = files
        renamed["slipway.yaml"] = files["slipway.yaml"]?.replacing("tiny", with: "other")
        #expect(try await pack(renamed).digest == first.digest)
        var changed = files
        changed["model.onnx"] = "other weights"
        #expect(try await pack(changed).digest != first.digest)
    }

    /// Without an original, Slipway records its own answers, and says everywhere that they prove nothing.
    @Test func ownRecordingsAreNoProof() async throws {
        var plain = files
        plain["examples.csv"] = "first,second\n1,2\n3,4\n"
        let bundle = try await pack(plain)
        #expect(bundle.manifest.proof?.origin == .recordedBySlipway)
        #expect(bundle.verdict.holds)
        #expect(!bundle.verdict.isProven)
        #expect(bundle.verdict.line.hasPrefix("not proven"))
        #expect(String(decoding: bundle.provenanceBytes, as: UTF8.self).contains(#""proven":false"#))
    }

    /// Training data may hold what nobody may see: its profile travels, and never a row of it.
    @Test func withoutExamplesNoTrainingRowTravels() async throws {
        var bare = files
        bare["slipway.yaml"] = "baseline: {data: train.csv}\nmodel: {signature: {columns: {first: {}, second: {}}}}"
        bare["train.csv"] = "first,second\n1,271828\n3,314159\n"
        let bundle = try await pack(bare)
        #expect(bundle.manifest.proof?.count == 1)
        #expect(bundle.verdict.line.hasPrefix("not proven"))
        let examples = try #require(bundle.contents.first { $0.file.path == "examples.jsonl" })
        guard case .bytes(let bytes) = examples.content else { return #expect(Bool(false)) }
        #expect(!String(decoding: bytes, as: UTF8.self).contains("271828"))
    }

    /// The manifest that comes back from its bytes is the one that was written.
    @Test func theManifestSurvivesItsJSON() async throws {
        let manifest = try await pack(files).manifest
        #expect(try BundleManifest(manifest: manifest.canonicalBytes) == manifest)
    }

    @Test func theBaselineHoldsProfilesAndNoRows() async throws {
        let bundle = try await pack(files)
        let entry = try #require(bundle.contents.first { $0.file.path == "baseline.json" })
        guard case .bytes(let bytes) = entry.content else { return #expect(Bool(false)) }
        let json = try JSONValue.parse(bytes)
        let columns = try #require(json["columns"]?.elements)
        #expect(columns.map { $0["name"]?.string } == ["first", "second"])
        #expect(columns[0]["missing"]?.integer == 1)
        #expect(columns[1]["maximum"]?.double == 5)
        #expect(json["rows"]?.integer == 3)
    }

    /// A table's header names the columns of the one matrix, when nothing else does.
    @Test func theHeaderNamesTheColumns() async throws {
        var choices = Packager.Choices()
        choices.examples = "examples.csv"
        let bundle = try await pack(
            ["tiny.onnx": "weights", "examples.csv": "first,second,score\n1,2,21\n"], choices: choices)
        #expect(bundle.manifest.signature.layout.fields.map(\.name) == ["first", "second"])
        #expect(bundle.model.name.rawValue == "tiny")
        #expect(bundle.verdict.isProven)
    }

    @Test(arguments: [
        ("model: {signature: {columns: {a: {}, b: {}, c: {}}}}", ErrorCode.wrongValue),
        ("model: {signature: {columns: {first: {type: int64}, second: {}}}}", .wrongValue),
        ("proof: {examples: {data: nowhere.csv}}", .fileMissing),
        ("proof: {examples: {data: examples.csv, outputs: [nothing]}}", .examplesUnusable),
        ("model: {source: broken.onnx}", .fileMissing),
        ("model: {source: model.pkl}", .modelNotFound),
    ])
    func whatDoesNotFitIsExplained(yaml: String, code: ErrorCode) async throws {
        var odd = files
        odd["slipway.yaml"] = yaml
        let failure = await #expect(throws: (any Error).self) { try await pack(odd) }
        #expect((failure as? any ExplainedError)?.explanation.code == code, "\(String(describing: failure))")
    }

    @Test func severalModelsAreNotGuessedAmong() async throws {
        let failure = await #expect(throws: Refusal.self) { try await pack(["a.onnx": "", "b.onnx": ""]) }
        #expect(failure?.explanation.code == .modelNotFound)
        #expect(failure?.explanation.message.contains("a.onnx, b.onnx") == true)
    }

    /// A bundle that was written somewhere is read back as it was, and proves itself again.
    @Test func aPackedBundleIsReadBackAndProvenAgain() async throws {
        let packed = try await pack(files)
        let folder = MemoryFolder(files: packed, weights: "weights")
        let again = try PackedBundle(reading: folder, runtimes: { _ in FakeRuntime() })
        #expect(again.digest == packed.digest)
        #expect(again.model == packed.model)
        #expect(again.endpoints == packed.endpoints)
        #expect(again.verdict.isProven)
        let renamed = try again.renamed(ModelName("other"), project: nil)
        #expect(renamed.endpoints.map(\.rawValue) == ["other"])
        #expect(renamed.digest == packed.digest)
        #expect(String(decoding: renamed.provenanceBytes, as: UTF8.self).contains(#""model":"other""#))
        #expect(throws: ProofFailed.self) {
            try PackedBundle(reading: folder, runtimes: { _ in FakeRuntime { first, _ in first } })
        }
    }

    /// How an endpoint treats its callers travels beside the bundle, and is no part of what the model is.
    @Test func settingsOfEndpointsTravelBesideTheBundle() async throws {
        var limited = files
        limited["slipway.yaml"] =
            (files["slipway.yaml"] ?? "") + "\nendpoints: {churn: {limits: {deadline: 100ms}, run_on: lane}, other: {}}"
        let packed = try await pack(limited)
        #expect(packed.endpointSettings == [try EndpointName("churn"): [.deadline: "100ms", .runOn: "lane"]])
        #expect(packed.digest == (try await pack(files)).digest)
        let again = try PackedBundle(
            reading: MemoryFolder(files: packed, weights: "weights"), runtimes: { _ in FakeRuntime() })
        #expect(again.endpointSettings == packed.endpointSettings)
        let moved = try again.renamed(nil, project: ProjectName("p"))
        #expect(moved.endpointSettings == packed.endpointSettings)
        #expect(try again.renamed(ModelName("other"), project: nil).endpointSettings.isEmpty)
    }

    @Test(arguments: ["model.onnx", "examples.jsonl", "baseline.json", "manifest.json"])
    func aBundleThatWasChangedIsRefused(path: String) async throws {
        let folder = MemoryFolder(files: try await pack(files), weights: "weights")
        try folder.create(path, try folder.read(path, limit: .max) + [0x20])
        let failure = #expect(throws: Refusal.self) {
            try PackedBundle(reading: folder, runtimes: { _ in FakeRuntime() })
        }
        #expect(failure?.explanation.code == .bundleDamaged)
    }
}

extension MemoryFolder {
    /// The folder that a bundle is written to.
    convenience init(files bundle: PackedBundle, weights: String) {
        var contents = [
            BundleManifest.fileName: String(decoding: bundle.manifestBytes, as: UTF8.self),
            PackedBundle.provenanceName: String(decoding: bundle.provenanceBytes, as: UTF8.self),
        ]
        for (file, content) in bundle.contents {
            switch content {
            case .bytes(let bytes): contents[file.path] = String(decoding: bytes, as: UTF8.self)
            case .file, .elsewhere: contents[file.path] = weights
            }
        }
        self.init(contents)
    }
}

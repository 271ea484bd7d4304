// SPDX-License-Identifier: Apache-2.0

/// Everything of a bundle that changes answers, and nothing else: who packed it and when stands in its provenance.
///
/// Its canonical JSON is the bundle's `manifest.json`, and the SHA-256 of that is the bundle's digest: the same content
/// has the same digest on any machine.
package struct BundleManifest: Sendable, Hashable {
    package static let schema = "slipway.bundle/1"
    package static let fileName = "manifest.json"

    /// What the recorded answers are, and how closely they must be met.
    package struct Proof: Sendable, Hashable {
        /// Path of the examples, one JSON object a line: `{"inputs": {…}, "outputs": {…}}`.
        package let examples: String
        package let count: Int
        package let origin: ExampleOrigin
        /// The outputs that were recorded.
        package let outputs: [String]
        package let tolerance: Tolerance
        package let replayAtStart: ReplayCount
        /// How many of them, the last ones, were made to lie at edges, and look like no row that was ever seen.
        package let edgeCount: Int

        package init(
            examples: String, count: Int, origin: ExampleOrigin, outputs: [String], tolerance: Tolerance,
            replayAtStart: ReplayCount, edgeCount: Int = 0
        ) {
            self.examples = examples
            self.count = count
            self.origin = origin
            self.outputs = outputs
            self.tolerance = tolerance
            self.replayAtStart = replayAtStart
            self.edgeCount = edgeCount
        }
    }

    /// What executes the model: `onnxruntime`.
    package let engine: String
    /// Path of the file that the engine opens.
    package let model: String
    /// `binary-classification`, `regression`, …; `nil` when it is not known.
    package let task: String?
    package let signature: Signature
    /// `nil` when nothing was recorded.
    package let proof: Proof?
    /// Path of the baseline profile.
    package let baseline: String?
    /// What of which column may be kept, by name; of the others their names and types decide.
    package let policies: [String: FieldPolicy]
    /// The column that says whom a row is about; `nil` where none does.
    package let subject: String?
    /// Every file of the bundle but the manifest and the provenance, by path.
    package let files: [BundleFile]

    package init(
        engine: String, model: String, task: String?, signature: Signature, proof: Proof?, baseline: String?,
        policies: [String: FieldPolicy] = [:], subject: String? = nil, files: [BundleFile]
    ) {
        self.policies = policies
        self.subject = subject
        self.engine = engine
        self.model = model
        self.task = task
        self.signature = signature
        self.proof = proof
        self.baseline = baseline
        self.files = files.sorted { $0.path < $1.path }
    }

    package func file(_ path: String) -> BundleFile? { files.first { $0.path == path } }
}

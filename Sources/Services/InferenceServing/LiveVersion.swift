// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import PredictionExplaining
package import Tensors

/// A version that is loaded, has proven itself, and may answer.
///
/// Held by the serving tables and by every request that it answers: when the last of them lets go, its engine's memory is
/// given back.
package final class LiveVersion: Sendable {
    package let version: ModelVersion
    package let signature: Signature
    package let engine: any InferenceEngine
    /// Whether no call of it may run on an event loop, however light.
    let isForLanes: Bool
    package let proof: ProofVerdict
    package let cost: RunCost
    /// Reads rows of named values against ``signature``.
    package let rows: RowDecoder
    /// The version number as the protocols spell it.
    package let versionText: String
    package let counts = VersionCounts()
    /// What it takes of the process's memory, as it was found when it was loaded.
    package let memory: MemoryUse
    let overruns = InlineOverruns()
    /// How its calls are joined on lanes.
    package let batching: VersionBatching
    let explainer: Explainer
    /// What is kept of columns of which the model's project says it.
    package let policies: [String: FieldPolicy]
    /// The column that says whom a row is about; `nil` where none does.
    package let subject: String?
    /// What executes it; `nil` where nobody knows.
    package let engineIdentity: EngineIdentity?
    /// A row that the version is known to answer, as JSON; `nil` without examples, or for a huge one.
    package let exampleRow: String?

    /// - Parameter background: Rows that explanations take replacements from, each one tensor for each input.
    /// - Throws: ``CodecError`` for a signature that rows cannot be read against.
    package init(
        version: ModelVersion, signature: Signature, engine: any InferenceEngine, proof: ProofVerdict, cost: RunCost,
        limits: CodecLimits, exampleRow: String? = nil, background: [[Tensor]] = [], memory: MemoryUse = MemoryUse(),
        policies: [String: FieldPolicy] = [:], subject: String? = nil, engineIdentity: EngineIdentity? = nil
    ) throws(CodecError) {
        self.engineIdentity = engineIdentity
        self.policies = policies
        self.subject = subject
        self.memory = memory
        explainer = Explainer(engine, signature, rows: background)
        self.exampleRow = exampleRow
        self.version = version
        self.signature = signature
        self.engine = engine
        isForLanes = engine.runsElsewhere
        self.proof = proof
        self.cost = cost
        batching = VersionBatching(cost)
        rows = try RowDecoder(layout: signature.layout, limits: limits)
        versionText = String(version.number)
    }
}

/// What a call of a version costs, measured when it was warmed.
package struct RunCost: Sendable, Hashable {
    /// Of a call with one row.
    package let oneRowNanoseconds: Int
    /// Of each further row in the same call.
    package let furtherRowNanoseconds: Int
    /// Of the inputs of that one row. Where callers decide more sizes than the number of rows, theirs may be larger.
    package let oneRowBytes: Int
    /// Whether rows of several requests may be one call.
    package let joint: Joinability

    package init(
        oneRowNanoseconds: Int, furtherRowNanoseconds: Int, oneRowBytes: Int = .max,
        joint: Joinability = .never(.unmeasured)
    ) {
        self.joint = joint
        self.oneRowNanoseconds = oneRowNanoseconds
        self.furtherRowNanoseconds = furtherRowNanoseconds
        self.oneRowBytes = oneRowBytes
    }

    /// What a call is expected to cost; rows larger than the measured one cost in proportion.
    ///
    /// - Parameter byteCount: Of all inputs together.
    package func nanoseconds(rowCount: Int, byteCount: Int) -> Int {
        let rows = Double(max(rowCount, 1))
        let usual = Double(oneRowNanoseconds) + Double(furtherRowNanoseconds) * (rows - 1)
        return Int(exactly: (usual * sizeFactor(rowCount: rowCount, byteCount: byteCount)).rounded()) ?? .max
    }

    /// How much larger rows are than the measured one, and at least 1.
    func sizeFactor(rowCount: Int, byteCount: Int) -> Double {
        max(1, Double(byteCount) / (Double(max(oneRowBytes, 1)) * Double(max(rowCount, 1))))
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
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
    /// Whether calls that wait may be joined into one.
    let joinsCalls: Bool
    package let proof: ProofVerdict
    package let cost: RunCost
    /// Reads rows of named values against ``signature``.
    package let rows: RowDecoder
    /// The version number as the protocols spell it.
    package let versionText: String
    package let counts = VersionCounts()
    let overruns = InlineOverruns()
    /// A row that the version is known to answer, as JSON; `nil` without examples, or for a huge one.
    package let exampleRow: String?

    /// - Throws: ``CodecError`` for a signature that rows cannot be read against.
    package init(
        version: ModelVersion, signature: Signature, engine: any InferenceEngine, proof: ProofVerdict, cost: RunCost,
        limits: CodecLimits, exampleRow: String? = nil
    ) throws(CodecError) {
        self.exampleRow = exampleRow
        self.version = version
        self.signature = signature
        self.engine = engine
        isForLanes = engine.runsElsewhere
        joinsCalls = engine.runsElsewhere && signature.isBatched
        self.proof = proof
        self.cost = cost
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

    package init(oneRowNanoseconds: Int, furtherRowNanoseconds: Int, oneRowBytes: Int = .max) {
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
        let size = Double(byteCount) / (Double(max(oneRowBytes, 1)) * rows)
        return Int(exactly: (usual * max(size, 1)).rounded()) ?? .max
    }
}

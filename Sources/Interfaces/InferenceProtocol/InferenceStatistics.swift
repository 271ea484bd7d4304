// SPDX-License-Identifier: Apache-2.0
package import InferenceServing

/// What became of an endpoint's requests since the server started, as Triton's statistics count it.
///
/// Times are sums over requests. A request that was answered with several others counts the whole time of their call, as
/// it waited for all of it; `batches` has each call once.
package struct InferenceStatistics: Sendable {
    package struct Times: Sendable, Hashable {
        package let count: Int
        package let nanoseconds: Int
    }

    /// Calls of the engine with so many rows.
    package struct Batch: Sendable {
        package let rowCount: Int
        package let input: Times
        package let compute: Times
        package let output: Times
    }

    /// Rows that the engine answered, and its calls.
    package let inferenceCount: Int
    package let executionCount: Int
    /// How long ago the last answer was made; `nil` without one.
    package let nanosecondsSinceLast: Int?
    package let success: Times
    package let failure: Times
    package let queue: Times
    /// Decoding, and putting rows of several requests together.
    package let computeInput: Times
    package let computeInfer: Times
    /// Taking answers apart, and encoding them.
    package let computeOutput: Times
    package let cacheHit: Times
    package let cacheMiss: Times
    package let batches: [Batch]

    package init(_ counters: EndpointCounters) {
        let succeeded = counters.succeeded
        let computed = max(0, succeeded - counters.cacheHits)
        let sizes = counters.engineCalls.bySize
        inferenceCount = counters.rows
        executionCount = sizes.values.reduce(0) { $0 + $1.calls }
        nanosecondsSinceLast = counters.nanosecondsSinceLastInference
        success = Times(count: succeeded, nanoseconds: counters.successNanoseconds)
        failure = Times(count: counters.failed, nanoseconds: counters.failureNanoseconds)
        queue = Times(count: succeeded, nanoseconds: counters.queueNanoseconds)
        computeInput = Times(
            count: computed, nanoseconds: counters.decodeNanoseconds + counters.assemblyNanoseconds)
        computeInfer = Times(count: computed, nanoseconds: counters.runNanoseconds)
        computeOutput = Times(
            count: computed, nanoseconds: counters.splittingNanoseconds + counters.encodeNanoseconds)
        cacheHit = Times(count: counters.cacheHits, nanoseconds: counters.cacheHitNanoseconds)
        cacheMiss = Times(count: counters.cacheMisses, nanoseconds: counters.cacheMissNanoseconds)
        batches = sizes.sorted { $0.key < $1.key }.map { rowCount, size in
            Batch(
                rowCount: rowCount, input: Times(count: size.calls, nanoseconds: size.assembly),
                compute: Times(count: size.calls, nanoseconds: size.compute),
                output: Times(count: size.calls, nanoseconds: size.splitting))
        }
    }
}

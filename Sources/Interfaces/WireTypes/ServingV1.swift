// SPDX-License-Identifier: Apache-2.0

/// Whether, and why, requests that wait at an endpoint share calls of its engine.
package struct BatchingV1: Codable, Sendable, Equatable {
    package let joins: Bool
    package let reason: String
    /// The most rows of a shared call at the moment, and what that may grow to; 1 where none are shared.
    package let rowCap: Int
    package let rowLimit: Int
    /// Calls of the version that answers, on lanes; requests that they answered, and rows of those.
    package let calls: Int
    package let requests: Int
    package let rows: Int

    package init(
        joins: Bool, reason: String, rowCap: Int, rowLimit: Int, calls: Int, requests: Int, rows: Int
    ) {
        self.joins = joins
        self.reason = reason
        self.rowCap = rowCap
        self.rowLimit = rowLimit
        self.calls = calls
        self.requests = requests
        self.rows = rows
    }
}

/// Where the time of predictions went: sums over those that were made, in nanoseconds.
package struct StageTimesV1: Codable, Sendable, Equatable {
    package let predictions: Int
    package let decodeNanoseconds: Int
    package let queueNanoseconds: Int
    /// Putting rows of several requests together, and taking their answers apart.
    package let batchNanoseconds: Int
    package let computeNanoseconds: Int
    package let encodeNanoseconds: Int

    package init(
        predictions: Int, decodeNanoseconds: Int, queueNanoseconds: Int, batchNanoseconds: Int,
        computeNanoseconds: Int, encodeNanoseconds: Int
    ) {
        self.predictions = predictions
        self.decodeNanoseconds = decodeNanoseconds
        self.queueNanoseconds = queueNanoseconds
        self.batchNanoseconds = batchNanoseconds
        self.computeNanoseconds = computeNanoseconds
        self.encodeNanoseconds = encodeNanoseconds
    }
}

/// Answers that an endpoint keeps.
package struct CacheV1: Codable, Sendable, Equatable {
    package let byteLimit: Int
    package let byteCount: Int
    package let entries: Int
    /// Over all versions since the server started.
    package let hits: Int
    package let misses: Int

    package init(byteLimit: Int, byteCount: Int, entries: Int, hits: Int, misses: Int) {
        self.byteLimit = byteLimit
        self.byteCount = byteCount
        self.entries = entries
        self.hits = hits
        self.misses = misses
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Counts and times of one endpoint since the server started.
package struct RequestCountsV1: Codable, Sendable, Equatable {
    package let accepted: Int
    /// Accepted and answered, failures included.
    package let answered: Int
    /// Answered without a prediction.
    package let failed: Int
    /// Refused by cause; on arrival, or after they had waited.
    package let refused: [String: Int]
    /// Requests that wait for a lane, and that run on one, at this moment.
    package let waiting: Int
    package let running: Int
    /// The most that run on lanes at once.
    package let concurrency: Int
    package let rows: Int
    /// Sums over the predictions that were made, in nanoseconds.
    package let queueNanoseconds: Int
    package let runNanoseconds: Int

    package init(
        accepted: Int, answered: Int, failed: Int, refused: [String: Int] = [:], waiting: Int = 0, running: Int = 0,
        concurrency: Int = 1, rows: Int = 0, queueNanoseconds: Int = 0, runNanoseconds: Int = 0
    ) {
        self.accepted = accepted
        self.answered = answered
        self.failed = failed
        self.refused = refused
        self.waiting = waiting
        self.running = running
        self.concurrency = concurrency
        self.rows = rows
        self.queueNanoseconds = queueNanoseconds
        self.runNanoseconds = runNanoseconds
    }
}

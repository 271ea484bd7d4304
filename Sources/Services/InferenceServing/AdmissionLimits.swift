// SPDX-License-Identifier: Apache-2.0

/// An endpoint's limits as its queue applies them.
package struct AdmissionLimits: Sendable, Hashable {
    /// The most that wait.
    package var queue = 1024
    /// The most that run at once; `nil` for what is measured.
    package var concurrency: Int?
    /// The longest wait while a queue stands; `nil` for what is measured.
    package var waitNanoseconds: Int?

    package init(queue: Int = 1024, concurrency: Int? = nil, waitNanoseconds: Int? = nil) {
        self.queue = queue
        self.concurrency = concurrency
        self.waitNanoseconds = waitNanoseconds
    }
}

/// Why a prediction was not computed.
package enum RefusalCause: String, Sendable, CaseIterable {
    /// As many wait as may.
    case queueFull = "queue_full"
    /// The caller has their share of the queue already.
    case share
    /// The caller sends more than their rate.
    case rate
    /// The deadline had passed.
    case deadline
    /// It would have passed before the turn came.
    case wouldMissDeadline = "would_miss_deadline"
    /// More arrives than can be answered, and a queue would make everybody late.
    case standingQueue = "overload"
    /// The caller had gone.
    case abandoned
}

// SPDX-License-Identifier: Apache-2.0

/// Somebody who waits until a record is on the disk.
struct DurableWait: Sendable {
    let key: PredictionLog.EndpointKey
    private let counters: LogCounters
    /// What the endpoint had lost before the record was handed over.
    private let losses: Int
    let done: @Sendable (Bool) -> Void

    init(_ plan: LogPlan, losses: Int, done: @escaping @Sendable (Bool) -> Void) {
        key = PredictionLog.EndpointKey(project: plan.schema.project, endpoint: plan.schema.endpoint)
        counters = plan.counters
        self.losses = losses
        self.done = done
    }

    /// Called by the writer, once it has tried to write and sync all that was there.
    func end(isWritten: Bool) { done(isWritten && counters.losses == losses) }
}

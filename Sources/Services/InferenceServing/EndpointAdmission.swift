// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution
internal import Synchronization

/// What one endpoint keeps from request to request in order to decide who may come in: its queue, and its callers' rates.
///
/// Belongs to one ``InferenceService``. `@unchecked Sendable`: `queue` and `isInTurn` are used under the lock of its
/// ``Lanes`` only.
package final class EndpointAdmission: @unchecked Sendable {
    var queue: AdmissionQueue<LaneWork>
    /// Whether it stands among the endpoints that take turns.
    var isInTurn = false
    private let rates = Mutex(CallerRates())
    private let waitingNow = Atomic<Int>(0)
    private let runningNow = Atomic<Int>(0)
    private let concurrencyNow = Atomic<Int>(0)

    /// - Parameter cores: The least that the measured concurrency lets run at once.
    package init(cores: Int = availableCores) {
        queue = AdmissionQueue(cores: max(1, cores))
        concurrencyNow.store(queue.concurrency, ordering: .relaxed)
    }

    /// Requests that wait for a lane.
    package var waiting: Int { waitingNow.load(ordering: .relaxed) }
    /// Requests that run on lanes.
    package var running: Int { runningNow.load(ordering: .relaxed) }
    /// The most requests that run on lanes at once, as configured or as found.
    package var concurrency: Int { concurrencyNow.load(ordering: .relaxed) }

    /// Under the lock of the lanes.
    func publishGauges() {
        waitingNow.store(queue.waiting, ordering: .relaxed)
        runningNow.store(queue.running, ordering: .relaxed)
        concurrencyNow.store(queue.concurrency, ordering: .relaxed)
    }

    /// Takes a token of `caller`. The only lock on the way of a call that runs inline, and only where there is a rate.
    ///
    /// - Returns: `nil` when there was one, else the nanoseconds until there is.
    func takeToken(of caller: CallerKey, at rate: RequestRate, now: Moment) -> Int? {
        rates.withLock { $0.take(from: caller, at: rate, now: now) }
    }
}

/// Cores that this process may use.
package let availableCores = max(1, ProcessInfo.processInfo.activeProcessorCount)

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Synchronization
package import Tensors

/// The one place that answers predictions, whichever protocol asked.
package final class InferenceService: Sendable {
    /// Calls that are expected to take longer than this leave the event loop for a lane.
    package let inlineBudgetNanoseconds: Int
    private let lane: Lane
    private let publication = Mutex(Publication())

    private struct Publication {
        var table = ServingTable.empty
        var subscribers: [@Sendable (_ done: @escaping @Sendable () -> Void) -> Void] = []
    }

    /// - Parameters:
    ///   - laneThreads: Threads for calls above the inline budget.
    ///   - queueLimit: The most such calls that wait; one more is refused.
    package init(laneThreads: Int, queueLimit: Int, inlineBudgetNanoseconds: Int = 100_000) {
        self.inlineBudgetNanoseconds = inlineBudgetNanoseconds
        lane = Lane(named: "inference", threads: laneThreads, capacity: queueLimit)
    }

    package var table: ServingTable { publication.withLock(\.table) }

    /// Tells `subscriber` now and whenever there is another ``table``; it takes that up and then calls `done`.
    ///
    /// An event loop subscribes once and keeps the table in a variable of its own, so that a request takes no lock.
    package func subscribe(_ subscriber: @escaping @Sendable (_ done: @escaping @Sendable () -> Void) -> Void) {
        publication.withLock { $0.subscribers.append(subscriber) }
        subscriber {}
    }

    /// Switches every subscriber to `table`. When this returns, no new request sees the old one.
    package func publish(_ table: ServingTable) async {
        let subscribers = publication.withLock { publication in
            publication.table = table
            return publication.subscribers
        }
        await withTaskGroup(of: Void.self) { group in
            for subscriber in subscribers {
                group.addTask { await withCheckedContinuation { done in subscriber { done.resume() } } }
            }
        }
    }

    /// Where an answer comes from.
    package enum Answer {
        /// It is here.
        case now(Result<[Tensor], ServingError>)
        /// `completion` will get it, on a thread of the lane.
        case later
    }

    /// Runs one request on the version that its event loop's table names.
    ///
    /// - Parameters:
    ///   - inputs: As ``Signature/arrange(_:)`` or the row decoder made them.
    ///   - rowCount: Rows in the call, which decide whether it is light enough to run here.
    ///   - completion: Called exactly once, and only after `.later` was returned.
    /// - Returns: The answer itself when the call is expected to fit the inline budget.
    package func answer(
        _ inputs: [Tensor], rowCount: Int, with live: LiveVersion, counters: EndpointCounters,
        completion: @escaping @Sendable (Result<[Tensor], ServingError>) -> Void
    ) -> Answer {
        counters.accept()
        let byteCount = inputs.reduce(0) { $0 + $1.storage.byteCount }
        if live.cost.nanoseconds(rowCount: rowCount, byteCount: byteCount) <= inlineBudgetNanoseconds {
            return .now(run(inputs, with: live, counters: counters))
        }
        let taken = lane.submit { [self] in completion(run(inputs, with: live, counters: counters)) }
        if taken { return .later }
        counters.answer(failed: true)
        return .now(.failure(.overloaded(queued: lane.waitingCount)))
    }

    private func run(
        _ inputs: [Tensor], with live: LiveVersion, counters: EndpointCounters
    ) -> Result<[Tensor], ServingError> {
        do throws(EngineError) {
            let outputs = try live.engine.run(inputs)
            counters.answer(failed: false)
            return .success(outputs)
        } catch {
            counters.answer(failed: true)
            return .failure(.engine(error))
        }
    }
}

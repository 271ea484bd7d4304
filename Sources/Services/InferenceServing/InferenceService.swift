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

    /// Runs one request where it arrived, on the version that its event loop's table names.
    ///
    /// - Returns: `nil`, and nothing was done, when the call is not expected to fit the inline budget: then it is for
    ///   ``answerLater(_:completion:)``.
    package func answerNow(_ call: InferenceCall) -> Result<[Tensor], ServingError>? {
        let byteCount = call.inputs.reduce(0) { $0 + $1.storage.byteCount }
        guard call.live.cost.nanoseconds(rowCount: call.rowCount, byteCount: byteCount) <= inlineBudgetNanoseconds
        else { return nil }
        call.accept()
        return run(call)
    }

    /// Runs one request on the lane.
    ///
    /// - Parameter completion: Called exactly once, on a thread of the lane, unless this throws.
    /// - Throws: ``ServingError/overloaded(queued:)`` when too many wait already.
    package func answerLater(
        _ call: InferenceCall, completion: @escaping @Sendable (Result<[Tensor], ServingError>) -> Void
    ) throws(ServingError) -> PendingAnswer {
        let pending = PendingAnswer()
        call.accept()
        let taken = lane.submit { [self] in
            if pending.isAbandoned {
                call.answer(failed: true)
                completion(.failure(.abandoned))
            } else {
                completion(run(call))
            }
        }
        guard !taken else { return pending }
        call.answer(failed: true)
        throw .overloaded(queued: lane.waitingCount)
    }

    private func run(_ call: InferenceCall) -> Result<[Tensor], ServingError> {
        do throws(EngineError) {
            let outputs = try call.live.engine.run(call.inputs)
            call.answer(failed: false)
            return .success(outputs)
        } catch {
            call.answer(failed: true)
            return .failure(.engine(error))
        }
    }
}

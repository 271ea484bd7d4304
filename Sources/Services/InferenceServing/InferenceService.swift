// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Synchronization

/// The one place that answers predictions, whichever protocol asked.
package final class InferenceService: Sendable {
    /// Calls that are expected to take longer than this leave the event loop for a lane.
    package let inlineBudgetNanoseconds: Int
    let lanes: Lanes
    /// The most that wait at an endpoint that does not say it.
    let queueLimit: Int
    /// What every prediction is told to; `nil` where nothing keeps them.
    package let sink: (any PredictionSink)?
    private let publication = Mutex(Publication())
    private let loading = Mutex<(@Sendable (EndpointState) -> Void)?>(nil)

    private struct Publication {
        var table = ServingTable.empty
        var subscribers: [@Sendable (_ done: @escaping @Sendable () -> Void) -> Void] = []
    }

    /// - Parameters:
    ///   - laneThreads: Threads for calls above the inline budget.
    ///   - queueLimit: The most such calls that wait at an endpoint whose settings leave it open.
    package init(
        laneThreads: Int, queueLimit: Int, inlineBudgetNanoseconds: Int = 100_000, sink: (any PredictionSink)? = nil
    ) {
        self.sink = sink
        self.inlineBudgetNanoseconds = inlineBudgetNanoseconds
        self.queueLimit = queueLimit
        lanes = Lanes(threads: laneThreads)
    }

    deinit { lanes.close() }

    package var table: ServingTable { publication.withLock(\.table) }

    /// Has `load` called for a cold endpoint that is asked for. It settles the endpoint's ``Awakening``.
    package func loadsColdEndpoints(by load: @escaping @Sendable (EndpointState) -> Void) {
        loading.withLock { $0 = load }
    }

    func wake(_ state: EndpointState) {
        guard let load = loading.withLock(\.self) else {
            return state.awakening.settle(.failure(.notReady(state.record.name, because: state.problem)))
        }
        load(state)
    }

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
}

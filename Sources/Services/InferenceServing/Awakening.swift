// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Synchronization

/// What waits at one endpoint for its model to be loaded, and how loading went so far. The same one for as long as the
/// endpoint is there.
///
/// Whoever loads is told once, by the first who waits, and settles all of them together.
package final class Awakening: Sendable {
    /// After a load that failed nothing is tried for so long, twice as long after each further one.
    static let firstPause = 1_000_000_000
    static let longestPause = 60_000_000_000

    struct Waiter {
        let pending: PendingAnswer
        let completion: @Sendable (Result<EndpointState, ServingError>) -> Void
    }

    private struct State {
        var waiters: [ObjectIdentifier: Waiter] = [:]
        var isLoading = false
        var failures = 0
        /// Until when nothing is tried, and why.
        var pause: (until: Moment, reason: Explanation)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Requests that wait for the model; some of their callers may have gone.
    package var waiting: Int { state.withLock(\.waiters.count) }

    /// Whether somebody brings the model into memory.
    package var isLoading: Bool { state.withLock(\.isLoading) }

    /// Takes one more to wait.
    ///
    /// - Returns: Whether whoever loads has to be told; otherwise they are at it.
    /// - Throws: ``ServingError/notReady(_:because:)`` while loading pauses, ``ServingError/overloaded(queued:retryAfter:)``
    ///   when as many wait as may.
    func enter(_ waiter: Waiter, limit: Int, at name: EndpointName, now: Moment) throws(ServingError) -> Bool {
        let (result, gone) = state.withLock { state -> (Result<Bool, ServingError>, [Waiter]) in
            if !state.isLoading, let pause = state.pause, now < pause.until {
                let wait = retrySeconds(after: pause.until.since(now))
                return (.failure(.notReady(name, because: pause.reason.retrying(after: wait))), [])
            }
            var gone: [Waiter] = []
            if state.waiters.count >= limit {
                gone = state.waiters.values.filter(\.pending.isAbandoned)
                for waiter in gone { state.waiters[ObjectIdentifier(waiter.pending)] = nil }
            }
            guard state.waiters.count < limit else {
                return (.failure(.overloaded(queued: state.waiters.count, retryAfter: 1)), gone)
            }
            state.waiters[ObjectIdentifier(waiter.pending)] = waiter
            defer { state.isLoading = true }
            return (.success(!state.isLoading), gone)
        }
        for waiter in gone { waiter.completion(.failure(.abandoned)) }
        return try result.get()
    }

    /// Lets go of one that waits, unless it was settled before.
    ///
    /// - Returns: Whether it was still waiting.
    func leave(_ pending: PendingAnswer, because error: ServingError) -> Bool {
        guard let waiter = state.withLock({ $0.waiters.removeValue(forKey: ObjectIdentifier(pending)) }) else {
            return false
        }
        waiter.completion(.failure(error))
        return true
    }

    /// Whether anybody still waits. When nobody does, the next who comes has to tell whoever loads again.
    package func isWanted() -> Bool {
        let (isWanted, gone) = state.withLock { state -> (Bool, [Waiter]) in
            let gone = state.waiters.values.filter(\.pending.isAbandoned)
            for waiter in gone { state.waiters[ObjectIdentifier(waiter.pending)] = nil }
            if state.waiters.isEmpty { state.isLoading = false }
            return (state.isLoading, gone)
        }
        for waiter in gone { waiter.completion(.failure(.abandoned)) }
        return isWanted
    }

    /// Whoever brings the model in without having been asked by a request says so.
    ///
    /// - Returns: Whether nobody else is at it.
    package func begin() -> Bool {
        state.withLock { state in
            defer { state.isLoading = true }
            return !state.isLoading
        }
    }

    /// The model is there, or will not be: everybody who waits goes on.
    package func settle(_ result: Result<EndpointState, ServingError>) {
        let waiters = state.withLock { state in
            state.isLoading = false
            if case .success = result {
                state.failures = 0
                state.pause = nil
            }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.completion(result) }
    }

    /// Loading failed: everybody who waits is told why, and for a while so is everybody who comes.
    package func fail(_ reason: Explanation, at name: EndpointName, now: Moment = .now) {
        let pause = state.withLock { state in
            let doublings = min(state.failures, 6)
            let pause = min(Self.longestPause, Self.firstPause << doublings)
            state.failures += 1
            state.pause = (now.after(pause), reason)
            return pause
        }
        settle(.failure(.notReady(name, because: reason.retrying(after: retrySeconds(after: pause)))))
    }
}

extension Explanation {
    fileprivate func retrying(after seconds: Int) -> Explanation {
        Explanation(code, kind, message, hint: hint, details: details, retryAfterSeconds: seconds)
    }
}

/// An endpoint that was cold and answers now, and the terms of the request that waited for it.
package struct AwakenedEndpoint: Sendable {
    package let state: EndpointState
    package let terms: RequestTerms
}

extension ServingTable {
    /// The endpoint, as it came out of waiting for it, or as it is in this table.
    ///
    /// - Parameter awakened: What ``InferenceService/awaken(_:terms:completion:)`` gave; `nil` for a request that has not
    ///   waited.
    package func endpoint(_ name: String, or awakened: AwakenedEndpoint?) throws(ServingError) -> EndpointState {
        if let awakened, awakened.state.record.name.rawValue == name { return awakened.state }
        return try endpoint(name)
    }
}

extension InferenceService {
    /// Waits until a cold endpoint is loaded.
    ///
    /// An interface calls this where ``EndpointState/ready()`` throws ``ServingError/cold(_:)``, and decodes its request
    /// against ``AwakenedEndpoint/state`` afterwards, never against the table again: the endpoint may have gone cold.
    ///
    /// - Parameter completion: Called exactly once, unless this throws; on any thread.
    /// - Throws: Why waiting is no use: loading failed a moment ago, too many wait, the deadline has passed.
    package func awaken(
        _ state: EndpointState, terms: RequestTerms,
        completion: @escaping @Sendable (Result<AwakenedEndpoint, ServingError>) -> Void
    ) throws(ServingError) -> PendingAnswer {
        let now = Moment.now
        let own = state.deadlineNanoseconds.map(now.after) ?? .never
        let deadline = min(own, terms.deadline ?? .never)
        guard deadline > now else {
            state.counters.refuse(.deadline)
            throw .deadlineExceeded
        }
        let kept = RequestTerms(
            caller: terms.caller, deadline: deadline == .never ? nil : deadline, clock: terms.clock,
            priority: terms.priority, origin: terms.origin, trace: terms.trace)
        let pending = PendingAnswer()
        let patience = deadline == .never ? nil : Patience()
        let waiter = Awakening.Waiter(pending: pending) { result in
            patience?.end()
            if case .failure(.abandoned) = result { state.counters.refuse(.abandoned) }
            completion(result.map { AwakenedEndpoint(state: $0, terms: kept) })
        }
        let isFirst: Bool
        do throws(ServingError) {
            isFirst = try state.awakening.enter(
                waiter, limit: state.record.settings.queue ?? queueLimit, at: state.record.name, now: now)
        } catch {
            if case .overloaded = error { state.counters.refuse(.queueFull) }
            throw error
        }
        patience?.begin(deadline.since(now)) {
            if state.awakening.leave(pending, because: .deadlineExceeded) { state.counters.refuse(.deadline) }
        }
        if isFirst { wake(state) }
        return pending
    }
}

/// Does something when it has lasted long enough, unless it was ended before.
private final class Patience: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    func begin(_ nanoseconds: Int, _ body: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.task = Task {
                do { try await Task.sleep(for: .nanoseconds(nanoseconds)) } catch { return }
                body()
            }
        }
    }

    func end() {
        state.withLock { state in
            state.isOver = true
            state.task?.cancel()
            state.task = nil
        }
    }
}

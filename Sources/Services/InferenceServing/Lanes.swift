// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelExecution

/// Threads of our own for predictions that must not hold an event loop. Endpoints with work take turns.
///
/// One thread more than was asked for takes only work of endpoints of which nothing runs: when slow models hold all the
/// others, an endpoint does not have to wait for one of them to end.
///
/// `@unchecked Sendable`: `condition` guards everything below it, and the queues of the endpoints.
final class Lanes: @unchecked Sendable {
    private let condition = NSCondition()
    private let threadCount: Int
    /// Endpoints with something waiting, in the order of their turns.
    private var turns = Fifo<EndpointAdmission>()
    private var running = 0
    private var idle = 0
    private var isClosed = false

    init(threads: Int) {
        threadCount = max(1, threads)
        for index in 0...threadCount {
            let thread = Thread { [self] in work() }
            thread.name = "lane-\(index)"
            thread.start()
        }
    }

    /// Gives `work` to the threads.
    ///
    /// - Parameters:
    ///   - expected: How long it is thought to take, in nanoseconds.
    /// - Throws: Why it was not taken; then nothing else happens to it.
    func submit(
        _ work: LaneWork, of caller: CallerKey, until deadline: Moment, to endpoint: EndpointAdmission,
        limits: AdmissionLimits, expecting expected: Int
    ) throws(ServingError) {
        var dropped: [AdmissionQueue<LaneWork>.Dropped] = []
        let (refusal, waiting) = condition.withLock { () -> (ServingError?, Int) in
            guard !isClosed else { return (.overloaded(queued: 0, retryAfter: 1), 0) }
            let endpoints = turns.count + (endpoint.isInTurn ? 0 : 1)
            let decision = endpoint.queue.admit(
                work, of: caller, until: deadline, limits: limits, expecting: expected,
                threads: Double(threadCount) / Double(endpoints), now: work.arrival, dropped: &dropped)
            endpoint.publishGauges()
            let waiting = endpoint.queue.waiting
            guard case .refused(let cause, let wait) = decision else {
                work.counters.accept()
                giveTurn(to: endpoint)
                return (nil, waiting)
            }
            work.counters.refuse(cause)
            return (ServingError(cause, waiting: waiting, expectedWait: wait), waiting)
        }
        for (work, cause) in dropped { work.drop(cause, waiting: waiting) }
        if let refusal { throw refusal }
    }

    /// Something waits there. Under the lock.
    private func giveTurn(to endpoint: EndpointAdmission) {
        if !endpoint.isInTurn {
            endpoint.isInTurn = true
            turns.append(endpoint)
        }
        if idle > 0 { condition.signal() }
    }

    /// Takes no more work; the threads end when what waits is done.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    private func work() {
        while let turn = nextTurn() {
            for (work, cause) in turn.dropped { work.drop(cause, waiting: turn.endpoint.waiting) }
            guard !turn.works.isEmpty else { continue }
            let engine = turn.works[0].work.call.live.engine
            let before = engine.recovery
            let areAnswered = runTogether(turn.works.map(\.work), start: turn.start)
            let end = Moment.now
            let isUsual = areAnswered && !before.isUnderway && engine.recovery == before
            finished(turn, at: end, nanoseconds: isUsual ? end.since(turn.start) : nil, areAnswered: areAnswered)
        }
    }

    private struct Turn {
        let endpoint: EndpointAdmission
        let start: Moment
        /// What runs as one call; empty when nothing was left that is worth running.
        var works: [AdmissionQueue<LaneWork>.Entry] = []
        var dropped: [AdmissionQueue<LaneWork>.Dropped] = []
    }

    /// Waits until there is something to do.
    ///
    /// - Returns: `nil` when there will not be any more.
    private func nextTurn() -> Turn? {
        condition.withLock {
            while true {
                if let turn = takeTurn() { return turn }
                if isClosed, turns.isEmpty { return nil }
                idle += 1
                condition.wait()
                idle -= 1
            }
        }
    }

    private func takeTurn() -> Turn? {
        for _ in 0..<turns.count {
            guard let endpoint = turns.popFirst() else { return nil }
            guard mayRun(endpoint) else {
                turns.append(endpoint)
                continue
            }
            var turn = Turn(endpoint: endpoint, start: .now)
            let first = endpoint.queue.next(now: turn.start, dropped: &turn.dropped)
            if let first {
                // While it was busy requests gathered; they need not wait for one another.
                let companions = endpoint.queue.companions(
                    of: first, rows: LaneWork.jointRows, now: turn.start, dropped: &turn.dropped)
                turn.works = [first] + companions
            }
            endpoint.publishGauges()
            endpoint.isInTurn = endpoint.queue.waiting > 0
            if endpoint.isInTurn { turns.append(endpoint) }
            if first != nil { running += 1 }
            // Whoever sleeps is told only of what they could do.
            if idle > 0, turns.contains(where: mayRun) { condition.signal() }
            return turn
        }
        return nil
    }

    private func mayRun(_ endpoint: EndpointAdmission) -> Bool {
        endpoint.queue.hasRunnable && (running < threadCount || endpoint.queue.running == 0)
    }

    private func finished(_ turn: Turn, at now: Moment, nanoseconds: Int?, areAnswered: Bool) {
        let endpoint = turn.endpoint
        condition.withLock {
            running -= 1
            endpoint.queue.finished(nanoseconds: nanoseconds, joined: turn.works.count - 1, now: now)
            if !areAnswered {
                endpoint.queue.putBack(turn.works, now: now)
                giveTurn(to: endpoint)
            }
            endpoint.publishGauges()
            if isClosed { condition.broadcast() }
        }
    }
}

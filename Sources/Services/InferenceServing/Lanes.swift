// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution

/// Threads of our own for predictions that must not hold an event loop. Endpoints with work take turns.
///
/// One thread more than was asked for takes only work of endpoints of which nothing runs: when slow models hold all the
/// others, an endpoint does not have to wait for one of them to end.
///
/// A thread that is free takes what waits at once. While all are busy requests gather, and the next one that is free takes
/// as many together as may be one call: for that nobody waits, unless the endpoint's settings say so.
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
                work, of: caller, until: deadline, limits: limits, expecting: expected, pace: work.pace,
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
            let areAnswered = runTogether(turn.works.map(\.work), start: turn.start, expecting: turn.expected)
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
        /// How long it is thought to take, in nanoseconds.
        var expected = 0
        /// Whether it has as many rows as its version's calls may have.
        var isFull = false

        var rowCount: Int { works.reduce(0) { $0 + $1.work.rowCount } }
    }

    /// Waits until there is something to do.
    ///
    /// - Returns: `nil` when there will not be any more.
    private func nextTurn() -> Turn? {
        condition.withLock {
            while true {
                var wake = Moment.never
                if let turn = takeTurn(orWakeAt: &wake) { return turn }
                if isClosed, turns.isEmpty { return nil }
                idle += 1
                if wake == .never {
                    condition.wait()
                } else {
                    _ = condition.wait(until: Date(timeIntervalSinceNow: Double(wake.since(.now)) / 1e9))
                }
                idle -= 1
            }
        }
    }

    /// - Parameter wake: Set to when there will be something to do that goes on gathering now.
    private func takeTurn(orWakeAt wake: inout Moment) -> Turn? {
        let now = Moment.now
        for _ in 0..<turns.count {
            guard let endpoint = turns.popFirst() else { return nil }
            let gathersUntil = gathersUntil(endpoint, now)
            if let gathersUntil { wake = min(wake, gathersUntil) }
            guard mayRun(endpoint), gathersUntil == nil else {
                turns.append(endpoint)
                continue
            }
            var turn = Turn(endpoint: endpoint, start: now)
            if let first = endpoint.queue.next(now: now, dropped: &turn.dropped) {
                gather(first, into: &turn)
                running += 1
            }
            endpoint.publishGauges()
            endpoint.isInTurn = endpoint.queue.waiting > 0
            if endpoint.isInTurn { turns.append(endpoint) }
            // Whoever sleeps is told only of what they could do.
            if idle > 0, turns.contains(where: mayRun) { condition.signal() }
            return turn
        }
        return nil
    }

    /// Puts together what runs as one call: while the threads were busy requests gathered.
    private func gather(_ first: AdmissionQueue<LaneWork>.Entry, into turn: inout Turn) {
        let work = first.work
        let cap = work.call.isPlain ? work.batching.cap(work.settings) : 1
        var most = cap
        // Threads that are free as well take their part, rather than watch.
        let free = max(0, threadCount - running - 1)
        if free > 0, work.settings.batchDelay == nil {
            most = min(cap, max(1, (turn.endpoint.queue.waiting + 1 + free) / (free + 1)) * work.rowCount)
        }
        let (companions, isFull) = turn.endpoint.queue.companions(
            of: first, rows: most, cost: work.cost(rows:), now: turn.start, dropped: &turn.dropped)
        turn.works = [first] + companions
        turn.isFull = isFull && most == cap
        turn.expected = work.cost(rows: turn.rowCount)
    }

    private func mayRun(_ endpoint: EndpointAdmission) -> Bool {
        endpoint.queue.hasRunnable && (running < threadCount || endpoint.queue.running == 0)
    }

    /// Until when requests wait for company although they could run; `nil` where that is not wanted, or over.
    private func gathersUntil(_ endpoint: EndpointAdmission, _ now: Moment) -> Moment? {
        guard let work = endpoint.queue.first?.work, let delay = work.settings.batchDelay, work.call.isPlain
        else { return nil }
        let cap = work.batching.cap(work.settings)
        guard cap > work.rowCount else { return nil }
        return endpoint.queue.gathersUntil(
            delay: delay.nanoseconds, calls: cap / max(1, work.rowCount), cost: work.cost(rows: cap), now: now)
    }

    private func finished(_ turn: Turn, at now: Moment, nanoseconds: Int?, areAnswered: Bool) {
        let endpoint = turn.endpoint
        condition.withLock {
            running -= 1
            let share = learn(from: turn, nanoseconds: nanoseconds)
            endpoint.queue.finished(
                nanoseconds: nanoseconds, joined: turn.works.count - 1, share: share, now: now)
            if !areAnswered {
                endpoint.queue.putBack(turn.works, now: now)
                giveTurn(to: endpoint)
            }
            endpoint.publishGauges()
            if isClosed { condition.broadcast() }
        }
    }

    /// What a call tells of its version.
    ///
    /// - Returns: What one request would have taken alone, of what it took with the others.
    private func learn(from turn: Turn, nanoseconds: Int?) -> Double {
        let work = turn.works[0].work
        guard let nanoseconds, work.call.isPlain else { return 1 }
        let (rows, batching) = (turn.rowCount, work.batching)
        batching.sizing.ran(
            rows: rows, nanoseconds: work.normalized(nanoseconds),
            isFull: turn.isFull && batching.most(work.settings) > 1 && work.settings.batching == .auto,
            budget: work.normalized(batching.budget(work.settings)))
        batching.ran(rows: rows, requests: turn.works.count)
        guard turn.works.count > 1 else { return 1 }
        return Double(work.cost(rows: work.rowCount)) / Double(max(1, work.cost(rows: rows)))
    }
}

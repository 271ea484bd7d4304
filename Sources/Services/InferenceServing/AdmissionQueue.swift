// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

/// Work that may be given up while it waits.
protocol WaitingWork {
    /// Whether nobody waits for it any more.
    var isAbandoned: Bool { get }
    /// Rows of it, which count where calls are joined.
    var rowCount: Int { get }
    /// Whether it waits for something else than its turn: then the queue says nothing about the load.
    var isHeldUp: Bool { get }
    /// Whether both can be one call.
    func joins(_ other: Self) -> Bool
}

/// Who may wait at one endpoint, for how long, and who is next: the rules, as a value that is told the time.
struct AdmissionQueue<Work: WaitingWork> {
    /// How a caller's share of the queue is bounded: by so many times of what is free. One alone gets four fifths, two
    /// get four ninths each, and there is always room for another one.
    static var shareFactor: Int { 4 }

    /// How often a full queue is searched for what nobody waits for any more, so that refusing stays cheap.
    static var searchPause: Int { 5_000_000 }

    /// The longest that calls which are joined are expected to take together: joining is for what is light, where the
    /// way to the model costs more than the model.
    static var jointNanoseconds: Int { 100_000_000 }

    /// For how long nothing is joined after calls did not get an answer together.
    static var pauseAfterFailure: Int { 1_000_000_000 }

    struct Entry {
        let work: Work
        let caller: CallerKey
        let arrival: Moment
        let deadline: Moment
        /// Whether it is run by itself: it was joined with others, and they got no answer together.
        var isAlone = false
    }

    /// What became of waiting work without being run.
    typealias Dropped = (work: Work, cause: RefusalCause)

    enum Decision {
        case admitted
        case refused(RefusalCause, expectedWait: Int)
    }

    private var queue = FairQueue<Entry>()
    private var standing = StandingQueue()
    private var measured: MeasuredConcurrency
    /// Weighted mean of how long a call takes, newer calls counting more; 0 before the first one.
    private(set) var serviceNanoseconds = 0
    private(set) var running = 0
    /// Weighted mean of the time from one call leaving the queue to the next, for as long as it is not empty.
    private var departureNanoseconds = 0
    private var lastDeparture: Moment?
    private(set) var limits = AdmissionLimits()
    private var searched = Moment(nanoseconds: .min)
    private var joinsSince = Moment(nanoseconds: .min)

    /// - Parameter cores: The least that the measured limit lets run at once.
    init(cores: Int) { measured = MeasuredConcurrency(cores: cores) }

    var waiting: Int { queue.count }
    /// The most that run at once.
    var concurrency: Int { limits.concurrency ?? measured.value }
    /// Whether something waits that may run.
    var hasRunnable: Bool { !queue.isEmpty && running < concurrency }

    /// What waits and bursts are measured by.
    private var target: Int {
        limits.waitNanoseconds ?? max(StandingQueue.leastTargetNanoseconds, serviceNanoseconds)
    }

    /// The longest wait under overload: wait and run together take no longer than 5 ms, or twice the run.
    private var bound: Int {
        limits.waitNanoseconds ?? max(target - serviceNanoseconds, serviceNanoseconds)
    }

    /// Takes work into the queue, or says why not.
    ///
    /// - Parameters:
    ///   - expected: How long a call is thought to take, in nanoseconds, for as long as none was measured.
    ///   - threads: Threads that this endpoint can count on.
    ///   - dropped: Gets what had to leave the queue.
    mutating func admit(
        _ work: Work, of caller: CallerKey, until deadline: Moment, limits: AdmissionLimits, expecting expected: Int,
        threads: Double, now: Moment, dropped: inout [Dropped]
    ) -> Decision {
        self.limits = limits
        if serviceNanoseconds == 0, expected < .max { serviceNanoseconds = expected }
        if queue.count >= limits.queue, now.since(searched) >= Self.searchPause { removeDead(now, into: &dropped) }
        let own = queue.count(of: caller)
        guard queue.count < limits.queue else { return .refused(.queueFull, expectedWait: wait(queue.count, threads)) }
        guard own < Self.shareFactor * (limits.queue - queue.count) else {
            return .refused(.share, expectedWait: wait(queue.count, threads))
        }
        var expectedWait = wait(ahead(of: caller), threads)
        guard expectedWait == 0 || expectedWait <= deadline.since(now) else {
            return .refused(.wouldMissDeadline, expectedWait: expectedWait)
        }
        let wasOverloaded = standing.isOverloaded
        if work.isHeldUp {
            standing = StandingQueue()
            queue.append(Entry(work: work, caller: caller, arrival: now, deadline: deadline), of: caller)
            return .admitted
        }
        var isAdmitted = standing.admits(wait: expectedWait, bound: bound, target: target, now: now)
        if standing.isOverloaded, !wasOverloaded {
            cutToBound(threads, now, into: &dropped)
            expectedWait = wait(ahead(of: caller), threads)
            isAdmitted = expectedWait <= bound
        }
        guard isAdmitted else { return .refused(.standingQueue, expectedWait: expectedWait) }
        queue.append(Entry(work: work, caller: caller, arrival: now, deadline: deadline), of: caller)
        return .admitted
    }

    /// Takes out what runs next; what is no longer worth running leaves with it.
    ///
    /// - Precondition: ``hasRunnable``.
    mutating func next(now: Moment, dropped: inout [Dropped]) -> Entry? {
        defer { if queue.isEmpty { drained() } }
        guard head(now, dropped: &dropped) != nil, let entry = queue.next() else { return nil }
        running += 1
        departed(now)
        return entry
    }

    /// What is next and worth running; what is not and stands before it leaves.
    private mutating func head(_ now: Moment, dropped: inout [Dropped]) -> Entry? {
        while let entry = queue.first {
            let cause: RefusalCause? =
                if entry.work.isAbandoned {
                    .abandoned
                } else if entry.deadline <= now {
                    .deadline
                } else if standing.isOverloaded, !entry.isAlone, now.since(entry.arrival) > target.multiplied(by: 2) {
                    .standingQueue
                } else {
                    nil
                }
            guard let cause else { return entry }
            _ = queue.next()
            dropped.append((entry.work, cause))
        }
        return nil
    }

    /// Takes out what can be one call with a call that ``next(now:dropped:)`` gave out. Together they run as one.
    ///
    /// - Parameter rows: The most rows of all of them.
    mutating func companions(
        of first: Entry, rows: Int, now: Moment, dropped: inout [Dropped]
    ) -> [Entry] {
        guard !first.isAlone, now >= joinsSince else { return [] }
        defer { if queue.isEmpty { drained() } }
        var companions: [Entry] = []
        var left = rows - first.work.rowCount
        let most = Self.jointNanoseconds / max(1, serviceNanoseconds) - 1
        while companions.count < most, let entry = head(now, dropped: &dropped), !entry.isAlone,
            entry.work.rowCount <= left, entry.work.joins(first.work)
        {
            _ = queue.next()
            departed(now)
            companions.append(entry)
            left -= entry.work.rowCount
        }
        return companions
    }

    /// A call that ``next(now:dropped:)`` gave out has ended.
    ///
    /// - Parameters:
    ///   - nanoseconds: How long it took; `nil` where that says nothing about others.
    ///   - joined: How many were one call with it.
    mutating func finished(nanoseconds: Int?, joined: Int = 0, now: Moment) {
        defer { running -= 1 }
        guard let nanoseconds else { return standing.drained() }
        measured.record(nanoseconds: nanoseconds, running: running, now: now)
        // What waits is done as fast as this, because it will be joined as well.
        let each = nanoseconds / (joined + 1)
        serviceNanoseconds = serviceNanoseconds == 0 ? each : serviceNanoseconds + (each - serviceNanoseconds) / 8
    }

    /// Calls that were joined got no answer together: each is its caller's next one again, to be run alone.
    mutating func putBack(_ entries: [Entry], now: Moment) {
        joinsSince = now.after(Self.pauseAfterFailure)
        for var entry in entries.reversed() {
            entry.isAlone = true
            queue.putBack(entry, of: entry.caller)
        }
    }

    /// Leaves what will be served within the bound: not those who are late already, and not those who come too late.
    private mutating func cutToBound(_ threads: Double, _ now: Moment, into dropped: inout [Dropped]) {
        let bound = bound
        removeDead(now, into: &dropped)
        dropped += queue.removeAll { now.since($0.arrival) > bound }.map { ($0.work, .standingQueue) }
        dropped += queue.trim(to: lengthWithinBound(threads)).map { ($0.work, .standingQueue) }
    }

    /// How many run before a newcomer: callers take turns, so that one passes a long line of another's.
    ///
    /// Under overload with those who will pass this one: a place behind one's own first request is worth less than it
    /// looks while others keep coming.
    private func ahead(of caller: CallerKey) -> Int {
        let own = queue.count(of: caller)
        let turns = (own + 1) * (queue.callerCount + (own == 0 ? 1 : 0)) - 1
        return standing.isOverloaded ? turns : min(queue.count, turns)
    }

    /// Makes room by what nobody waits for any more.
    private mutating func removeDead(_ now: Moment, into dropped: inout [Dropped]) {
        searched = now
        dropped += queue.removeAll { $0.work.isAbandoned }.map { ($0.work, .abandoned) }
        dropped += queue.removeAll { $0.deadline <= now }.map { ($0.work, .deadline) }
        if queue.isEmpty { drained() }
    }

    private mutating func departed(_ now: Moment) {
        if let lastDeparture {
            departureNanoseconds += (now.since(lastDeparture) - departureNanoseconds) / 16
        } else {
            departureNanoseconds = 0
        }
        lastDeparture = now
    }

    private mutating func drained() {
        standing.drained()
        lastDeparture = nil
    }

    /// How long `ahead` calls keep the threads busy, in nanoseconds.
    ///
    /// By what one takes; under overload by what really leaves the queue where that is slower: other endpoints and other
    /// programs want the cores too.
    private func wait(_ ahead: Int, _ threads: Double) -> Int {
        let workers = max(1, min(threads, Double(concurrency)))
        let each = Double(serviceNanoseconds) / workers
        let measured = standing.isOverloaded ? max(each, Double(departureNanoseconds)) : each
        return Int(exactly: (Double(ahead) * measured).rounded()) ?? .max
    }

    /// How many calls are done within the bound.
    private func lengthWithinBound(_ threads: Double) -> Int {
        let workers = max(1, min(threads, Double(concurrency)))
        return max(1, Int((Double(bound) / Double(max(1, serviceNanoseconds)) * workers).rounded(.down)))
    }
}

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

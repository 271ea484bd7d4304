// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import ModelExecution

/// Work that may be given up while it waits.
protocol WaitingWork {
    /// Whether nobody waits for it any more.
    var isAbandoned: Bool { get }
    /// Rows of it, which count where calls are joined.
    var rowCount: Int { get }
    var priority: RequestPriority { get }
    /// Whether it waits for something else than its turn: then the queue says nothing about the load.
    var isHeldUp: Bool { get }
    /// Whether both can be one call.
    func joins(_ other: Self) -> Bool
}

/// Who may wait at one endpoint, for how long, and who is next: the rules, as a value that is told the time.
///
/// Each priority has a line and a verdict on overload of its own: what is less urgent waits behind what is more urgent,
/// and is the first to be refused.
struct AdmissionQueue<Work: WaitingWork> {
    /// How a caller's share of the queue is bounded: by so many times of what is free. One alone gets four fifths, two
    /// get four ninths each, and there is always room for another one.
    static var shareFactor: Int { 4 }

    /// How often a full queue is searched for what nobody waits for any more, so that refusing stays cheap.
    static var searchPause: Int { 5_000_000 }

    /// For how long nothing is joined after calls did not get an answer together.
    static var pauseAfterFailure: Int { 1_000_000_000 }

    /// How many that wait are looked at for what can be joined.
    static var companionLooks: Int { 256 }

    struct Entry: Urgent {
        let work: Work
        let caller: CallerKey
        let arrival: Moment
        let deadline: Moment
        /// Whether it is run by itself: it was joined with others, and they got no answer together.
        var isAlone = false

        /// Why it is not worth running any more.
        ///
        /// - Parameter earliest: Whoever came before then is too late under overload; `nil` without one.
        func causeToDrop(_ now: Moment, since earliest: Moment?) -> RefusalCause? {
            if work.isAbandoned { return .abandoned }
            if deadline <= now { return .deadline }
            guard let earliest, !isAlone, arrival < earliest else { return nil }
            return .standingQueue
        }
    }

    /// What became of waiting work without being run.
    typealias Dropped = (work: Work, cause: RefusalCause)

    enum Decision {
        case admitted
        case refused(RefusalCause, expectedWait: Int)
    }

    private var queue = PriorityLines<Entry>()
    /// By priority.
    private var standing = RequestPriority.allCases.map { _ in StandingQueue() }
    private var measured: MeasuredConcurrency
    /// Weighted mean of how long a call takes, newer calls counting more; 0 before the first one.
    private(set) var serviceNanoseconds = 0
    private(set) var running = 0
    /// Weighted mean of the time from one call leaving the queue to the next, for as long as it is not empty.
    private var departureNanoseconds = 0.0
    private var lastDeparture: Moment?
    private var departedTogether = 1
    private(set) var limits = AdmissionLimits()
    private var pace: JointPace?
    private var searched = Moment(nanoseconds: .min)
    private var joinsSince = Moment(nanoseconds: .min)
    /// When the first request came to an empty queue, until one leaves.
    private var gatheringSince: Moment?

    /// - Parameter cores: The least that the measured limit lets run at once.
    init(cores: Int) { measured = MeasuredConcurrency(cores: cores) }

    var waiting: Int { queue.count }
    /// The most that run at once.
    var concurrency: Int { limits.concurrency ?? measured.value }
    /// Whether something waits that may run.
    var hasRunnable: Bool { running < concurrency && !queue.isEmpty }

    /// How long what runs at once takes: one call, or several that are joined.
    private var runNanoseconds: Int { pace?.nanoseconds ?? serviceNanoseconds }

    /// How long one call keeps a thread busy; its share where it is joined.
    private var eachNanoseconds: Double { pace.map { Double($0.nanoseconds) / $0.calls } ?? Double(serviceNanoseconds) }

    /// What waits and bursts are measured by.
    private var target: Int { limits.waitNanoseconds ?? max(StandingQueue.leastTargetNanoseconds, runNanoseconds) }

    /// The longest wait under overload: wait and run together take no longer than 5 ms, or twice the run.
    private var bound: Int { limits.waitNanoseconds ?? max(target - runNanoseconds, runNanoseconds) }

    /// Takes work into the queue, or says why not.
    ///
    /// - Parameters:
    ///   - expected: How long a call is thought to take, in nanoseconds, for as long as none was measured.
    ///   - pace: How calls like this one are joined; `nil` where they are not.
    ///   - threads: Threads that this endpoint can count on.
    ///   - dropped: Gets what had to leave the queue.
    mutating func admit(
        _ work: Work, of caller: CallerKey, until deadline: Moment, limits: AdmissionLimits, expecting expected: Int,
        pace: JointPace? = nil, threads: Double, now: Moment, dropped: inout [Dropped]
    ) -> Decision {
        self.limits = limits
        self.pace = pace
        let priority = work.priority
        if serviceNanoseconds == 0, expected < .max { serviceNanoseconds = expected }
        if queue.count >= limits.queue, now.since(searched) >= Self.searchPause { removeDead(now, into: &dropped) }
        let own = queue.count(of: caller, upTo: priority)
        let others = queue.count(upTo: priority)
        guard others < limits.queue else { return .refused(.queueFull, expectedWait: wait(others, priority, threads)) }
        guard own < Self.shareFactor * (limits.queue - others) else {
            return .refused(.share, expectedWait: wait(others, priority, threads))
        }
        var expectedWait = wait(ahead(of: caller, priority), priority, threads)
        guard expectedWait == 0 || expectedWait <= deadline.since(now) else {
            return .refused(.wouldMissDeadline, expectedWait: expectedWait)
        }
        let entry = Entry(work: work, caller: caller, arrival: now, deadline: deadline)
        if work.isHeldUp {
            standing[priority.rawValue] = StandingQueue()
            append(entry, into: &dropped)
            return .admitted
        }
        let wasOverloaded = standing[priority.rawValue].isOverloaded
        var isAdmitted = standing[priority.rawValue].admits(wait: expectedWait, bound: bound, target: target, now: now)
        if standing[priority.rawValue].isOverloaded, !wasOverloaded {
            cutToBound(priority, threads, now, into: &dropped)
            expectedWait = wait(ahead(of: caller, priority), priority, threads)
            isAdmitted = expectedWait <= bound
        }
        guard isAdmitted else { return .refused(.standingQueue, expectedWait: expectedWait) }
        append(entry, into: &dropped)
        return .admitted
    }

    private mutating func append(_ entry: Entry, into dropped: inout [Dropped]) {
        if queue.isEmpty { gatheringSince = entry.arrival }
        if queue.count >= limits.queue, let least = queue.popLast(below: entry.work.priority) {
            dropped.append((least.work, .queueFull))
        }
        queue[entry.work.priority].append(entry, of: entry.caller)
    }

    /// Takes out what runs next; what is no longer worth running leaves with it.
    ///
    /// - Precondition: ``hasRunnable``.
    mutating func next(now: Moment, dropped: inout [Dropped]) -> Entry? {
        defer { noteEmptied() }
        while let priority = queue.firstPriority, let entry = queue[priority].next() {
            let isOverloaded = standing[priority.rawValue].isOverloaded
            let latestArrival = Moment(nanoseconds: now.nanoseconds - target.multiplied(by: 2))
            if let cause = entry.causeToDrop(now, since: isOverloaded ? latestArrival : nil) {
                dropped.append((entry.work, cause))
            } else {
                running += 1
                departed(now)
                return entry
            }
        }
        return nil
    }

    /// Takes out what can be one call with a call that ``next(now:dropped:)`` gave out. Together they run as one.
    ///
    /// What cannot be joined keeps its place, and so does what would be late in company, or make others late.
    ///
    /// - Parameters:
    ///   - most: The most rows of all of them.
    ///   - cost: How long a call of so many rows is thought to take, in nanoseconds.
    /// - Returns: They, and whether the call is full: nothing more goes into it, or what would have was too much.
    mutating func companions(
        of first: Entry, rows most: Int, cost: (Int) -> Int, now: Moment, dropped: inout [Dropped]
    ) -> (entries: [Entry], isFull: Bool) {
        var rows = first.work.rowCount
        guard rows < most, !first.isAlone, now >= joinsSince, !queue.isEmpty else { return ([], rows >= most) }
        var companions: [Entry] = []
        var isFull = false
        var earliest = first.deadline
        var gone: [Dropped] = []
        let standing = standing, latestArrival = Moment(nanoseconds: now.nanoseconds - target.multiplied(by: 2))
        queue.take(looks: Self.companionLooks) { entry in
            guard rows < most else { return .stop }
            let isOverloaded = standing[entry.work.priority.rawValue].isOverloaded
            if let cause = entry.causeToDrop(now, since: isOverloaded ? latestArrival : nil) {
                gone.append((entry.work, cause))
                return .remove
            }
            guard !entry.isAlone, entry.work.joins(first.work) else { return .leave }
            let together = rows + entry.work.rowCount
            guard together <= most else {
                isFull = true
                return .leave
            }
            let end = now.after(cost(together))
            guard end <= earliest else { return .stop }
            guard end <= entry.deadline else { return .leave }
            companions.append(entry)
            rows = together
            earliest = min(earliest, entry.deadline)
            return .take
        }
        dropped += gone
        departedTogether += companions.count
        noteEmptied()
        return (companions, isFull || rows == most)
    }

    /// Until when what waits goes on gathering although a thread is free; `nil` when it runs at once.
    ///
    /// Only those gather who came to an empty queue: who waited for a thread has waited.
    ///
    /// - Parameters:
    ///   - delay: How long the first of them waits for the others, in nanoseconds.
    ///   - calls: As many as that need not wait for more.
    ///   - cost: How long they are thought to take, in nanoseconds.
    func gathersUntil(delay: Int, calls: Int, cost: Int, now: Moment) -> Moment? {
        guard let gatheringSince, queue.count < calls, let priority = queue.firstPriority,
            let first = queue[priority].first, !first.isAlone, now >= joinsSince
        else { return nil }
        // At most half of the time that it has goes by without being used, and what the call needs is left.
        let patience = first.deadline.since(first.arrival)
        let end = min(gatheringSince.after(delay), first.arrival.after(min(patience / 2, max(0, patience - cost))))
        return end > now ? end : nil
    }

    /// What is first in turn.
    var first: Entry? { queue.firstPriority.flatMap { queue[$0].first } }

    /// A call that ``next(now:dropped:)`` gave out has ended.
    ///
    /// - Parameters:
    ///   - nanoseconds: How long it took; `nil` where that says nothing about others.
    ///   - joined: How many were one call with it.
    ///   - share: What one of them would have taken alone, of what they took together.
    mutating func finished(nanoseconds: Int?, joined: Int = 0, share: Double = 1, now: Moment) {
        defer { running -= 1 }
        guard let nanoseconds else {
            for index in standing.indices { standing[index].drained() }
            return
        }
        // That more of them take longer is no sign of too many running at once.
        measured.record(nanoseconds: Int(Double(nanoseconds) * share), running: running, now: now)
        // What waits is done as fast as this, because it will be joined as well.
        let each = nanoseconds / (joined + 1)
        serviceNanoseconds = serviceNanoseconds == 0 ? each : serviceNanoseconds + (each - serviceNanoseconds) / 8
    }

    /// Calls that were joined got no answer together: each is its caller's next one again, to be run alone.
    mutating func putBack(_ entries: [Entry], now: Moment) {
        joinsSince = now.after(Self.pauseAfterFailure)
        for var entry in entries.reversed() {
            entry.isAlone = true
            queue[entry.work.priority].putBack(entry, of: entry.caller)
        }
    }

    /// Leaves what will be served within the bound: not those who are late already, and not those who come too late.
    private mutating func cutToBound(
        _ priority: RequestPriority, _ threads: Double, _ now: Moment, into dropped: inout [Dropped]
    ) {
        let bound = bound
        removeDead(now, into: &dropped)
        dropped += queue[priority].removeAll { now.since($0.arrival) > bound }.map { ($0.work, .standingQueue) }
        let length = lengthWithinBound(threads) - queue.count(before: priority)
        dropped += queue[priority].trim(to: max(1, length)).map { ($0.work, .standingQueue) }
    }

    /// How many run before a newcomer: callers take turns, so that one passes a long line of another's.
    ///
    /// Under overload with those who will pass this one: a place behind one's own first request is worth less than it
    /// looks while others keep coming.
    private func ahead(of caller: CallerKey, _ priority: RequestPriority) -> Int {
        let line = queue[priority]
        let own = line.count(of: caller)
        let turns = (own + 1) * (line.callerCount + (own == 0 ? 1 : 0)) - 1
        let within = standing[priority.rawValue].isOverloaded ? turns : min(line.count, turns)
        return queue.count(before: priority) + within
    }

    /// Makes room by what nobody waits for any more.
    private mutating func removeDead(_ now: Moment, into dropped: inout [Dropped]) {
        searched = now
        dropped += queue.removeAll { $0.work.isAbandoned }.map { ($0.work, .abandoned) }
        dropped += queue.removeAll { $0.deadline <= now }.map { ($0.work, .deadline) }
        noteEmptied()
    }

    /// One leaves; those that left together the last time did so in the time until now.
    private mutating func departed(_ now: Moment) {
        gatheringSince = nil
        if let lastDeparture {
            let each = Double(now.since(lastDeparture)) / Double(departedTogether)
            departureNanoseconds += (each - departureNanoseconds) * (1 - pow(15.0 / 16, Double(departedTogether)))
        } else {
            departureNanoseconds = 0
        }
        lastDeparture = now
        departedTogether = 1
    }

    private mutating func noteEmptied() {
        for priority in RequestPriority.allCases where queue[priority].isEmpty {
            standing[priority.rawValue].drained()
        }
        if queue.isEmpty { lastDeparture = nil }
    }

    /// How long `ahead` calls keep the threads busy, in nanoseconds.
    ///
    /// By what one takes; under overload by what really leaves the queue where that is slower: other endpoints and other
    /// programs want the cores too.
    private func wait(_ ahead: Int, _ priority: RequestPriority, _ threads: Double) -> Int {
        let workers = max(1, min(threads, Double(concurrency)))
        let each = eachNanoseconds / workers
        let measured = standing[priority.rawValue].isOverloaded ? max(each, departureNanoseconds) : each
        return Int(exactly: (Double(ahead) * measured).rounded()) ?? .max
    }

    /// How many calls are done within the bound.
    private func lengthWithinBound(_ threads: Double) -> Int {
        let workers = max(1, min(threads, Double(concurrency)))
        return max(1, Int(clamping: Int64((Double(bound) / max(1, eachNanoseconds) * workers).rounded(.down))))
    }
}

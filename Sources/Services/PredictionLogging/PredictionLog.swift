// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import InferenceServing
package import ModelDomain
internal import Synchronization

/// Port: sees what is answered, also of predictions that are not kept. Called by the log's writer, and must not keep it waiting.
package protocol PredictionObserver: Sendable {
    /// - Parameter record: The rows of one prediction, or of several that came one after the other: then with the time of the
    ///   first, and without what is each one's own.
    func observe(_ record: PredictionRecord)
}

/// Keeps what became of every prediction: a bounded ring for each event loop, one writer, and segments that a crash can
/// only cut at the end.
///
/// The writer looks every ``lookEvery`` while there is something to do, and sleeps when there is not. What it has written
/// is synced a tenth of a second later at most: so much can be lost with the power, and nothing of it when only the
/// process dies. An answer that waits for its record has it look at once: whatever waits by then is synced together.
///
/// `@unchecked Sendable`: the streams are the writer's thread's own; everything else has a lock.
package final class PredictionLog: PredictionSink, @unchecked Sendable {
    /// In microseconds.
    static let lookEvery: Int64 = 10_000
    static let syncEvery: Int64 = 100_000

    let shelf: any SegmentShelf
    let secret: [UInt8]
    let keyring: SubjectKeyring
    private let now: @Sendable () -> Timestamp
    private let report: @Sendable (String, (any Error)?) -> Void
    private let observer: (any PredictionObserver)?
    private let shared = Mutex(Shared())
    private let bell = Bell()
    private let isAwake = Atomic<Bool>(true)

    fileprivate struct Shared {
        var recorders: [LogRecorder] = []
        var plans: [LogPlan] = []
        var plansBySerial: [Int: LogPlan] = [:]
        var counters: [EndpointKey: LogCounters] = [:]
        var waiting: [@Sendable () -> Void] = []
        var durable: [DurableWait] = []
        var isClosed = false
    }

    struct EndpointKey: Hashable {
        let project: ProjectName
        let endpoint: EndpointName
    }

    /// - Parameters:
    ///   - secret: What values are hashed with that are not to be kept as they are; at least 32 random bytes.
    ///   - subjects: Where keys of those are whom rows are about; without it, what is about somebody is not kept.
    ///   - observer: Sees all of them, as they were before their policies took anything away.
    ///   - report: Told once when the disk does not take what is to be written, with the reason, and once when it does again.
    package init(
        on shelf: any SegmentShelf, secret: [UInt8], subjects: (any SubjectKeyStore)? = nil,
        observer: (any PredictionObserver)? = nil,
        now: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (String, (any Error)?) -> Void
    ) {
        self.observer = observer
        self.shelf = shelf
        self.secret = secret
        keyring = SubjectKeyring(subjects, secret: secret)
        self.now = now
        self.report = report
        let thread = Thread { [self] in write() }
        thread.name = "prediction-log"
        thread.start()
    }

    package func recorder() -> any PredictionRecorder {
        let recorder = LogRecorder(self)
        shared.withLock { $0.recorders.append(recorder) }
        return recorder
    }

    /// What became of an endpoint's predictions.
    package func counters(of endpoint: EndpointName, in project: ProjectName) -> LogCounters {
        shared.withLock { $0.countersMade(for: EndpointKey(project: project, endpoint: endpoint)) }
    }

    func plan(for state: EndpointState, _ live: LiveVersion?) -> LogPlan {
        shared.withLock { shared in
            if let known = shared.plansBySerial[state.serial] { return known }
            let plan = LogPlan(
                number: shared.plans.count, schema: LogSchema(state, live), settings: state.record.settings,
                counters: shared.countersMade(
                    for: EndpointKey(project: state.record.project, endpoint: state.record.name)), secret: secret,
                isObserved: observer != nil)
            shared.plans.append(plan)
            shared.plansBySerial[state.serial] = plan
            return plan
        }
    }

    /// Tells the writer that there is something. Costs a look at a flag while it is at work.
    func wake() {
        guard !isAwake.load(ordering: .relaxed) else { return }
        if !isAwake.exchange(true, ordering: .acquiringAndReleasing) { bell.ring() }
    }

    /// Says when a record is on the disk that was handed over before.
    func tellWhenDurable(_ wait: DurableWait) {
        let (isClosed, isFirst) = shared.withLock { shared in
            guard !shared.isClosed else { return (true, false) }
            shared.durable.append(wait)
            return (false, shared.durable.count == 1)
        }
        if isClosed { wait.done(false) }
        if isFirst { bell.ring() }
    }

    /// Returns once everything that was recorded before is in files and synced, or the disk did not take it.
    package func flush() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in whenWritten { done.resume() } }
    }

    /// The same for a process that ends, and waits no longer than so.
    ///
    /// - Returns: Whether it came to that.
    package func flush(within limit: Duration) -> Bool {
        let written = Bell()
        whenWritten { written.ring() }
        return written.wait(atMost: Int32(limit / .milliseconds(1)))
    }

    private func whenWritten(_ done: @escaping @Sendable () -> Void) {
        let isClosed = shared.withLock { shared in
            guard !shared.isClosed else { return true }
            shared.waiting.append(done)
            return false
        }
        if isClosed { done() } else { wake() }
    }

    /// Writes what there is, and ends the writer.
    package func close() async {
        await flush()
        shared.withLock { $0.isClosed = true }
        isAwake.store(true, ordering: .releasing)
        bell.ring()
    }

    // MARK: The writer

    private func write() {
        var streams: [EndpointKey: LogStream] = [:]
        var gatherers: [Int: RecordGatherer] = [:]
        var syncedAt: Int64 = 0
        var lastRetry: Int64 = 0
        var lookedAt: Int64 = 0
        var isStuck = false
        while true {
            let (recorders, plans, waiting, durable, isClosed) = shared.withLock { shared in
                defer { (shared.waiting, shared.durable) = ([], []) }
                return (shared.recorders, shared.plans, shared.waiting, shared.durable, shared.isClosed)
            }
            let time = now().microseconds
            var records = 0
            for recorder in recorders {
                records += unsafe recorder.ring.drain { unsafe take($0, plans, &streams, &gatherers, time) }
            }
            if let observer { for gatherer in gatherers.values { gatherer.flush(observer.observe) } }
            gatherers.removeAll(keepingCapacity: true)
            // A disk that is full is asked once a second.
            let mayRetry = !isStuck || abs(time - lastRetry) > 1_000_000 || !waiting.isEmpty
            // Who waits for one endpoint's disk has no other endpoint's blocks be small.
            let isLook = durable.isEmpty || abs(time - lookedAt) >= Self.lookEvery || !waiting.isEmpty
            let mustSync = abs(time - syncedAt) >= Self.syncEvery || !waiting.isEmpty
            let awaited = Set(durable.map(\.key))
            let writesAll = isLook && mayRetry
            if writesAll {
                (lastRetry, lookedAt) = (time, time)
                if mustSync { syncedAt = time }
            }
            let failures = write(streams, all: writesAll, synced: writesAll && mustSync, awaited, at: time)
            if writesAll || !failures.isEmpty, failures.isEmpty == isStuck {
                isStuck.toggle()
                report(
                    isStuck ? "predictions cannot be written to the log" : "predictions are written to the log again",
                    failures.first?.value)
            }
            for wait in durable { wait.end(isWritten: failures[wait.key] == nil) }
            for done in waiting { done() }
            if isClosed {
                for stream in streams.values { stream.close() }
                return
            }
            rest(after: records, isIdle: !streams.values.contains(where: \.isBusy), recorders)
        }
    }

    private func take(
        _ bytes: UnsafeRawBufferPointer, _ plans: [LogPlan], _ streams: inout [EndpointKey: LogStream],
        _ gatherers: inout [Int: RecordGatherer], _ time: Int64
    ) {
        let mark = unsafe bytes.loadUnaligned(as: UInt32.self)
        let number = Int(mark & ~LogRecorder.observedOnly)
        // A plan that was made after the list was taken comes with the next look.
        let plan = number < plans.count ? plans[number] : shared.withLock { $0.plans[number] }
        let record = unsafe UnsafeRawBufferPointer(rebasing: bytes[4...])
        if let observer, plan.isObserved {
            let gatherer = gatherers[number] ?? RecordGatherer(plan.schema)
            gatherers[number] = gatherer
            unsafe gatherer.take(record, observe: observer.observe)
        }
        guard mark & LogRecorder.observedOnly == 0 else { return }
        let key = EndpointKey(project: plan.schema.project, endpoint: plan.schema.endpoint)
        let stream =
            streams[key]
            ?? LogStream(
                key.project, key.endpoint, settings: plan.settings, counters: plan.counters, on: shelf)
        streams[key] = stream
        unsafe stream.take(record, plan, now: time)
    }

    /// - Parameters:
    ///   - all: Whether all are written, or only those of `awaited`.
    ///   - synced: Whether all of them are synced, or only those.
    /// - Returns: Those that the disk did not take all of.
    private func write(
        _ streams: [EndpointKey: LogStream], all: Bool, synced: Bool, _ awaited: Set<EndpointKey>, at time: Int64
    ) -> [EndpointKey: any Error] {
        var failures: [EndpointKey: any Error] = [:]
        for (key, stream) in streams where stream.isBusy && (all || awaited.contains(key)) {
            if let error = stream.encrypt(with: keyring, now: time) { failures[key] = error }
            if let error = stream.write() { failures[key] = error }
            if synced || awaited.contains(key) {
                do { try stream.sync() } catch { failures[key] = error }
            }
        }
        return failures
    }

    /// Waits a moment for more, or until somebody rings.
    private func rest(after records: Int, isIdle: Bool, _ recorders: [LogRecorder]) {
        guard records == 0, isIdle else {
            bell.wait(atMost: Self.lookLimit)
            return
        }
        isAwake.store(false, ordering: .sequentiallyConsistent)
        // What came before everybody saw the flag down rang nobody.
        guard !bell.wait(atMost: Self.lookLimit) else { return }
        let isMissed =
            recorders.contains { !$0.ring.isEmpty }
            || shared.withLock { !$0.waiting.isEmpty || $0.isClosed || $0.recorders.count != recorders.count }
        if isMissed { wake() }
        bell.wait()
    }

    /// In milliseconds.
    private static let lookLimit = Int32(lookEvery / 1000)
}

extension PredictionLog.Shared {
    fileprivate mutating func countersMade(for key: PredictionLog.EndpointKey) -> LogCounters {
        if let known = counters[key] { return known }
        let made = LogCounters()
        counters[key] = made
        return made
    }
}

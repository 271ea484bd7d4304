// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
internal import ModelRegistry
package import PlatformReplicas
internal import Synchronization

/// Something that finds what needs a person, beside the rules: drift, quality.
package protocol AlertMonitor: Sendable {
    /// What was found since it was last asked. What it says nothing of stays as it is.
    func findings(open: [Alert], at time: Timestamp) async -> [AlertFinding]
}

/// Looks at all servers every few seconds, keeps what changes, and has the destinations told. Of several servers one does so
/// at a time; the others tell it how things stand with them.
package final class AlertWatch: Sendable {
    /// How many notices may wait for a destination; the oldest are given up for newer ones.
    package static let outboxLimit = 1000
    private static let alertsKept = 10_000
    private static let silencesKept = 1000
    /// Shorter than a lease is made to last on.
    private static let longestHold: Duration = .seconds(1800)

    private let store: any AlertStore
    private let sink: any AlertSink
    private let replicas: Replicas
    private let source: any SignalSource
    private let monitors: [any AlertMonitor]
    private let retry: RetryPlan
    private let thresholds: AlertThresholds
    private let clock: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Int64
    private let tell: @Sendable (AlertBook.Change) -> Void
    private let state: Mutex<State>

    private struct State {
        var time: SteadyTime
        var rules: AlertRules
        var book = AlertBook()
        /// To which something is being sent.
        var busy: Set<DestinationName> = []
    }

    /// - Parameters:
    ///   - clock: What the machine's clock says.
    ///   - uptime: Microseconds of a clock that nobody sets.
    ///   - tell: Called with what has changed, once it is kept.
    package init(
        store: any AlertStore, sink: any AlertSink, replicas: Replicas, source: any SignalSource,
        monitors: [any AlertMonitor] = [], thresholds: AlertThresholds = AlertThresholds(), retry: RetryPlan? = nil,
        clock: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Int64 = { Int64(Moment.now.nanoseconds / 1000) },
        tell: @escaping @Sendable (AlertBook.Change) -> Void = { _ in }
    ) {
        self.tell = tell
        self.store = store
        self.sink = sink
        self.replicas = replicas
        self.source = source
        self.monitors = monitors
        self.thresholds = thresholds
        self.retry = retry ?? RetryPlan(firstPause: thresholds.interval)
        self.clock = clock
        self.uptime = uptime
        state = Mutex(
            State(time: SteadyTime(patience: thresholds.interval * thresholds.looks), rules: AlertRules(thresholds)))
    }

    private var time: Timestamp { state.withLock { $0.time.now(clock(), uptime: uptime()) } }

    /// Watches until the task is cancelled.
    ///
    /// - Parameter report: Called when it cannot go on, and with `nil` when it can again.
    package func run(report: @escaping @Sendable ((any Error)?) -> Void) async {
        var isFailing = false
        while !Task.isCancelled {
            let hasFailed = isFailing
            do {
                if !replicas.isAlone {
                    let own = await source.signals()
                    try await store.write { try $0.setSignals(own) }
                }
                try await replicas.alone(.alerts) { [self] in
                    if hasFailed { report(nil) }
                    try await hold()
                }
                isFailing = false
            } catch is CancellationError where Task.isCancelled {
                return
            } catch ReplicaError.isHeld {
                if hasFailed { report(nil) }
                isFailing = false
            } catch {
                if !hasFailed { report(error) }
                isFailing = true
            }
            try? await Task.sleep(for: thresholds.interval)
        }
    }

    /// Looks and delivers, for as long as this server may.
    private func hold() async throws {
        state.withLock { $0.busy = [] }
        let end: ContinuousClock.Instant? = replicas.isAlone ? nil : .now + Self.longestHold
        try await withThrowingTaskGroup { group in
            group.addTask { [self] in
                while end.map({ $0 > .now }) ?? true {
                    try await look()
                    try await Task.sleep(for: thresholds.interval)
                }
            }
            group.addTask { [self] in
                try await withThrowingDiscardingTaskGroup { deliveries in
                    while true {
                        for destination in try await dueDestinations() {
                            deliveries.addTask { [self] in try await drain(destination) }
                        }
                        try await Task.sleep(for: min(thresholds.interval, .seconds(1)))
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: Looking

    /// Looks once. What cannot be kept has not happened: the next look finds it again.
    package func look() async throws {
        let signals = try await allSignals()
        let open = try await store.read { try $0.openAlerts() }
        let time = time
        var (book, findings) = state.withLock { state in
            (state.book, state.rules.findings(signals, open: open, at: time))
        }
        for monitor in monitors { findings += await monitor.findings(open: open, at: time) }
        book.agree(with: open)
        let changes = book.look(findings, at: time)
        if !changes.isEmpty || open.contains(where: { !$0.isTold }) {
            try await store.write { store in
                try AlertTelling(store: store, time: time).apply(changes)
                if !changes.isEmpty { try store.prune(alerts: Self.alertsKept, silences: Self.silencesKept) }
            }
        }
        state.withLock { [book] in $0.book = book }
        changes.forEach(tell)
    }

    /// Of every server that lives.
    private func allSignals() async throws -> [ReplicaSignals] {
        let own = await source.signals()
        guard !replicas.isAlone else { return [own] }
        let live = Set(try await replicas.all().filter(\.isLive).map(\.replica.id))
        return try await store.write { store in
            try store.setSignals(own)
            try store.keepSignals(of: Array(live))
            return try store.signals()
        }
    }

    // MARK: Delivering

    /// Those for which something is to be sent now, and to which nothing is being sent.
    private func dueDestinations() async throws -> [DestinationName] {
        let time = time
        let notices = try await store.read { try $0.nextNotices() }
        return state.withLock { state in
            let due = notices.filter { isDue($0, at: time) && !state.busy.contains($0.destination) }
            for notice in due { state.busy.insert(notice.destination) }
            return due.map(\.destination)
        }
    }

    /// A pause that has become longer than any is one from before the clock went back.
    private func isDue(_ notice: AlertNotice, at time: Timestamp) -> Bool {
        let wait = notice.dueAt.microseconds - time.microseconds
        return wait <= 0 || wait > (RetryPlan.longestPause * 1.3).microseconds
    }

    /// Sends what waits for a destination, one after the other, until one does not arrive.
    private func drain(_ name: DestinationName) async throws {
        defer { state.withLock { _ = $0.busy.remove(name) } }
        while try await sendNext(to: name) {}
    }

    /// - Returns: Whether to go on.
    package func sendNext(to name: DestinationName) async throws -> Bool {
        let (notice, destination) = try await store.read { store in
            (
                try store.nextNotices().first { $0.destination == name },
                try store.destinations().first { $0.name == name }
            )
        }
        guard let notice, let destination, isDue(notice, at: time) else { return false }
        var failure: DeliveryFailure?
        do throws(DeliveryFailure) { try await sink.deliver(notice, to: destination) } catch { failure = error }
        // Cut off by the end of this server: nothing is known about it.
        if failure != nil { try Task.checkCancellation() }
        return try await settle(notice, failure)
    }

    private func settle(_ notice: AlertNotice, _ failure: DeliveryFailure?) async throws -> Bool {
        let time = time
        return try await store.write { [retry] store in
            guard var outcome = try store.destinations().first(where: { $0.name == notice.destination })?.outcome
            else { return false }
            guard let failure else {
                outcome.deliveredAt = time
                outcome.problem = nil
                try store.removeNotice(notice.id)
                try store.setOutcome(outcome, of: notice.destination)
                return true
            }
            outcome.failedAt = time
            outcome.problem = failure.reason
            var later = notice
            later.attempts += 1
            if later.attempts >= retry.mostAttempts {
                try store.removeNotice(notice.id)
                outcome.givenUp += 1
            } else {
                let pause = retry.pause(after: later.attempts, chance: .random(in: 0...1))
                later.dueAt = Timestamp(microseconds: time.microseconds + pause.microseconds)
                _ = try store.update(later)
            }
            try store.setOutcome(outcome, of: notice.destination)
            return later.attempts >= retry.mostAttempts
        }
    }
}

/// Keeps what changed and says who is told of it, in one transaction.
struct AlertTelling {
    private let store: any AlertWriting
    private let time: Timestamp
    private let silences: [AlertSilence]
    private let destinations: [DestinationName]

    init(store: any AlertWriting, time: Timestamp) throws {
        self.store = store
        self.time = time
        silences = try store.silences(limit: Alerts.listLimit).filter { $0.holds(at: time) }
        destinations = try store.destinations().map(\.name)
    }

    func apply(_ changes: [AlertBook.Change]) throws {
        for change in changes {
            switch change {
            // Where another server was faster, its alert is the one.
            case .opened(let alert): _ = try store.insert(alert)
            case .escalated(let alert):
                guard try store.update(alert), alert.isTold, !isSilenced(alert) else { continue }
                try tell(.escalated, alert)
            case .resolved(let alert):
                // Whoever was told that it began is told that it is over, silence or not.
                guard try store.update(alert), alert.isTold else { continue }
                try tell(.resolved, alert)
            }
        }
        // Those that have just opened, and those that were silenced, or had nowhere to go, until now.
        for alert in try store.openAlerts() where !alert.isTold && !isSilenced(alert) && !destinations.isEmpty {
            var told = alert
            told.isTold = true
            guard try store.update(told) else { continue }
            try tell(.opened, told)
        }
    }

    private func isSilenced(_ alert: Alert) -> Bool { silences.contains { $0.pattern.matches(alert.key) } }

    private func tell(_ event: AlertNotice.Event, _ alert: Alert) throws {
        for destination in destinations {
            try store.insert(
                AlertNotice(
                    id: AlertNotice.newID(), event: event, destination: destination, alert: alert, createdAt: time),
                atMost: AlertWatch.outboxLimit)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import DriftDetection
package import ModelDomain
package import PredictionLogging
internal import Synchronization

/// An endpoint as far as its monitor has to know it.
package struct MonitoredEndpoint: Sendable, Hashable {
    package let key: TrafficKey
    /// What answers, as people write it: `churn@3`.
    package let version: String
    package let window: MonitorWindow
    package let falseAlarms: AlarmRate

    package init(_ key: TrafficKey, version: String, window: MonitorWindow, falseAlarms: AlarmRate) {
        (self.key, self.version, self.window, self.falseAlarms) = (key, version, window, falseAlarms)
    }
}

/// Counts what comes to every version that answers on this server, and adds it every few seconds to what all servers have
/// counted. Whoever adds the row that ends a window judges it.
package final class TrafficMonitor: PredictionObserver, Sendable {
    /// How often counts are handed in.
    package static let interval = Duration.seconds(5)
    /// Windows whose verdicts are kept.
    package static let windowsKept = 400
    /// In microseconds: versions of which nothing came for so long are forgotten.
    private static let memory: Int64 = 100 * 86_400_000_000
    /// Records of up to a megabyte that wait until it is known what they are held against; what comes beyond them is not
    /// counted.
    private static let mostWaiting = 64

    let store: any MonitorStore
    private let training: @Sendable (Digest) async throws -> Baseline?
    /// Those that answer here and are watched.
    let endpoints: @Sendable () -> [MonitoredEndpoint]
    private let report: @Sendable ((any Error)?) -> Void
    private let state = Mutex(State())

    fileprivate struct State {
        var entries: [TrafficKey: Entry] = [:]
        /// Of the windows that were looked at last.
        var verdicts: [TrafficKey: JudgedWindow] = [:]
        var hasFailed = false
    }

    /// What is counted here and not yet handed in.
    fileprivate struct Entry {
        var monitor: VersionMonitor?
        var waiting: [PredictionRecord] = []
        var isLoading = false
        /// Whether the baseline is known to be the one that is kept.
        var isAgreed = false
        var window: MonitorWindow?
        var pieces: [Piece] = []
        /// Of what was counted since the newest piece.
        var times: ClosedRange<Timestamp>?
        /// When the window that is open ends by itself.
        var end: Timestamp?

        mutating func takePieces() {
            for (start, pane) in monitor?.takePanes() ?? [] {
                let last = Timestamp(microseconds: start.microseconds + PaneSeries.Length.fiveMinutes.duration - 1)
                let times = times ?? start...last
                pieces.append(
                    Piece(
                        pane: pane, first: min(max(start, times.lowerBound), last),
                        last: min(max(start, times.upperBound), last)))
            }
            times = nil
        }
    }

    /// - Parameters:
    ///   - training: The profile of the training data in a bundle, where it has one.
    ///   - endpoints: Those with a version that answers and a monitor.
    ///   - report: Called when counts cannot be kept, and with `nil` when they can again.
    package init(
        store: any MonitorStore, training: @escaping @Sendable (Digest) async throws -> Baseline?,
        endpoints: @escaping @Sendable () -> [MonitoredEndpoint], report: @escaping @Sendable ((any Error)?) -> Void
    ) {
        (self.store, self.training, self.endpoints, self.report) = (store, training, endpoints, report)
    }

    // MARK: Counting

    package func observe(_ record: PredictionRecord) {
        guard record.status == .answered, let bundle = record.schema.bundle else { return }
        let key = TrafficKey(record.schema.project, record.schema.endpoint, bundle)
        let mustLoad = state.withLock { state in
            guard state.entries[key]?.monitor == nil else {
                state.entries[key]?.count(record)
                return false
            }
            var entry = state.entries[key] ?? Entry()
            if entry.waiting.count < Self.mostWaiting { entry.waiting.append(record) }
            let mustLoad = !entry.isLoading
            entry.isLoading = true
            state.entries[key] = entry
            return mustLoad
        }
        if mustLoad { Task { await load(key) } }
    }

    /// Finds out what a version's traffic is held against.
    private func load(_ key: TrafficKey) async {
        let window = endpoints().first { $0.key == key }?.window
        do {
            let kept = try await store.read { try $0.baseline(of: key) }
            let monitor =
                if let kept { VersionMonitor(kept) } else { VersionMonitor(training: try await training(key.bundle)) }
            state.withLock { state in
                guard var entry = state.entries[key] else { return }
                entry.monitor = monitor
                entry.isAgreed = kept != nil
                entry.window = window
                let waiting = entry.waiting
                entry.waiting = []
                for record in waiting { entry.count(record) }
                state.entries[key] = entry
            }
        } catch {
            tell(error)
            // The next record tries again, and not each of the thousands that come meanwhile.
            try? await Task.sleep(for: .seconds(1))
            state.withLock { $0.entries[key] = nil }
        }
    }

    /// Whether it is just being found out what some version's traffic is held against.
    package var isLookingUp: Bool { state.withLock { $0.entries.values.contains { $0.monitor == nil } } }

    /// How much of a baseline was learned on this server; `nil` where nothing is to be learned, or nothing came.
    package func learning(of key: TrafficKey) -> (rows: Int, of: Int)? {
        state.withLock { $0.entries[key]?.monitor?.learning }
    }

    // MARK: Handing in

    /// Hands in what is counted, until the task is cancelled.
    package func run(every interval: Duration = TrafficMonitor.interval, now: @Sendable () -> Timestamp) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            await publish(at: now())
        }
    }

    /// Adds what was counted here to what all have counted, and judges the windows that are over by that.
    package func publish(at time: Timestamp) async {
        let live = Dictionary(endpoints().map { ($0.key, $0) }, uniquingKeysWith: { one, _ in one })
        let keys = state.withLock { Array($0.entries.keys) }
        do {
            for key in keys { try await publish(key, live[key], at: time) }
            try await forget(keys.filter { live[$0] == nil }, at: time)
            tell(nil)
        } catch {
            tell(error)
        }
    }

    private func publish(_ key: TrafficKey, _ endpoint: MonitoredEndpoint?, at time: Timestamp) async throws {
        guard
            let (baseline, pieces) = state.withLock({ $0.entries[key]?.take(window: endpoint?.window, at: time) ?? nil }
            )
        else { return }
        // A version that was replaced has its last window judged as the others were.
        let window = endpoint?.window ?? .standard
        let falseAlarms = endpoint?.falseAlarms ?? .standard
        do {
            let outcome = try await store.write { store in
                try Publication(
                    store: store, key: key, baseline: baseline, window: window, falseAlarms: falseAlarms,
                    isDeployed: endpoint != nil
                ).add(pieces, at: time)
            }
            state.withLock { state in
                state.entries[key]?.isAgreed = true
                switch outcome {
                case .kept(let end): state.entries[key]?.end = end
                // What was counted over bins of our own is counted by nobody; the next rows are.
                case .other(let baseline): state.entries[key]?.monitor?.adopt(baseline)
                }
            }
        } catch {
            state.withLock { $0.entries[key]?.putBack(pieces) }
            throw error
        }
    }

    /// What is deployed nowhere on this server needs no counting.
    private func forget(_ gone: [TrafficKey], at time: Timestamp) async throws {
        state.withLock { state in
            for key in gone
            where state.entries[key].map({ $0.pieces.isEmpty && ($0.monitor?.openRows ?? 0) == 0 }) ?? false {
                state.entries[key] = nil
            }
        }
        guard !gone.isEmpty else { return }
        try await store.write { try $0.forget(before: Timestamp(microseconds: time.microseconds - Self.memory)) }
    }

    // MARK: Reading

    /// Of versions of which a window was judged. Each is read once.
    func newestVerdicts(of keys: [TrafficKey]) async throws -> [TrafficKey: JudgedWindow] {
        let known = state.withLock { $0.verdicts }
        let verdicts = try await store.read { store in
            let numbers = try store.newestWindows()
            var verdicts: [TrafficKey: JudgedWindow] = [:]
            for key in keys {
                guard let number = numbers[key] else { continue }
                let last = known[key]
                verdicts[key] =
                    last?.window.number == number ? last : try store.windows(of: key, limit: 1).first
            }
            return verdicts
        }
        state.withLock { $0.verdicts = verdicts }
        return verdicts
    }

    private func tell(_ error: (any Error)?) {
        let isNews = state.withLock { state in
            defer { state.hasFailed = error != nil }
            return state.hasFailed != (error != nil)
        }
        if isNews { report(error) }
    }
}

extension TrafficMonitor.Entry {
    fileprivate mutating func count(_ record: PredictionRecord) {
        // Taken out, so that counting copies nothing.
        guard var counting = monitor else { return }
        monitor = nil
        counting.observe(record)
        monitor = counting
        times = min(times?.lowerBound ?? record.time, record.time)...max(times?.upperBound ?? record.time, record.time)
        if case .rows(let wanted) = window, counting.openRows >= wanted { takePieces() }
    }

    /// What there is to hand in; `nil` for nothing.
    fileprivate mutating func take(window: MonitorWindow?, at time: Timestamp) -> (MonitorBaseline, [Piece])? {
        guard let baseline = monitor?.baseline else { return nil }
        self.window = window
        takePieces()
        let isOver = end.map { time >= $0 } ?? false
        guard !pieces.isEmpty || isOver || !isAgreed else { return nil }
        defer { pieces = [] }
        return (baseline, pieces)
    }

    /// What could not be kept is handed in the next time, but for what would be more than a day.
    fileprivate mutating func putBack(_ some: [Piece]) {
        pieces = (some + pieces).suffix(288)
    }
}

/// Counts of rows that came within five minutes, and when the first and the last of them did.
private struct Piece: Sendable {
    let pane: MonitorPane
    let first: Timestamp
    let last: Timestamp
}

/// What one server has counted, on its way to what all have.
private struct Publication {
    enum Outcome: Sendable {
        /// - end: When the window that is open now is over by itself.
        case kept(end: Timestamp?)
        /// Another server was first with another baseline.
        case other(MonitorBaseline)
    }

    let store: any MonitorWriting
    let key: TrafficKey
    let baseline: MonitorBaseline
    let window: MonitorWindow
    let falseAlarms: AlarmRate
    /// Of what is not, nothing is begun.
    let isDeployed: Bool

    func add(_ pieces: [Piece], at time: Timestamp) throws -> Outcome {
        if let kept = try store.fingerprint(of: key) {
            if kept != baseline.fingerprint, let other = try store.baseline(of: key) { return .other(other) }
        } else if isDeployed {
            try store.begin(key, baseline, at: time)
        } else {
            return .kept(end: nil)
        }
        var open = try store.openWindow(of: key) ?? OpenWindow(at: time)
        var over: [OpenWindow.Closed] = []
        for piece in pieces {
            try store.add(piece.pane, at: piece.first, of: key)
            over += open.add(piece.pane, from: piece.first, to: piece.last, window)
        }
        over += open.advance(to: time, window)
        try judge(over, open, at: time)
        try store.setOpenWindow(open, of: key, at: time)
        return .kept(end: open.end(window))
    }

    private func judge(_ over: [OpenWindow.Closed], _ open: OpenWindow, at time: Timestamp) throws {
        guard !over.isEmpty else { return }
        var watch = try store.watch(of: key, over: baseline) ?? DriftWatch(baseline)
        watch.rules.falseAlarmDays = Double(falseAlarms.interval.seconds) / 86_400
        watch.rules.windowsPerDay = open.windowsPerDay(window, at: time)
        for window in over {
            guard let verdict = watch.judge(window.pane) else { continue }
            try store.insert(JudgedWindow(window, verdict), of: key, atMost: TrafficMonitor.windowsKept)
        }
        try store.setWatch(watch, of: key)
    }
}

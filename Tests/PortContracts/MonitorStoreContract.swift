// SPDX-License-Identifier: Apache-2.0
internal import DriftDetection
internal import ModelDomain
package import ModelMonitoring
internal import Tensors
internal import Testing

/// What every `MonitorStore` promises. A new adapter starts by running this.
package struct MonitorStoreContract {
    let makeStore: @Sendable () async throws -> any MonitorStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any MonitorStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await whatIsBegunComesBackAsItWas()
        try await windowsAreKeptUpToALimit()
        try await panesAddUpAndTheEarliestGo()
        try await whatIsOldIsForgotten()
    }

    private static let time = Timestamp(milliseconds: 1_800_000_000_000)

    private static func key(_ endpoint: String = "churn") throws -> TrafficKey {
        TrafficKey(.standard, try EndpointName(endpoint), Digest(of: endpoint.utf8))
    }

    /// Of a version with a column of numbers, and so many rows of it.
    private static func counted(_ rows: Int) throws -> (baseline: MonitorBaseline, pane: MonitorPane) {
        var monitor = VersionMonitor(training: nil, learnedRows: 100)
        func observe(_ rows: Int) {
            let values = Tensor(.float64, shape: [rows], elements: (0..<rows).map { Double($0 % 17) })
            monitor.observe(rows: rows, columns: [NamedTensor("größe \u{1F600}", values)], outputs: [], at: time)
        }
        observe(100)
        observe(rows)
        return (try #require(monitor.baseline), try #require(monitor.takePanes().last?.pane))
    }

    func whatIsBegunComesBackAsItWas() async throws {
        let (store, key) = (try await makeStore(), try Self.key())
        let (baseline, pane) = try Self.counted(700)
        #expect(try await store.read { try $0.baseline(of: key) } == nil)
        #expect(try await store.read { try $0.openWindow(of: key) } == nil)
        var watch = DriftWatch(baseline)
        _ = watch.judge(pane)
        let judged = watch
        try await store.write { store throws in
            try store.begin(key, baseline, at: Self.time)
            #expect(try store.openWindow(of: key) == OpenWindow(at: Self.time))
            #expect(try store.watch(of: key, over: baseline) == nil)
            try store.setWatch(judged, of: key)
        }
        var open = OpenWindow(at: Self.time)
        _ = open.add(pane, from: Self.time, to: Self.time, .rows(5000))
        let filling = open
        try await store.write { try $0.setOpenWindow(filling, of: key, at: Self.time) }
        try await store.read { store throws in
            #expect(try store.baseline(of: key) == baseline)
            #expect(try store.fingerprint(of: key) == baseline.fingerprint)
            #expect(try store.openWindow(of: key) == filling)
            #expect(try store.watch(of: key, over: baseline) == judged)
        }
        // Another endpoint has nothing of it.
        let other = try Self.key("other")
        #expect(try await store.read { try $0.baseline(of: other) } == nil)
    }

    func windowsAreKeptUpToALimit() async throws {
        let (store, key) = (try await makeStore(), try Self.key())
        let (baseline, pane) = try Self.counted(700)
        var watch = DriftWatch(baseline)
        let found = watch.judge(pane)
        let verdict = try #require(found)
        try await store.write { store throws in
            try store.begin(key, baseline, at: Self.time)
            for number in 1...5 {
                let window = OpenWindow.Closed(number: number, start: Self.time, end: Self.time, pane: pane)
                try store.insert(JudgedWindow(window, verdict), of: key, atMost: 3)
            }
        }
        try await store.read { store throws in
            let windows = try store.windows(of: key, limit: 10)
            #expect(windows.map(\.window.number) == [5, 4, 3])
            #expect(windows.first?.verdict == verdict)
            #expect(windows.first?.window.pane == pane)
            #expect(try store.windows(of: key, limit: 1).map(\.window.number) == [5])
            #expect(try store.newestWindows() == [key: 5])
        }
    }

    func panesAddUpAndTheEarliestGo() async throws {
        let (store, key) = (try await makeStore(), try Self.key())
        let (baseline, pane) = try Self.counted(10)
        try await store.write { store throws in
            try store.begin(key, baseline, at: Self.time)
            for minute in stride(from: 0, to: 100, by: 5) {
                for _ in 0..<2 {
                    let time = Timestamp(microseconds: Self.time.microseconds + Int64(minute) * 60_000_000)
                    try store.add(pane, at: time, of: key)
                }
            }
        }
        try await store.read { store throws in
            let fives = try store.panes(of: key, .fiveMinutes)
            #expect(fives.count == PaneSeries.Length.fiveMinutes.kept)
            #expect(fives.allSatisfy { $0.pane.rows == 2 * pane.rows })
            #expect(fives.map(\.start) == fives.map(\.start).sorted())
            #expect(try store.panes(of: key, .day).map(\.pane.rows) == [40 * pane.rows])
        }
    }

    func whatIsOldIsForgotten() async throws {
        let store = try await makeStore()
        let (old, new) = (try Self.key("old"), try Self.key("new"))
        let (baseline, pane) = try Self.counted(10)
        let later = Timestamp(microseconds: Self.time.microseconds + 1)
        try await store.write { store throws in
            try store.begin(old, baseline, at: Self.time)
            try store.begin(new, baseline, at: later)
            try store.add(pane, at: Self.time, of: old)
            try store.forget(before: later)
            #expect(try store.baseline(of: old) == nil)
            #expect(try store.panes(of: old, .day).isEmpty)
            #expect(try store.baseline(of: new) == baseline)
        }
    }
}

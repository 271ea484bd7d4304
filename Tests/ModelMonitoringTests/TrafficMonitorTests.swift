// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import InferenceServing
import ModelDomain
import ModelMonitoring
import StoreSQL
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import PredictionLogging

/// From predictions to what is said of them, in a store that several servers share.
struct TrafficMonitorTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)
    private static let bundle = Digest(of: "bundle".utf8)
    private static let key = TrafficKey(.standard, EndpointName(trusted: "churn"), bundle)

    /// What is deployed on a server; tests change it.
    private final class Deployed: Sendable {
        let version = Mutex<String?>("churn@1")
    }

    /// A server that counts rows of two columns of numbers.
    private struct Server {
        let monitor: TrafficMonitor
        let deployed = Deployed()
        private let schema: LogSchema

        init(_ store: SQLMonitorStore, window: MonitorWindow = .rows(500)) throws {
            let deployed = deployed
            monitor = TrafficMonitor(
                store: store, training: { _ in nil },
                endpoints: {
                    deployed.version.withLock { $0 }.map { version in
                        [MonitoredEndpoint(key, version: version, window: window, falseAlarms: .standard)]
                    } ?? []
                }, report: { _ in })
            schema = try LogSchema(
                json: Array(
                    (#"{"project":"default","endpoint":"churn","generation":1,"model_project":"default","model":"m","#
                        + #""version":1,"bundle":"\#(bundle.hex)","inputs":["input"],"outputs":[],"fields":["#
                        + #"{"name":"age","input":0,"offset":0,"shape":[],"policy":"keep"},"#
                        + #"{"name":"plan","input":0,"offset":1,"shape":[],"policy":"keep"}]}"#).utf8))
        }

        /// Hands in `windows` of 500 rows, each of ten predictions; a second later each.
        ///
        /// - Parameter shift: Of the first column, whose values are 0 to 99.
        func see(_ windows: Range<Int>, shift: Float = 0, publishes: Bool = true) async {
            for window in windows {
                let time = TrafficMonitorTests.start.adding(seconds: window)
                for part in 0..<10 {
                    let values = (0..<50).flatMap { row -> [Float] in
                        let step = Float((window * 7 + part * 50 + row * 37) % 100)
                        return [step + shift, Float(row % 3)]
                    }
                    monitor.observe(
                        PredictionRecord(
                            id: PredictionID(high: 1, low: 2), time: time, status: .answered, code: nil, principal: nil,
                            key: nil, trace: nil, rowCount: 50, times: .init(), isCut: false,
                            inputs: [.whole(Tensor(.float32, shape: [50, 2], elements: values))], outputs: [],
                            schema: schema))
                }
                if publishes { await publish(window) }
            }
        }

        func publish(_ seconds: Int) async {
            // What it is held against is looked up beside this.
            for _ in 0..<20_000 where monitor.isLookingUp { try? await Task.sleep(for: .milliseconds(5)) }
            await monitor.publish(at: TrafficMonitorTests.start.adding(seconds: seconds))
        }

        var report: TrafficReport? {
            get async throws { try await monitor.report(of: key.endpoint, in: .standard, windows: 100) }
        }
    }

    private func withStore(_ body: (SQLMonitorStore) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(at: "\(folder)/registry.db", time: Self.start)
            try await body(SQLMonitorStore(database: database))
            try database.close()
        }
    }

    private func found(_ server: Server, open: [Alert] = []) async -> [String] {
        await server.monitor.findings(open: open, at: Self.start).map { "\($0.key) \($0.level)" }
    }

    private func alert(_ finding: AlertFinding) -> Alert {
        Alert(
            number: 1, key: finding.key, project: finding.project, severity: .critical, summary: finding.summary,
            evidence: finding.evidence, normal: finding.normal, next: finding.next, openedAt: Self.start)
    }

    @Test func whatDriftsIsFoundWithItsEvidenceAndIsOver() async throws {
        try await withStore { store async throws in
            let server = try Server(store)
            #expect(try await server.report?.state == .waiting)
            await server.see(0..<1)
            #expect(try await server.report?.state == .learning)
            await server.see(1..<3)
            #expect(try await server.report?.state == .measuring)
            await server.see(3..<25)
            #expect(try await server.report?.state == .judged)
            #expect(await found(server).isEmpty)

            await server.see(25..<27, shift: 60)
            let findings = await server.monitor.findings(open: [], at: Self.start)
            #expect(
                findings.map { "\($0.key) \($0.level)" } == [
                    "data_quality/churn/age violated(ModelMonitoring.AlertSeverity.critical)",
                    "drift/churn/age violated(ModelMonitoring.AlertSeverity.critical)",
                ])
            let drift = try #require(findings.last)
            #expect(drift.summary.contains("“age” of churn drifts"))
            #expect(drift.next == "slipway drift churn")
            #expect(drift.evidence.contains(AlertEvidence("version", "churn@1")))
            #expect(drift.evidence.contains(AlertEvidence("rows", "500")))

            // A restarted server knows all of it, and goes on.
            let again = try Server(store)
            #expect(await again.monitor.findings(open: [], at: Self.start) == findings)
            // The evidence of slow drift is used up only after some quiet windows.
            await again.see(27..<40)
            let open = findings.map(alert)
            #expect(await found(again, open: open) == ["data_quality/churn/age clean", "drift/churn/age clean"])
            // What was said of a version that answers no more is no matter of the next one.
            again.deployed.version.withLock { $0 = "churn@2" }
            #expect(await found(again, open: open) == ["data_quality/churn/age gone", "drift/churn/age gone"])
            again.deployed.version.withLock { $0 = nil }
            #expect(await found(again, open: open) == ["data_quality/churn/age gone", "drift/churn/age gone"])
        }
    }

    @Test func serversCountTogether() async throws {
        try await withStore { store async throws in
            let (one, other) = (try Server(store, window: .rows(1000)), try Server(store, window: .rows(1000)))
            // Each learns by itself; who comes second takes over what the first one has.
            await other.see(0..<2, publishes: false)
            await one.see(0..<2)
            await other.publish(2)
            await other.see(2..<3)
            #expect(try await other.report?.windows.isEmpty == true)
            await one.see(2..<3)
            let windows = try #require(try await other.report?.windows)
            #expect(windows.map(\.verdict.rows) == [1000])
            let baselines = [try await one.report?.baseline, try await other.report?.baseline]
            #expect(baselines[0] != nil && baselines[0] == baselines[1])
        }
    }

    @Test func timeEndsWindowsWithoutTraffic() async throws {
        try await withStore { store async throws in
            let server = try Server(store, window: .standard)
            await server.see(0..<5)
            #expect(try await server.report?.windows.isEmpty == true)
            await server.publish(7200)
            let window = try #require(try await server.report?.windows.first)
            #expect(window.verdict.rows == 1500)
            #expect(window.window.end.microseconds % 3_600_000_000 == 0)
        }
    }

    /// A version that was removed leaves nothing behind, and begins nothing.
    @Test func nothingIsBegunOfWhatIsDeployedNoMore() async throws {
        try await withStore { store async throws in
            let server = try Server(store)
            server.deployed.version.withLock { $0 = nil }
            await server.see(0..<4)
            #expect(try await store.read { try $0.baseline(of: Self.key) } == nil)
        }
    }
}

extension Timestamp {
    fileprivate func adding(seconds: Int) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64(seconds) * 1_000_000)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelMonitoring
import ModelRegistry
import PlatformReplicas
import StoreSQL
import Synchronization
import TestSupport
import Testing

/// Looks, what is kept of them, and what arrives where.
struct AlertWatchTests {
    /// A platform whose time, signals and destinations a test says.
    private final class Platform: SignalSource, AlertSink, AlertMonitor {
        struct State {
            var clock = Timestamp(microseconds: 1_000_000_000_000)
            var uptime: Int64 = 0
            var found: [AlertFinding] = []
            var failing: Set<String> = []
            var sent: [AlertNotice] = []
        }
        let state = Mutex(State())

        func signals() async -> ReplicaSignals {
            ReplicaSignals(
                replica: "a", host: "host", isComplete: true,
                endpoints: [
                    EndpointSignals(
                        project: .standard, name: EndpointName(trusted: "churn"), answers: true, problem: nil,
                        answered: 0,
                        failed: 0, refused: 0, timed: 0, objective: nil, slow: 0, losses: 0, logDrops: 0)
                ], freeBytes: nil, totalBytes: nil, certificateEnd: nil)
        }

        func findings(open: [Alert], at time: Timestamp) async -> [AlertFinding] { state.withLock(\.found) }

        func deliver(_ notice: AlertNotice, to destination: AlertDestination) async throws(DeliveryFailure) {
            let fails = state.withLock { state in
                state.sent.append(notice)
                return state.failing.contains(destination.name.rawValue)
            }
            if fails { throw DeliveryFailure("it answers 500") }
        }

        func check(_ destination: AlertDestination) throws(Refusal) {}

        func find(_ key: AlertKey, _ level: AlertLevel) {
            state.withLock {
                $0.found = [
                    AlertFinding(
                        key, project: .standard, level, summary: "it drifts", normal: "it does not",
                        next: "slipway status")
                ]
            }
        }

        func pass(_ seconds: Int64) {
            state.withLock { state in
                state.clock = Timestamp(microseconds: state.clock.microseconds + seconds * 1_000_000)
                state.uptime += seconds * 1_000_000
            }
        }

        /// The events that arrived, or were tried, and where.
        var sent: [String] { state.withLock { $0.sent.map { "\($0.event.rawValue) to \($0.destination)" } } }
    }

    private struct Scene {
        let platform = Platform()
        let store: SQLAlertStore
        let watch: AlertWatch
        let alerts: Alerts
        static let key = AlertKey(.drift, "churn", column: "age")

        init(_ store: SQLAlertStore, retry: RetryPlan? = nil, on platform: Platform? = nil) {
            self.store = store
            let platform = platform ?? self.platform
            watch = AlertWatch(
                store: store, sink: platform, replicas: .single(), source: platform, monitors: [platform], retry: retry,
                clock: { platform.state.withLock(\.clock) }, uptime: { platform.state.withLock(\.uptime) })
            alerts = Alerts(store: store, sink: platform, now: { platform.state.withLock(\.clock) })
        }

        func add(_ name: String) async throws {
            try await alerts.add(
                AlertDestination(
                    name: try DestinationName(name), kind: .webhook, address: .url("http://127.0.0.1:1/secret"),
                    secret: nil, mail: nil, createdAt: Timestamp(microseconds: 0), createdBy: "ada"))
        }

        func look(_ level: AlertLevel, times: Int = 1) async throws {
            platform.find(Self.key, level)
            for _ in 0..<times {
                platform.pass(15)
                try await watch.look()
            }
        }

        func deliver() async throws {
            for destination in try await alerts.destinations() {
                while try await watch.sendNext(to: destination.name) {}
            }
        }
    }

    private func withScene(retry: RetryPlan? = nil, _ body: (Scene, SQLiteDatabase) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let database = try await SQLiteDatabase.open(
                at: "\(folder)/registry.sqlite", time: Timestamp(microseconds: 0))
            try await body(Scene(SQLAlertStore(database: database), retry: retry), database)
        }
    }

    @Test func anAlertIsToldOnceAndSoIsItsEnd() async throws {
        try await withScene { scene, _ in
            try await scene.add("a")
            try await scene.add("b")
            try await scene.look(.violated(.warning), times: 10)
            try await scene.look(.violated(.critical), times: 10)
            try await scene.deliver()
            try await scene.look(.clean, times: 10)
            try await scene.deliver()
            let expected = [
                "opened to a", "escalated to a", "opened to b", "escalated to b", "resolved to a", "resolved to b",
            ]
            #expect(scene.platform.sent == expected)
            let list = try await scene.alerts.list(all: true)
            #expect(list.count == 1 && list[0].alert.severity == .critical && list[0].alert.resolvedAt != nil)
            #expect(try await scene.alerts.list(all: false).isEmpty)
        }
    }

    @Test func aServerThatStartsAgainRepeatsNothing() async throws {
        try await withScene { scene, database in
            try await scene.add("a")
            try await scene.look(.violated(.critical), times: 3)
            // Killed before anything was sent: the next one sends it.
            let second = Scene(SQLAlertStore(database: database))
            try await second.look(.violated(.critical), times: 5)
            try await second.deliver()
            #expect(second.platform.sent == ["opened to a"])
            let third = Scene(SQLAlertStore(database: database))
            try await third.look(.clean, times: 3)
            try await third.deliver()
            #expect(third.platform.sent == ["resolved to a"])
        }
    }

    @Test func aSilenceHoldsBackAndForgetsNothing() async throws {
        try await withScene { scene, _ in
            try await scene.add("a")
            let silence = try await scene.alerts.silence(
                AlertPattern("drift/churn/*"), for: try #require(Lifetime("1h")), because: "known", by: "ada")
            try await scene.look(.violated(.critical), times: 3)
            try await scene.deliver()
            #expect(scene.platform.sent.isEmpty)
            #expect(try await scene.alerts.list(all: false).first?.silence == silence)
            // Its time is up, and it is still so.
            scene.platform.pass(3600)
            try await scene.look(.violated(.critical))
            try await scene.deliver()
            #expect(scene.platform.sent == ["opened to a"])
            // Silenced again: the end is told to those who know of the beginning.
            _ = try await scene.alerts.silence(
                AlertPattern("*"), for: try #require(Lifetime("1h")), because: "known", by: "ada")
            try await scene.look(.clean, times: 3)
            // One that opens and ends in silence is told to nobody.
            try await scene.look(.violated(.critical), times: 1)
            try await scene.look(.clean, times: 3)
            try await scene.deliver()
            #expect(scene.platform.sent == ["opened to a", "resolved to a"])
        }
    }

    @Test func aSilenceThatIsEndedBeforeItsTimeHoldsNoMore() async throws {
        try await withScene { scene, _ in
            try await scene.add("a")
            let silence = try await scene.alerts.silence(
                AlertPattern("*"), for: try #require(Lifetime("1h")), because: "known", by: "ada")
            try await scene.look(.violated(.critical))
            try await scene.alerts.unsilence(silence.number, by: "ada")
            await #expect(throws: Refusal.self) { try await scene.alerts.unsilence(silence.number, by: "ada") }
            try await scene.look(.violated(.critical))
            try await scene.deliver()
            #expect(scene.platform.sent == ["opened to a"])
            #expect(try await scene.alerts.silences(all: false).isEmpty)
            #expect(try await scene.alerts.silences(all: true).map(\.number) == [1])
        }
    }

    @Test func aDestinationThatComesLaterHearsOfWhatIsOpen() async throws {
        try await withScene { scene, _ in
            try await scene.look(.violated(.critical), times: 3)
            try await scene.add("a")
            try await scene.look(.violated(.critical))
            try await scene.deliver()
            #expect(scene.platform.sent == ["opened to a"])
        }
    }

    @Test func whatDoesNotArriveIsSentAgainInOrderAndHoldsUpNobodyElse() async throws {
        try await withScene { scene, _ in
            try await scene.add("bad")
            try await scene.add("good")
            scene.platform.state.withLock { $0.failing = ["bad"] }
            try await scene.look(.violated(.critical))
            try await scene.look(.clean, times: 3)
            try await scene.deliver()
            #expect(scene.platform.sent == ["opened to bad", "opened to good", "resolved to good"])
            // Not before its pause is over: 15 s, a fifth more or less.
            scene.platform.pass(11)
            try await scene.deliver()
            #expect(scene.platform.sent.count == 3)
            let waiting = try await scene.alerts.destinations()[0].outcome
            #expect(waiting.waiting == 2 && waiting.problem == "it answers 500" && waiting.deliveredAt == nil)
            scene.platform.pass(8)
            try await scene.deliver()
            #expect(scene.platform.sent.dropFirst(3) == ["opened to bad"])
            scene.platform.state.withLock { $0.failing = [] }
            scene.platform.pass(40)
            try await scene.deliver()
            #expect(scene.platform.sent.dropFirst(4) == ["opened to bad", "resolved to bad"])
            // However often it is sent, it is the same notice.
            let ids = scene.platform.state.withLock { $0.sent.filter { $0.destination.rawValue == "bad" }.map(\.id) }
            #expect(ids[0] == ids[1] && ids[1] == ids[2] && ids[3] != ids[0])
            #expect(try await scene.alerts.destinations()[0].outcome.problem == nil)
        }
    }

    @Test func whatNeverArrivesIsGivenUpAndCounted() async throws {
        try await withScene(retry: RetryPlan(mostAttempts: 5)) { scene, _ in
            try await scene.add("bad")
            scene.platform.state.withLock { $0.failing = ["bad"] }
            try await scene.look(.violated(.critical))
            for _ in 0..<8 {
                try await scene.deliver()
                scene.platform.pass(5000)
            }
            #expect(scene.platform.sent.count == 5)
            let outcome = try await scene.alerts.destinations()[0].outcome
            #expect(outcome.givenUp == 1 && outcome.waiting == 0)
        }
    }

    @Test func pausesDoubleToAnHourForThreeDays() {
        let plan = RetryPlan()
        let pauses = (1..<plan.mostAttempts).map { plan.pause(after: $0, chance: 0.5) / .seconds(1) }
        #expect(pauses.prefix(5) == [15, 30, 60, 120, 240] && pauses.last == 3600)
        #expect(abs(pauses.reduce(0, +) / 86_400 - 3) < 0.1)
        #expect(
            abs(plan.pause(after: 1, chance: 0) / .seconds(1) - 12) < 1e-6
                && abs(plan.pause(after: 1, chance: 1) / .seconds(1) - 18) < 1e-6)
    }

    @Test func aClockThatJumpsLosesNoNoticeAndEndsNoSilence() async throws {
        try await withScene(retry: RetryPlan(mostAttempts: 5)) { scene, _ in
            try await scene.add("bad")
            scene.platform.state.withLock { $0.failing = ["bad"] }
            try await scene.look(.violated(.critical))
            try await scene.deliver()
            for years in [30, -30, 0] as [Int64] {
                let offset = years * 31_536_000 * 1_000_000
                func jump(_ offset: Int64) {
                    scene.platform.state.withLock {
                        $0.clock = Timestamp(microseconds: $0.clock.microseconds + offset)
                    }
                }
                jump(offset)
                try await scene.look(.violated(.critical), times: 2)
                try await scene.deliver()
                jump(-offset)
                try await scene.look(.violated(.critical))
            }
            #expect(try await scene.alerts.destinations()[0].outcome.givenUp == 0)
            scene.platform.state.withLock { $0.failing = [] }
            scene.platform.pass(5000)
            try await scene.deliver()
            #expect(Set(scene.platform.sent) == ["opened to bad"])
            #expect(try await scene.alerts.destinations()[0].outcome.waiting == 0)
        }
    }

    @Test func whatPeopleDecideIsInTheLedgerWithoutSecrets() async throws {
        try await withScene { scene, database in
            try await scene.add("a")
            await #expect(throws: Refusal.self) { try await scene.add("a") }
            let silence = try await scene.alerts.silence(
                AlertPattern("drift/*"), for: try #require(Lifetime("2h")), because: "known", by: "ada")
            try await scene.alerts.unsilence(silence.number, by: "ada")
            try await scene.alerts.remove(try DestinationName("a"), by: "ada")
            await #expect(throws: Refusal.self) { try await scene.alerts.remove(try DestinationName("a"), by: "ada") }
            let entries = try await SQLRegistryStore(database: database).read { try $0.ledger(from: 0, limit: 10) }
            #expect(
                entries.map { "\($0.change.actor) \($0.change.action) \($0.change.object)" } == [
                    "ada destination.add destination/a", "ada alert.silence silence/1", "ada alert.unsilence silence/1",
                    "ada destination.remove destination/a",
                ])
            #expect(entries[0].change.after == "webhook http://127.0.0.1:1/…" && entries[1].change.reason == "known")
        }
    }

    @Test func aTestTellsWhatCameOfIt() async throws {
        try await withScene { scene, _ in
            await #expect(throws: Refusal.self) { try await scene.alerts.test(nil) }
            try await scene.add("bad")
            try await scene.add("good")
            scene.platform.state.withLock { $0.failing = ["bad"] }
            let results = try await scene.alerts.test(nil)
            #expect(results.map(\.name.rawValue) == ["bad", "good"] && results[1].failure == nil)
            #expect(results[0].failure?.reason == "it answers 500")
            #expect(try await scene.alerts.test(try DestinationName("good")).count == 1)
        }
    }
}

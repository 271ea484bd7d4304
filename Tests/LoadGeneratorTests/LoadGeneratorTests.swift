// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@testable import LoadGenerator

@Suite(.serialized)
struct LoadGeneratorTests {
    private let target = LoadTarget(
        path: "/", headers: [], bodies: [.init(bytes: Array("{}".utf8)), .init(bytes: Array("[]".utf8))])

    private func load(
        _ rate: Double, _ seconds: Double, connections: Int = 4, patience: Duration = .seconds(600),
        within limits: LoadLimits? = nil, _ script: @escaping @Sendable (Int) -> StallingServer.Answer
    ) async throws -> LoadRecord {
        var record = LoadRecord()
        try await StallingServer.with(script) { port in
            let generator = try await LoadGenerator(
                host: "127.0.0.1", port: port, connections: connections, patience: patience)
            record = try await generator.run(
                LoadSchedule(requestsPerSecond: rate, seconds: seconds), to: target, within: limits)
            await generator.close()
        }
        return record
    }

    /// One stall of 200 ms in 1 s at 500/s delays about 100 requests. A client that waits for each answer sees one slow
    /// request a connection, which is what the service time shows.
    @Test func aStallCostsEveryRequestThatItDelays() async throws {
        let record = try await load(500, 1) { $0 == 100 ? .stall(milliseconds: 200) : .at(status: 200, body: "{}") }
        #expect(record.good == 500)
        #expect(record.failures.isEmpty)
        #expect(record.latency.max >= 200_000)
        #expect(record.latency.p90 >= 80_000, "\(record.latency)")
        #expect(record.serviceTime.p90 < record.latency.p90 / 2, "\(record.serviceTime)")
        #expect(record.waited >= 50)
    }

    @Test func theScheduleIsKept() async throws {
        let record = try await load(1000, 0.5) { _ in .at(status: 200, body: "{}") }
        #expect(record.scheduled == 500)
        #expect(record.sent == 500)
        #expect(record.nanoseconds >= 500_000_000)
        #expect(record.achievedPerSecond <= 1000)
        #expect(record.samples.keys.sorted() == [0, 1])
    }

    @Test func refusalsAreCountedByStatusAndKeptOutOfTheTimes() async throws {
        let record = try await load(200, 0.5) { request in
            request % 4 == 0 ? .at(status: 503, body: "") : .at(status: 200, body: "{}")
        }
        #expect(record.statuses == [200: 75, 503: 25])
        #expect(record.answered == 100)
    }

    @Test func aLostConnectionIsCountedAndOpenedAgain() async throws {
        let record = try await load(200, 0.5, connections: 1) { $0 == 10 ? .hangUp : .at(status: 200, body: "{}") }
        #expect(record.failures == [.connectionClosed: 1])
        #expect(record.good == 99)
    }

    @Test func silenceEndsTheRunAndIsCounted() async throws {
        let record = try await load(100, 0.2, connections: 2, patience: .seconds(1)) { _ in .silence }
        #expect(record.failures == [.timedOut: 2, .notSent: 18])
        #expect(record.good == 0)
        #expect(record.latency.max == 0)
    }

    @Test func anAnswerOfAnotherFormIsNoAnswer() async throws {
        let record = try await load(100, 0.1) { _ in .at(status: 200, body: "<html>") }
        #expect(record.failures == [.notAnAnswer: 10])
        #expect(record.samples.isEmpty)
    }

    @Test func piecesAddUp() async throws {
        var sum = try await load(100, 0.1) { _ in .at(status: 200, body: "{}") }
        sum.add(try await load(100, 0.1) { _ in .at(status: 429, body: "{}") })
        #expect(sum.statuses == [200: 10, 429: 10])
        #expect(sum.scheduled == 20)
    }

    private let limits = LoadLimits(latencies: [.init(nanoseconds: 50_000_000, allowed: 10)], failuresAllowed: 5)

    @Test func aHopelessRunIsStoppedLongBeforeItsEnd() async throws {
        let start = ContinuousClock.now
        let refusing = try await load(100, 60, within: limits) { _ in .at(status: 503, body: "") }
        #expect(refusing.wasStopped)
        #expect((6..<3000).contains(refusing.scheduled), "\(refusing.scheduled)")
        let stalling = try await load(100, 60, within: limits) { _ in .stall(milliseconds: 100) }
        #expect(stalling.wasStopped)
        // Those under way are waited for; of those that had come due, every one is accounted for.
        #expect(stalling.scheduled == stalling.answered + (stalling.failures[.notSent] ?? 0))
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Nothing is answered, so that no answer gives occasion to notice.
    @Test func silenceStopsARunWithLimits() async throws {
        let record = try await load(100, 60, patience: .seconds(1), within: limits) { _ in .silence }
        #expect(record.wasStopped)
        #expect(record.failures[.timedOut] == 4)
        #expect(record.scheduled < 3000)
        #expect(record.scheduled == record.failures.values.reduce(0, +))
    }

    @Test func whatKeepsItsLimitsRunsToItsEnd() async throws {
        let wide = LoadLimits(latencies: [.init(nanoseconds: 10_000_000_000, allowed: 0)], failuresAllowed: 1)
        let record = try await load(200, 0.5, within: wide) { $0 == 3 ? .hangUp : .at(status: 200, body: "{}") }
        #expect(!record.wasStopped)
        #expect(record.scheduled == 100)
    }

    @Test func aCancelledRunEndsAtOnceAndNoOtherBegins() async throws {
        try await StallingServer.with({ _ in .silence }) { port in
            let generator = try await LoadGenerator(host: "127.0.0.1", port: port, connections: 2)
            let start = ContinuousClock.now
            let schedule = LoadSchedule(requestsPerSecond: 10, seconds: 600)
            let task = Task { try await generator.run(schedule, to: target) }
            try await Task.sleep(for: .milliseconds(300))
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            await #expect(throws: CancellationError.self) { _ = try await generator.run(schedule, to: target) }
            #expect(ContinuousClock.now - start < .seconds(300))
            await generator.close()
        }
    }

    @Test func whereNobodyListensIsExplained() async {
        await #expect(throws: Refusal.self) {
            _ = try await LoadGenerator(host: "127.0.0.1", port: 1, connections: 2)
        }
    }
}

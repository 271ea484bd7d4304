// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelExecution
import TestSupport
import Testing

@testable import InferenceServing

/// Calls that are joined, under load and in simulated time: 0.84 ms a call and 0.16 ms a row, so that 32 rows cost six
/// times as much as one. Two threads, sixteen callers.
struct BatchingSimulationTests {
    private final class Job: WaitingWork {
        let arrival: Moment
        let isAbandoned = false
        let isHeldUp = false
        let rowCount = 1
        let priority: RequestPriority
        init(arrival: Moment, _ priority: RequestPriority) { (self.arrival, self.priority) = (arrival, priority) }
        func joins(_: Job) -> Bool { true }
    }

    private struct Simulation {
        static let threads = 2
        /// Requests a nanosecond that calls with one row each can answer.
        static let saturation = Double(threads) / 1_000_000

        var isJoining = true
        var budget = 10_000_000
        var deadline = 30_000_000_000
        var queue = AdmissionQueue<Job>(cores: 2)
        var sizing = BatchSizing(
            cost: RunCost(oneRowNanoseconds: 1_000_000, furtherRowNanoseconds: 160_000, joint: .shown(rows: 64)),
            most: 64)
        var generator = SeededGenerator(seed: 5)
        var now = Moment(nanoseconds: 0)
        var sent = 0
        var running: [(end: Moment, start: Moment, jobs: [Job], isFull: Bool)] = []
        var answered: [Double] = []
        var refused: [Double] = []
        var calls = 0
        /// Answered later than the deadline.
        var late = 0

        mutating func reset() { (answered, refused, calls, sent, late) = ([], [], 0, 0, 0) }

        /// - Parameter load: In shares of what calls with one row each can answer.
        mutating func run(load: Double, milliseconds: Int, batchShare: Double = 0) {
            let end = now.after(milliseconds * 1_000_000)
            var arrival = next(load)
            while true {
                if let first = running.indices.min(by: { running[$0].end < running[$1].end }),
                    running[first].end <= min(arrival, end)
                {
                    finish(running.remove(at: first))
                } else if arrival < end {
                    now = arrival
                    arrive(Double.random(in: 0..<1, using: &generator) < batchShare ? .batch : .interactive)
                    arrival = next(load)
                } else {
                    now = end
                    return
                }
                start()
            }
        }

        private mutating func next(_ load: Double) -> Moment {
            now.after(Int(-log(Double.random(in: 1e-9..<1, using: &generator)) / (load * Self.saturation)))
        }

        private mutating func arrive(_ priority: RequestPriority) {
            var dropped: [AdmissionQueue<Job>.Dropped] = []
            sent += 1
            let pace =
                isJoining && sizing.cap > 1
                ? JointPace(calls: Double(sizing.cap), nanoseconds: sizing.nanoseconds(rows: sizing.cap)) : nil
            let decision = queue.admit(
                Job(arrival: now, priority), of: CallerKey(hashing: "\(sent % 16)"), until: now.after(deadline),
                limits: AdmissionLimits(queue: 1024), expecting: 1_000_000, pace: pace, threads: 2, now: now,
                dropped: &dropped)
            if case .refused = decision { refused.append(0) }
            refused += dropped.map { Double(now.since($0.work.arrival)) / 1e6 }
        }

        private mutating func start() {
            var dropped: [AdmissionQueue<Job>.Dropped] = []
            while running.count < Self.threads, queue.hasRunnable,
                let first = queue.next(now: now, dropped: &dropped)
            {
                let (others, isFull) = queue.companions(
                    of: first, rows: isJoining ? sizing.cap : 1, cost: sizing.nanoseconds(rows:), now: now,
                    dropped: &dropped)
                let jobs = ([first] + others).map(\.work)
                let usual = 840_000 + 160_000 * jobs.count
                let time = Int.random(in: usual * 9 / 10...usual * 11 / 10, using: &generator)
                calls += 1
                running.append((now.after(time), now, jobs, isFull && isJoining))
            }
            refused += dropped.map { Double(now.since($0.work.arrival)) / 1e6 }
        }

        private mutating func finish(_ done: (end: Moment, start: Moment, jobs: [Job], isFull: Bool)) {
            now = done.end
            let time = now.since(done.start)
            sizing.ran(rows: done.jobs.count, nanoseconds: time, isFull: done.isFull, budget: budget)
            let share = Double(sizing.nanoseconds(rows: 1)) / Double(sizing.nanoseconds(rows: done.jobs.count))
            queue.finished(nanoseconds: time, joined: done.jobs.count - 1, share: share, now: now)
            for job in done.jobs {
                answered.append(Double(now.since(job.arrival)) / 1e6)
                if now.since(job.arrival) > deadline { late += 1 }
            }
        }
    }

    /// Half more than calls with one row each can answer: alone a third is refused, together nobody is.
    @Test func togetherMoreIsAnswered() {
        var apart = Simulation(isJoining: false)
        var together = Simulation()
        for _ in 0..<2 {
            apart.reset()
            together.reset()
            apart.run(load: 1.5, milliseconds: 10_000)
            together.run(load: 1.5, milliseconds: 10_000)
        }
        #expect(Double(apart.refused.count) > 0.3 * Double(apart.sent))
        #expect(Double(together.refused.count) < 0.001 * Double(together.sent))
        #expect(percentile(together.answered, 0.99) < percentile(apart.answered, 0.99))
    }

    /// At four times that load calls are large, and still nobody waits longer than the objective of 20 ms.
    @Test func theObjectiveIsKept() {
        var simulation = Simulation()
        simulation.run(load: 4, milliseconds: 3000)
        simulation.reset()
        simulation.run(load: 4, milliseconds: 10_000)
        #expect(Double(simulation.refused.count) < 0.01 * Double(simulation.sent))
        #expect(Double(simulation.answered.count) / Double(simulation.calls) > 5)
        #expect(percentile(simulation.answered, 0.99) <= 20)
    }

    /// More than can be answered at all: what is answered is in time, and as much of it as could be.
    @Test func anOverloadIsShedWithoutWaste() {
        var simulation = Simulation()
        simulation.run(load: 10, milliseconds: 3000)
        simulation.reset()
        simulation.run(load: 10, milliseconds: 10_000)
        // With calls of 10 ms: two threads, 57 rows each.
        let most = 2.0 * 57 / 0.01 * 10
        #expect(Double(simulation.answered.count) > 0.85 * most)
        #expect(percentile(simulation.answered, 0.99) <= 1.3 * 20)
    }

    /// Where little arrives calls have one row: nobody waits for company.
    @Test func nobodyWaitsForCompany() {
        var simulation = Simulation()
        simulation.run(load: 0.1, milliseconds: 20_000)
        #expect(simulation.refused.isEmpty)
        #expect(percentile(simulation.answered, 0.9) < 1.2)
    }

    /// A deadline of 4 ms: of those who are taken nearly all are answered in time, although calls could be larger.
    @Test func deadlinesBoundCalls() {
        var simulation = Simulation(deadline: 4_000_000)
        simulation.run(load: 3, milliseconds: 2000)
        simulation.reset()
        simulation.run(load: 3, milliseconds: 10_000)
        #expect(Double(simulation.late) < 0.05 * Double(simulation.answered.count))
        #expect(Double(simulation.answered.count) > 0.5 * Double(simulation.sent))
    }

    /// A burst of ten times what calls with one row can answer, out of the quiet: the calls grow with it.
    @Test func aBurstIsMetWithLargerCalls() {
        var simulation = Simulation()
        simulation.run(load: 0.5, milliseconds: 2000)
        simulation.reset()
        simulation.run(load: 3, milliseconds: 2000)
        #expect(Double(simulation.refused.count) < 0.05 * Double(simulation.sent))
        #expect(simulation.sizing.cap > 4)
    }
}

private func percentile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}

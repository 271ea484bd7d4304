// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelExecution
import TestSupport
import Testing

@testable import InferenceServing

/// The rules under load, in simulated time: the same every time, on any machine.
struct OverloadSimulationTests {
    private final class Job: WaitingWork {
        let arrival: Moment
        let isAbandoned = false
        let isHeldUp = false
        let rowCount = 1
        let priority = RequestPriority.interactive
        init(arrival: Moment) { self.arrival = arrival }
        func joins(_: Job) -> Bool { false }
    }

    /// Two threads, a model of 1 ms (± 10 %), sixteen callers.
    private struct Simulation {
        static let service = 1_000_000
        /// Per nanosecond.
        static let saturation = 2.0 / Double(service)

        var queue = AdmissionQueue<Job>(cores: 2)
        var generator = SeededGenerator(seed: 5)
        var now = Moment(nanoseconds: 0)
        var sent = 0
        /// Ends of what runs, with its start.
        var running: [(end: Moment, start: Moment, job: Job)] = []
        /// Times from arrival to answer or refusal, in milliseconds, since the last ``reset()``.
        var answered: [Double] = []
        var refused: [Double] = []

        mutating func reset() { (answered, refused) = ([], []) }

        /// - Parameter load: In shares of the saturation.
        mutating func run(load: Double, milliseconds: Int) {
            let end = now.after(milliseconds * 1_000_000)
            var arrival = nextArrival(load)
            while true {
                if let first = running.indices.min(by: { running[$0].end < running[$1].end }),
                    running[first].end <= arrival
                {
                    let done = running.remove(at: first)
                    now = done.end
                    queue.finished(nanoseconds: now.since(done.start), now: now)
                    answered.append(Double(now.since(done.job.arrival)) / 1e6)
                } else if arrival < end {
                    now = arrival
                    arrive()
                    arrival = nextArrival(load)
                } else {
                    now = end
                    return
                }
                start()
            }
        }

        private mutating func nextArrival(_ load: Double) -> Moment {
            let pause = -log(Double.random(in: 1e-9..<1, using: &generator)) / (load * Self.saturation)
            return now.after(Int(pause))
        }

        private mutating func arrive() {
            var dropped: [AdmissionQueue<Job>.Dropped] = []
            sent += 1
            let decision = queue.admit(
                Job(arrival: now), of: CallerKey(hashing: "\(sent % 16)"), until: .never,
                limits: AdmissionLimits(queue: 1024), expecting: Self.service, threads: 2, now: now,
                dropped: &dropped)
            if case .refused = decision { refused.append(0) }
            refused += dropped.map { Double(now.since($0.work.arrival)) / 1e6 }
        }

        private mutating func start() {
            var dropped: [AdmissionQueue<Job>.Dropped] = []
            while running.count < 2, queue.hasRunnable, let entry = queue.next(now: now, dropped: &dropped) {
                let time = Int.random(in: Self.service * 9 / 10...Self.service * 11 / 10, using: &generator)
                running.append((now.after(time), now, entry.work))
            }
            refused += dropped.map { Double(now.since($0.work.arrival)) / 1e6 }
        }
    }

    /// Ten times the steady rate for 2 s: what can be answered is answered, in time, and the rest is told at once.
    @Test func aBurstCostsNobodyWhoIsAnswered() {
        var simulation = Simulation()
        simulation.run(load: 0.6, milliseconds: 1000)
        simulation.reset()
        simulation.run(load: 0.6, milliseconds: 20_000)
        let steady = percentile(simulation.answered, 0.99)
        #expect(simulation.refused.isEmpty)
        simulation.reset()
        simulation.run(load: 6, milliseconds: 2000)
        #expect(Double(simulation.answered.count) >= 0.98 * 4000)
        #expect(percentile(simulation.answered, 0.99) <= 2 * steady, "\(steady)")
        #expect(percentile(simulation.refused, 0.99) < 5)
        // It is over as soon as the burst is.
        simulation.run(load: 0.6, milliseconds: 50)
        simulation.reset()
        simulation.run(load: 0.6, milliseconds: 5000)
        #expect(simulation.refused.isEmpty)
        #expect(percentile(simulation.answered, 0.99) <= 1.5 * steady)
    }

    /// A little more than can be answered, for long: nobody who is answered waits much longer than the target.
    @Test func aSlightOverloadIsShedWithoutWaste() {
        var simulation = Simulation()
        simulation.run(load: 1.2, milliseconds: 1000)
        simulation.reset()
        simulation.run(load: 1.2, milliseconds: 20_000)
        #expect(Double(simulation.answered.count) >= 0.97 * 40_000)
        #expect(percentile(simulation.answered, 0.99) <= 2 * 3.2)
        #expect(percentile(simulation.refused, 0.99) < 5)
    }

    /// At nine tenths of what can be answered, queues come and go: none of them is overload.
    @Test func highLoadIsNoOverload() {
        var simulation = Simulation()
        simulation.run(load: 0.9, milliseconds: 30_000)
        #expect(Double(simulation.refused.count) < 0.003 * Double(simulation.sent))
    }
}

private func percentile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import Synchronization
import Testing

/// What a burst of ten times the steady rate does to an endpoint whose model takes 1 ms. `make soak`: it measures times.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] != nil), .serialized)
struct OverloadTests {
    @Test func aBurstCostsNobodyWhoIsAnswered() throws {
        // One core is left to those who send.
        let service = InferenceService(
            laneThreads: max(1, ProcessInfo.processInfo.activeProcessorCount - 1), queueLimit: 1024)
        let fixture = try ServingFixture(cost: heavy) { first, _ in
            let end = ContinuousClock.now + .milliseconds(1)
            while .now < end {}
            return first
        }
        let saturation = try saturationRate(of: service)
        let steadyRate = 0.6 * saturation
        let load = OpenLoop(service: service, fixture: fixture)
        let warmUp = try load.run(rate: steadyRate, seconds: 1)
        let steady = try load.run(rate: steadyRate, seconds: 4)
        let burst = try load.run(rate: 10 * steadyRate, seconds: 2)
        let after = try load.run(rate: steadyRate, seconds: 2)
        print("saturation \(Int(saturation))/s")
        for (name, part) in [("warm-up", warmUp), ("steady", steady), ("burst", burst), ("after", after)] {
            print("\(name): \(part)")
        }
        #expect(burst.goodput >= 0.9 * saturation)
        #expect(burst.refusedPercentile(0.99) < 5)
        #expect(burst.answeredPercentile(0.99) <= 2 * steady.answeredPercentile(0.99))
        #expect(after.refused.isEmpty || Double(after.refused.count) < 0.02 * Double(after.answered.count))
        #expect(fixture.counters.inFlight == 0)
    }

    /// Answers a second when there is always something to do.
    private func saturationRate(of service: InferenceService) throws -> Double {
        let fixture = try ServingFixture([.wait: "10s"], cost: heavy, name: "saturated") { first, _ in
            let end = ContinuousClock.now + .milliseconds(1)
            while .now < end {}
            return first
        }
        let end = ContinuousClock.now + .seconds(2)
        while .now < end {
            if fixture.state.admission.waiting < 16 { _ = try service.answerLater(fixture.call()) { _ in } }
            if fixture.state.admission.waiting >= 8 { Thread.sleep(forTimeInterval: 0.0005) }
        }
        return Double(fixture.counters.answered) / 2
    }
}

/// Sends at a rate, whatever comes back; arrivals are those of many independent callers.
private struct OpenLoop {
    let service: InferenceService
    let fixture: ServingFixture

    func run(rate: Double, seconds: Double) throws -> LoadReport {
        let times = Mutex(LoadReport(seconds: seconds))
        var generator = SystemRandomNumberGenerator()
        let start = ContinuousClock.now
        var next = 0.0
        var sent = 0
        while next < seconds {
            let due = start + .seconds(next)
            let ahead = ContinuousClock.now.duration(to: due)
            if ahead > .microseconds(200) { Thread.sleep(forTimeInterval: ahead / .seconds(1)) }
            let call = try fixture.call(from: "caller \(sent % 16)")
            let submitted = ContinuousClock.now
            do throws(ServingError) {
                _ = try service.answerLater(call) { result in
                    let time = submitted.duration(to: .now) / .milliseconds(1)
                    times.withLock { times in
                        if case .success = result { times.answered.append(time) } else { times.refused.append(time) }
                    }
                }
            } catch {
                let time = submitted.duration(to: .now) / .milliseconds(1)
                times.withLock { $0.refused.append(time) }
            }
            sent += 1
            next += -log(Double.random(in: 0.000_001..<1, using: &generator)) / rate
        }
        while fixture.counters.inFlight > 0 { Thread.sleep(forTimeInterval: 0.001) }
        return times.withLock(\.self)
    }
}

private struct LoadReport: CustomStringConvertible {
    let seconds: Double
    /// In milliseconds.
    var answered: [Double] = []
    var refused: [Double] = []

    init(seconds: Double) { self.seconds = seconds }

    var goodput: Double { Double(answered.count) / seconds }
    func answeredPercentile(_ share: Double) -> Double { percentile(answered, share) }
    func refusedPercentile(_ share: Double) -> Double { percentile(refused, share) }

    var description: String {
        "sent \(answered.count + refused.count), answered \(Int(goodput))/s, p50 \(answeredPercentile(0.5)) ms, "
            + "p99 \(answeredPercentile(0.99)) ms, longest \(answeredPercentile(1)) ms; refused \(refused.count), "
            + "p99 \(refusedPercentile(0.99)) ms, longest \(refusedPercentile(1)) ms"
    }
}

private func percentile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Testing

@testable import InferenceServing

struct RecentTrafficTests {
    private func moment(_ seconds: Int) -> Moment { Moment(nanoseconds: seconds * 1_000_000_000) }

    private func ask(_ state: EndpointState, _ count: Int, took nanoseconds: Int) {
        for _ in 0..<count {
            state.counters.accept()
            state.counters.succeed(rows: 1, queued: 0, ran: nanoseconds, at: moment(0))
            state.counters.latencies.record(nanoseconds)
        }
    }

    @Test func whatIsOlderThanAMinuteIsForgotten() throws {
        let state = try ServingFixture().state
        let table = ServingTable(endpoints: ["e": state], isComplete: true)
        let traffic = RecentTraffic(from: moment(0))
        ask(state, 100, took: 10_000)
        // All since the start, as long as that is not a minute ago.
        let first = traffic.window(of: state, at: moment(5))
        #expect(first.nanoseconds == 5_000_000_000 && first.answered == 100 && first.latencies.reduce(0, +) == 100)
        for look in 1...7 {
            traffic.look(at: table, at: moment(10 * look))
            ask(state, 1, took: 1_000_000)
        }
        // From the look of 10 s on: the hundred came before.
        let later = traffic.window(of: state, at: moment(75))
        #expect(later.nanoseconds == 65_000_000_000 && later.answered == 7 && later.failed == 0 && later.refused == 0)
        #expect(later.latencies.firstIndex { $0 > 0 } == 7 && later.latencies[7] == 7)
        // One that came meanwhile has done all that it did since.
        let other = try ServingFixture().state
        ask(other, 3, took: 10_000)
        #expect(traffic.window(of: other, at: moment(75)).answered == 3)
    }
}

// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import Testing

/// Models that are too heavy for the event loop.
struct LaneTests {
    let path = "/v1/endpoints/doubling/predict"
    let row = #"{"a":1,"b":2,"c":3}"#

    @Test func aHeavyModelHoldsUpNobodyElse() async throws {
        let barrier = Barrier()
        let heavy = try state(
            "heavy", DoublingEngine(before: barrier.pass), DoublingEngine.signature, nanoseconds: 1_000_000_000)
        try await RunningServer.with([doubling(), heavy]) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let answer = try await server.ask("POST", "/v1/endpoints/heavy/predict", row)
                    #expect(try answer.json("predictions", "0", "total") == "6")
                }
                await barrier.waitForArrival()
                for _ in 0..<10 { #expect(try await server.ask("POST", path, row).status == 200) }
                barrier.open()
                try await group.waitForAll()
            }
        }
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        let barrier = Barrier()
        let state = doubling(nanoseconds: 1_000_000_000, before: barrier.pass)
        try await RunningServer.with([state], queueLimit: 1) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                // One runs; it has left the queue once it is at the barrier.
                group.addTask { try await server.ask("POST", path, row).status }
                await barrier.waitForArrival()
                // Of two more one waits and one is refused.
                for _ in 0..<2 { group.addTask { try await server.ask("POST", path, row).status } }
                let refused = try await group.next()
                #expect(refused == 503)
                barrier.open(for: 2)
                let answered = [try await group.next(), try await group.next()]
                #expect(answered == [200, 200])
            }
            barrier.open()
            #expect(state.counters.refused(.queueFull) == 1)
            #expect(state.counters.failed == 0)
        }
    }

    @Test func aRefusalForLoadSaysWhenToComeBack() async throws {
        // Well below a second, so that rounding up gives one; up to as much again spreads those who come back.
        let state = doubling(nanoseconds: 600_000_000)
        try await RunningServer.with([state], queueLimit: 0) { server in
            let answer = try await server.ask("POST", path, row)
            #expect(answer.status == 503)
            #expect(["1", "2"].contains(answer.headers["retry-after"]))
            #expect(try answer.json("code") == #""SRV-002""#)
        }
    }

    @Test func anAnswerForAClientThatLeftIsDropped() async throws {
        let barrier = Barrier()
        let state = doubling(nanoseconds: 1_000_000_000, before: barrier.pass)
        try await RunningServer.with([state]) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("POST", path, row))
                await barrier.waitForArrival()
                try await client.abort()
            }
            barrier.open(for: 2)
            #expect(try await server.ask("POST", path, row).status == 200)
            #expect(state.counters.answered == 2)
        }
    }
}

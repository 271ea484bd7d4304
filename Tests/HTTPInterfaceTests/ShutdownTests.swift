// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import NIOCore
import ServiceLifecycle
import Testing

struct ShutdownTests {
    let path = "/v1/endpoints/doubling/predict"
    let row = #"{"a":1,"b":2,"c":3}"#

    @Test func whatWasAcceptedIsAnsweredAndThenTheConnectionEnds() async throws {
        let barrier = Barrier()
        let state = doubling(nanoseconds: 1_000_000_000, before: barrier.pass)
        try await RunningServer.with([state]) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("POST", path, row))
                await barrier.waitForArrival()
                await server.group.triggerGracefulShutdown()
                // Once nobody can connect any more, every connection knows.
                while (try? await server.ask("GET", "/v2/health/live")) != nil {}
                barrier.open()
                let answer = try await client.answer()
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
                #expect(try await client.isClosed())
            }
        }
    }

    /// A request that is on its way when the server begins to stop is not lost with its connection.
    @Test func aConnectionThatIsSilentMayStillAsk() async throws {
        try await RunningServer.with(settings: { $0.drainIdleTimeout = .hours(1) }) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("GET", "/v2/health/live"))
                _ = try await client.answer()
                await server.group.triggerGracefulShutdown()
                while (try? await server.ask("GET", "/v2/health/live")) != nil {}
                try await client.send(request("POST", path, row))
                let answer = try await client.answer()
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
                #expect(try await client.isClosed())
            }
        }
    }

    @Test func connectionsThatStaySilentEnd() async throws {
        try await RunningServer.with(settings: { $0.drainIdleTimeout = .milliseconds(50) }) { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("GET", "/v2/health/live"))
                _ = try await client.answer()
                await server.group.triggerGracefulShutdown()
                #expect(try await client.isClosed())
            }
        }
    }
}

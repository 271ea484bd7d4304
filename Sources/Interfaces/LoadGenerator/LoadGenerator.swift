// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import NIOCore
internal import NIOPosix

/// Sends requests on a schedule and keeps to it whatever the server does: an open loop.
///
/// A caller who waits for each answer sends less to a server that stalls, and so never sees what the stall would have
/// cost others (coordinated omission). Here latency counts from the moment a request was to be sent.
package struct LoadGenerator: Sendable {
    private let loop: any EventLoop
    private let driver: NIOLoopBound<LoadDriver>

    /// Opens the connections.
    ///
    /// - Parameter patience: How long answers may take beyond the end of a schedule; connections may take 5 s in any case.
    /// - Throws: `SYS-005` when one cannot be opened.
    package init(host: String, port: Int, connections: Int, patience: Duration = .seconds(10)) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let nanoseconds = Int(patience / .nanoseconds(1))
        let driver = try await loop.submit {
            NIOLoopBound(
                LoadDriver(loop: loop, host: host, port: port, patience: nanoseconds), eventLoop: loop)
        }.get()
        self.loop = loop
        self.driver = driver
        do {
            try await loop.flatSubmit {
                EventLoopFuture.andAllSucceed((0..<connections).map { _ in driver.value.connect() }, on: loop)
            }.get()
        } catch {
            await close()
            throw Refusal(
                .serverUnreachable, .unavailable, "No \(connections) connections to \(host):\(port) could be opened.",
                hint: "See `slipway status`; ask for fewer with --connections.",
                details: [.init("reason", String(String(describing: error).prefix(300)))])
        }
    }

    /// Sends a schedule's requests, the target's bodies in turn, and waits for the answers.
    ///
    /// When the task is cancelled it stops at once, and runs nothing more.
    ///
    /// - Parameters:
    ///   - firstBody: Where the turns go on, when this is a further piece of a run.
    ///   - limits: What ends it early.
    /// - Throws: `CancellationError`.
    package func run(
        _ schedule: LoadSchedule, to target: LoadTarget, firstBody: Int = 0, within limits: LoadLimits? = nil
    ) async throws -> LoadRecord {
        let record = try await withTaskCancellationHandler {
            try await loop.flatSubmit { [driver] in
                driver.value.run(schedule, to: target, firstBody: firstBody, within: limits)
            }.get()
        } onCancel: {
            loop.execute { [driver] in driver.value.cancel() }
        }
        try Task.checkCancellation()
        return record
    }

    package func close() async { try? await loop.submit { [driver] in driver.value.shut() }.get() }
}

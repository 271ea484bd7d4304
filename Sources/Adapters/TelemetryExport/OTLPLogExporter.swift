// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelExecution
internal import Synchronization

/// Sends the lines of the log to whatever takes OpenTelemetry's protocol over HTTP.
///
/// What nobody takes at the moment waits; when too many do, the oldest are dropped and counted. The log's file has them.
package final class OTLPLogExporter: Sendable {
    /// Lines that wait.
    static let queueLimit = 4096
    private static let batchLimit = 512
    /// In nanoseconds, from one attempt to the next while nobody takes any.
    private static let pauses = 1_000_000_000...30_000_000_000
    private let connection: OTLPConnection
    private let patience: Double
    private let format: OTLPLogs
    /// Told of changes: that nobody takes lines, and that somebody does again, and how many were dropped meanwhile.
    private let report: @Sendable (_ problem: String?, _ dropped: Int) -> Void
    private let state = Mutex(State())

    private struct State {
        var waiting: [OTLPLogLine] = []
        /// Those at the front that are on their way.
        var sending = 0
        var dropped = 0
        var isBroken = false
    }

    /// - Returns: `nil` where nothing says where to.
    package init?(
        _ settings: OTLPSettings, version: String,
        report: @escaping @Sendable (_ problem: String?, _ dropped: Int) -> Void
    ) {
        guard let url = settings.logsURL else { return nil }
        connection = OTLPConnection(url: url, headers: settings.logsHeaders)
        patience = settings.patience
        format = OTLPLogs(frame: settings.frame(version: version))
        self.report = report
    }

    package func take(_ line: OTLPLogLine) {
        state.withLock { state in
            if state.waiting.count >= Self.queueLimit {
                state.waiting.removeFirst()
                state.sending = max(0, state.sending - 1)
                state.dropped += 1
            }
            state.waiting.append(line)
        }
    }

    /// Sends what comes, until it is cancelled.
    package func run() async {
        var pause = Self.pauses.lowerBound
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(pause))
            guard !Task.isCancelled else { return }
            pause = await sendWaiting(patience) ? Self.pauses.lowerBound : min(2 * pause, Self.pauses.upperBound)
        }
    }

    /// Sends what is left, and waits for that no longer than a server that ends may.
    package func finish() async { _ = await sendWaiting(min(2, patience)) }

    /// - Returns: Whether nothing is left because nobody takes it.
    private func sendWaiting(_ patience: Double) async -> Bool {
        while true {
            let lines = state.withLock { state in
                state.sending = min(state.waiting.count, Self.batchLimit)
                return Array(state.waiting.prefix(state.sending))
            }
            guard !lines.isEmpty else { return true }
            var problem: String?
            var mayTryAgain = false
            do {
                let answer = try await connection.post(format.request(lines), patience: patience)
                mayTryAgain = [429, 502, 503, 504].contains(answer.status)
                if !answer.isTaken { problem = "status \(answer.status)" }
            } catch {
                (problem, mayTryAgain) = ("\(error)", true)
            }
            settle(problem, mayTryAgain: mayTryAgain)
            if mayTryAgain { return false }
        }
    }

    private func settle(_ problem: String?, mayTryAgain: Bool) {
        let news = state.withLock { state -> Int? in
            if !mayTryAgain {
                state.waiting.removeFirst(state.sending)
                if problem != nil { state.dropped += state.sending }
            }
            state.sending = 0
            defer { state.isBroken = problem != nil }
            guard state.isBroken != (problem != nil) else { return nil }
            defer { if problem == nil { state.dropped = 0 } }
            return state.dropped
        }
        if let news { report(problem, news) }
    }
}

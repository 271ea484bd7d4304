// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelExecution
package import RequestTracing
internal import Synchronization
internal import Tensors

/// Sends traces to whatever takes OpenTelemetry's protocol over HTTP: in batches, from a queue with an end.
///
/// What does not fit, is refused, or finds nobody, is dropped and counted: no prediction waits for it.
package final class OTLPExporter: TraceSink {
    /// Traces that wait. At ten spans each, a few megabytes.
    static let queueLimit = 4096
    private static let batchLimit = 256
    private static let attempts = 5
    private let settings: OTLPSettings
    private let connection: OTLPConnection
    /// Told of changes: that nobody takes traces, and that somebody does again.
    private let report: @Sendable (_ problem: String?) -> Void
    private let interval: Duration
    private let state: Mutex<State>
    private let isEnding = Atomic<Bool>(false)
    private let isSending = Atomic<Bool>(false)

    private struct State {
        var waiting: [FinishedTrace] = []
        var counts = TraceCounts()
        var format: OTLPTraces
        var isBroken = false
    }

    /// - Parameters:
    ///   - interval: How long a trace waits for others.
    ///   - offset: From moments to nanoseconds since 1970.
    /// - Returns: `nil` where nothing says where to.
    package init?(
        _ settings: OTLPSettings, version: String, offset: Int, interval: Duration = .seconds(1),
        report: @escaping @Sendable (_ problem: String?) -> Void
    ) {
        guard let url = settings.url else { return nil }
        connection = OTLPConnection(url: url, headers: settings.headers)
        self.settings = settings
        self.report = report
        self.interval = interval
        state = Mutex(
            State(
                format: OTLPTraces(
                    offset: offset, frame: settings.frame(version: version),
                    random: SplitMix(state: .random(in: 0...UInt64.max)))))
    }

    package var counts: TraceCounts { state.withLock(\.counts) }

    package func take(_ trace: FinishedTrace) {
        state.withLock { state in
            guard state.waiting.count < Self.queueLimit else {
                state.counts.droppedWaiting += OTLPTraces.spanCount(of: trace)
                return
            }
            state.waiting.append(trace)
        }
    }

    /// Sends what comes, until it is cancelled. What is on its way then goes on.
    package func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            guard !Task.isCancelled else { return }
            await Task { await sendWaiting() }.value
        }
    }

    /// Sends what is left, without trying again, and waits for that no longer than a server that ends may.
    package func finish() async {
        isEnding.store(true, ordering: .relaxed)
        let patience = Moment.now.after(3_000_000_000)
        while isSending.load(ordering: .acquiring), .now < patience { try? await Task.sleep(for: .milliseconds(20)) }
        await sendWaiting()
    }

    private func sendWaiting() async {
        guard !isSending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        defer { isSending.store(false, ordering: .releasing) }
        while true {
            let (body, spans) = state.withLock { state -> ([UInt8], Int) in
                let batch = Array(state.waiting.prefix(Self.batchLimit))
                guard !batch.isEmpty else { return ([], 0) }
                state.waiting.removeFirst(batch.count)
                return (state.format.request(batch), batch.reduce(0) { $0 + OTLPTraces.spanCount(of: $1) })
            }
            guard spans > 0 else { return }
            let end = await send(body)
            settle(spans, end)
            // A server that ends does not ask for each batch whether somebody is there by now.
            if case .unreachable = end, isEnding.load(ordering: .relaxed) { return }
        }
    }

    private enum End {
        /// Taken, but for so many spans.
        case taken(refused: Int)
        case refused(String)
        case unreachable(String)
    }

    private func settle(_ spans: Int, _ end: End) {
        var problem: String?
        let isNews = state.withLock { state in
            switch end {
            case .taken(let refused):
                state.counts.droppedRefused += min(refused, spans)
                state.counts.exported += spans - min(refused, spans)
            case .refused(let reason):
                state.counts.droppedRefused += spans
                problem = reason
            case .unreachable(let reason):
                state.counts.droppedUnreachable += spans
                problem = reason
            }
            defer { state.isBroken = problem != nil }
            return state.isBroken != (problem != nil)
        }
        if isNews { report(problem) }
    }

    /// What may be mended by waiting is tried again: the statuses that the protocol names, and whom nobody answers.
    private func send(_ body: [UInt8]) async -> End {
        var pause = 0.5
        var reason = ""
        for attempt in 1...Self.attempts {
            var asked = pause
            do {
                let patience = isEnding.load(ordering: .relaxed) ? min(2, settings.patience) : settings.patience
                let answer = try await connection.post(body, patience: patience)
                switch answer.status {
                case 200..<300: return .taken(refused: refusedSpans(answer.message))
                case 429, 502, 503, 504: asked = min(max(pause, answer.retryAfter ?? 0), 30)
                default: return .refused("status \(answer.status)")
                }
                reason = "status \(answer.status)"
            } catch {
                reason = "\(error)"
            }
            guard attempt < Self.attempts else { break }
            // Not all servers at the same time.
            await wait(seconds: asked * .random(in: 0.8...1.2))
            guard !isEnding.load(ordering: .relaxed) else { break }
            pause *= 2
        }
        return .unreachable(reason)
    }

    /// Unless the server ends meanwhile.
    private func wait(seconds: Double) async {
        let end = Moment.now.after(Int(seconds * 1e9))
        while .now < end, !isEnding.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(50)) }
    }
}

/// How many spans an `ExportTraceServiceResponse` says were not taken.
private func refusedSpans(_ bytes: [UInt8]) -> Int {
    let count = try? unsafe bytes.withUnsafeBytes { bytes throws(CodecError) -> Int in
        var reader = unsafe ProtobufReader(bytes)
        while let (number, wire) = try reader.nextField() {
            guard number == 1, wire == .bytes else {
                try reader.skip(wire)
                continue
            }
            var partial = try reader.readMessage()
            while let (number, wire) = try partial.nextField() {
                if number == 1, wire == .varint { return Int(clamping: try partial.readVarint()) }
                try partial.skip(wire)
            }
        }
        return 0
    }
    return max(0, count ?? 0)
}

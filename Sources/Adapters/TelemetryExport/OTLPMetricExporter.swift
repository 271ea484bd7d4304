// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// Tells the metrics to whatever takes OpenTelemetry's protocol over HTTP, now and then.
///
/// Counts go on from the start of the process, so that one telling that is lost is made up for by the next: none is repeated.
package final class OTLPMetricExporter: Sendable {
    private let settings: OTLPSettings
    private let connection: OTLPConnection
    private let format: OTLPMetrics
    private let collect: @Sendable () -> [OTLPMetric]
    /// Told of changes: that nobody takes metrics, and that somebody does again.
    private let report: @Sendable (_ problem: String?) -> Void
    private let isBroken = Atomic<Bool>(false)

    /// - Parameter start: In nanoseconds since 1970: from when on is counted.
    /// - Returns: `nil` where nothing says where to.
    package init?(
        _ settings: OTLPSettings, version: String, start: Int, collect: @escaping @Sendable () -> [OTLPMetric],
        report: @escaping @Sendable (_ problem: String?) -> Void
    ) {
        guard let url = settings.metricsURL else { return nil }
        self.settings = settings
        self.collect = collect
        self.report = report
        connection = OTLPConnection(url: url, headers: settings.metricsHeaders)
        format = OTLPMetrics(
            frame: settings.frame(version: version), start: start)
    }

    /// Tells them at every interval, until it is cancelled.
    package func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: settings.interval)
            guard !Task.isCancelled else { return }
            await send(patience: settings.patience)
        }
    }

    /// The last ones of a server that ends, which does not wait for long.
    package func finish() async { await send(patience: min(2, settings.patience)) }

    private func send(patience: Double) async {
        var problem: String?
        do {
            let now = Int(Date().timeIntervalSince1970 * 1e9)
            let answer = try await connection.post(format.request(collect(), at: now), patience: patience)
            if !answer.isTaken { problem = "status \(answer.status)" }
        } catch {
            problem = "\(error)"
        }
        guard isBroken.exchange(problem != nil, ordering: .relaxed) != (problem != nil) else { return }
        report(problem)
    }
}

// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import Logging
import ModelDomain
import ModelExecution
import RequestTracing
import TelemetryExport

/// Sends traces for as long as the server runs.
struct TraceExport {
    let settings: TracingSettings
    private let exporter: OTLPExporter
    private let sending: Task<Void, Never>

    /// - Returns: `nil` where neither the command line nor OpenTelemetry's variables say where to.
    init?(_ options: ServeOptions, logger: Logger) throws {
        guard
            let otlp = try OTLPSettings(
                endpoint: options.otlp, share: options.traceShare, environment: ProcessInfo.processInfo.environment)
        else { return nil }
        let offset = Int(Timestamp.now.microseconds) * 1000 - Moment.now.nanoseconds
        let exporter = OTLPExporter(otlp, version: Product.version, offset: offset) { problem in
            guard let problem else { return logger.notice("traces are taken") }
            logger.warning(
                "traces are not taken, and dropped", metadata: ["url": "\(otlp.url)", "reason": "\(problem)"])
        }
        self.exporter = exporter
        settings = TracingSettings(sink: exporter, share: otlp.share, followsCallers: otlp.followsCallers)
        sending = Task { await exporter.run() }
        logger.info("traces are sent", metadata: ["url": "\(otlp.url)", "share": "\(otlp.share)"])
    }

    /// Sends what is left.
    func end() async {
        sending.cancel()
        await exporter.finish()
    }
}

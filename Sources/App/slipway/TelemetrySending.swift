// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import HTTPInterface
import Logging
import ModelDomain
import ModelExecution
import RequestTracing
import Synchronization
import TelemetryExport

/// Sends traces, metrics and the log's lines for as long as the server runs.
final class TelemetrySending: Sendable {
    private let settings: OTLPSettings
    private let logger: Logger
    private let traces: OTLPExporter?
    private let lines: OTLPLogExporter?
    private let metrics = Mutex<OTLPMetricExporter?>(nil)
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// - Returns: `nil` where neither the command line nor OpenTelemetry's variables say where to.
    init?(_ options: ServeOptions, log: LogFile, logger: Logger) throws {
        guard
            let otlp = try OTLPSettings(
                endpoint: options.otlp, share: options.traceShare, interval: options.otlpInterval,
                environment: ProcessInfo.processInfo.environment)
        else { return nil }
        settings = otlp
        self.logger = logger
        let offset = Int(Timestamp.now.microseconds) * 1000 - Moment.now.nanoseconds
        traces = OTLPExporter(otlp, version: Product.version, offset: offset) { problem in
            guard let problem else { return logger.notice("traces are taken") }
            logger.warning(
                "traces are not taken, and dropped", metadata: ["url": "\(otlp.url ?? "")", "reason": "\(problem)"])
        }
        lines = OTLPLogExporter(otlp, version: Product.version) { problem, dropped in
            let facts: Logger.Metadata = ["url": "\(otlp.logsURL ?? "")", "dropped": "\(dropped)"]
            guard let problem else { return logger.notice("lines of the log are taken", metadata: facts) }
            logger.warning(
                "lines of the log are not taken", metadata: facts.merging(["reason": "\(problem)"]) { $1 })
        }
        if let lines {
            log.forward { lines.take(OTLPLogLine($0)) }
            tasks.withLock { $0.append(Task { await lines.run() }) }
        }
        guard let traces, let url = otlp.url else { return }
        tasks.withLock { $0.append(Task { await traces.run() }) }
        logger.info("traces are sent", metadata: ["url": "\(url)", "share": "\(otlp.share)"])
    }

    /// What is traced; `nil` where traces go nowhere.
    var tracing: TracingSettings? {
        traces.map { TracingSettings(sink: $0, share: settings.share, followsCallers: settings.followsCallers) }
    }

    /// Begins to send what a server counts.
    func sendMetrics(of server: HTTPServer) {
        let (logger, url) = (logger, settings.metricsURL ?? "")
        let exporter = OTLPMetricExporter(
            settings, version: Product.version, start: Int(Timestamp.now.microseconds) * 1000,
            collect: { server.metrics.filter { !$0.series.isEmpty }.map(OTLPMetric.init) },
            report: { problem in
                guard let problem else { return logger.notice("metrics are taken") }
                logger.warning("metrics are not taken", metadata: ["url": "\(url)", "reason": "\(problem)"])
            })
        guard let exporter else { return }
        metrics.withLock { $0 = exporter }
        tasks.withLock { $0.append(Task(priority: .utility) { await exporter.run() }) }
        logger.info("metrics are sent", metadata: ["url": "\(url)", "every": "\(settings.interval)"])
    }

    /// Sends what is left.
    func end() async {
        for task in tasks.withLock(\.self) { task.cancel() }
        async let counted: Void? = metrics.withLock(\.self)?.finish()
        await traces?.finish()
        await counted
        await lines?.finish()
    }
}

extension OTLPLogLine {
    fileprivate init(_ line: LogLine) {
        let severity: Severity =
            switch line.level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
        self.init(
            time: Int(line.time.microseconds) * 1000, severity: severity, message: line.message,
            facts: line.facts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) })
    }
}

extension OTLPMetric {
    fileprivate init(_ family: MetricFamily) {
        let kind: Kind =
            switch family.kind {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        self.init(
            name: family.name, help: family.help, kind: kind,
            points: family.series.map { Point(labels: $0.labels, value: Value($0.value)) })
    }
}

extension OTLPMetric.Value {
    fileprivate init(_ value: MetricFamily.Value) {
        self =
            switch value {
            case .number(let number): .whole(number)
            case .nanoseconds(let nanoseconds): .fraction(Double(nanoseconds) / 1e9)
            case .histogram(let buckets, let nanoseconds):
                .histogram(
                    counts: zip(buckets.map(\.count), [0] + buckets.map(\.count)).map { $0 - $1 },
                    bounds: buckets.compactMap { $0.bound.map { Double($0) / 1e9 } }, sum: Double(nanoseconds) / 1e9)
            }
    }
}

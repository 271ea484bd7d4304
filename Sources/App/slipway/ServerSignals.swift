// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPInterface
import InferenceServing
import Logging
import ModelDomain
import ModelExecution
import ModelMonitoring
import PlatformReplicas
import PredictionLogging

/// How things stand on this server, for whoever watches over all of them.
struct ServerSignals: SignalSource {
    let replicas: Replicas
    let service: InferenceService
    let predictions: PredictionLog
    /// Where its data is.
    let folder: String
    let certificate: CertificateFiles?

    func signals() async -> ReplicaSignals {
        let table = service.table
        let disk = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        return ReplicaSignals(
            replica: replicas.id, host: replicas.host, isComplete: table.isComplete,
            endpoints: table.endpoints.sorted { $0.key < $1.key }.map { _, state in
                EndpointSignals(
                    state, logDrops: predictions.counters(of: state.record.name, in: state.record.project).dropped)
            },
            freeBytes: (disk?[.systemFreeSize] as? NSNumber)?.intValue,
            totalBytes: (disk?[.systemSize] as? NSNumber)?.intValue, certificateEnd: certificate?.end)
    }
}

extension EndpointSignals {
    init(_ state: EndpointState, logDrops: Int) {
        let (counters, record) = (state.counters, state.record)
        let objective = record.settings.p99?.nanoseconds
        let buckets = counters.latencies.cumulative
        let timed = buckets.last?.count ?? 0
        // The first bucket that reaches as far as the objective: what lies behind it is slower for certain.
        let fast = objective.flatMap { objective in
            buckets.first { bucket in bucket.bound.map { $0 >= objective } ?? true }?.count
        }
        // Callers' own limits, and callers that have gone, are nothing that the server could do about.
        let causes: [RefusalCause] = [.queueFull, .deadline, .wouldMissDeadline, .standingQueue]
        self.init(
            project: record.project, name: record.name, answers: state.answers, problem: state.problem?.message,
            answered: counters.succeeded + counters.failedRunning, failed: counters.failedRunning,
            refused: causes.reduce(0) { $0 + counters.refused($1) }, timed: timed, objective: objective,
            slow: timed - min(timed, fast ?? timed), losses: state.live?.engine.recovery.losses ?? 0,
            logDrops: logDrops)
    }
}

extension AlertBook.Change {
    /// For whoever reads the log because nobody was named to be told.
    func log(to logger: Logger) {
        let (event, level, alert): (String, Logger.Level, Alert) =
            switch self {
            case .opened(let alert): ("alert opened", .warning, alert)
            case .escalated(let alert): ("alert is critical now", .warning, alert)
            case .resolved(let alert): ("alert is over", .notice, alert)
            }
        logger.log(
            level: level, "\(event)",
            metadata: [
                "alert": "\(alert.key)", "severity": "\(alert.severity.rawValue)", "summary": "\(alert.summary)",
                "next": "\(alert.next)",
            ])
    }
}

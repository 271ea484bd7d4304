// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import Logging
import ModelDomain
import ModelExecution
import ModelMonitoring
import StoreSQL
import Synchronization

/// The monitor of what comes to this server, from its start to its end.
struct TrafficMonitoring: Sendable {
    let monitor: TrafficMonitor
    private let served = Served()

    /// What answers is there only after what keeps its predictions is.
    private final class Served: Sendable {
        let service = Mutex<InferenceService?>(nil)
    }

    init(database: any SQLDatabase, blobs: any BlobStore, logger: Logger) {
        let served = served
        monitor = TrafficMonitor(
            store: SQLMonitorStore(database: database),
            training: { bundle in
                let manifest = try BundleManifest(manifest: try await blobs.read(bundle, limit: 16 << 20))
                guard let file = manifest.baseline.flatMap({ manifest.file($0) }) else { return nil }
                return try Baseline(document: try await blobs.read(file.digest, limit: 64 << 20))
            },
            endpoints: { served.service.withLock { $0?.table.monitored ?? [] } },
            report: { error in
                guard let error else { return logger.notice("what comes to endpoints is counted again") }
                logger.warning("what comes to endpoints cannot be kept", metadata: ["reason": "\(error)"])
            })
    }

    /// From now on it is known what answers.
    func watch(_ service: InferenceService) { served.service.withLock { $0 = service } }
}

extension ServingTable {
    /// Endpoints whose traffic is watched.
    fileprivate var monitored: [MonitoredEndpoint] {
        endpoints.values.compactMap { state in
            guard let live = state.live, let bundle = live.version.bundle,
                let window = state.record.settings.monitorWindow
            else { return nil }
            return MonitoredEndpoint(
                TrafficKey(state.record.project, state.record.name, bundle),
                version: "\(live.version.model.name)@\(live.version.number)", window: window,
                falseAlarms: state.record.settings.monitorFalseAlarms)
        }
    }
}

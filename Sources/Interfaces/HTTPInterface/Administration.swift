// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
package import ContentRetention
package import ContentSearch
package import DataVersions
package import ExperimentTracking
package import GroundTruth
package import InferenceServing
package import ModelDomain
package import ModelExecution
internal import ModelLineage
package import ModelMonitoring
package import ModelRegistry
package import ModelRollouts
package import ModelTransfer
package import PlatformBackup
package import PlatformReplicas
package import PredictionLogging
package import SubjectErasure
package import WireTypes

/// What administration is done with: the services, and what only the program as a whole can tell.
package struct Administration: Sendable {
    package let inference: InferenceService
    package let registry: ModelRegistry
    package let rollouts: Rollouts
    package let blobs: any BlobStore
    /// What of contents has come that come in parts.
    package let parts: any PartShelf
    /// Experiments and runs, and models as MLflow's clients see them.
    package let tracking: ExperimentTracking
    package let registrations: ModelRegistrations
    package let datasets: DataVersions
    package let contentSearch: ContentSearch
    /// When the server started, as RFC 3339.
    package let startedAt: String
    package let engines: @Sendable () -> [EngineV1]
    /// Resident memory of the server in bytes, where the system tells.
    package let residentBytes: @Sendable () -> Int?
    /// What the server takes of the machine; `nil` where the system does not tell.
    package let process: @Sendable () -> ProcessMetrics?
    /// The newest lines of the server's log, oldest first.
    package let logLines: @Sendable (_ count: Int) async throws -> [String]
    /// Packs versions that are only registered, for endpoints that follow an alias; `nil` where that cannot be done.
    package let packing: Rollouts.Packing?
    /// Copies of the whole platform; `nil` where there is nothing to copy.
    package let backups: PlatformBackups?
    /// Clears away what nothing needs; `nil` where that cannot be done.
    package let keeper: ContentKeeper?
    /// Versions with their lineage, out of this platform and into it; `nil` where that cannot be done.
    package let transfer: (out: ModelExport, in: ModelImport)?
    /// The servers of the platform; `nil` where nobody asks.
    package let replicas: Replicas?
    /// What was asked and answered; `nil` where nothing is kept.
    package let predictions: (log: PredictionLog, replay: PredictionReplay)?
    /// What turned out to be true of it; `nil` where nothing is kept.
    package let labels: Labels?
    /// Forgets somebody; `nil` where nothing is kept.
    package let erasure: SubjectErasure?
    /// What needs a person; `nil` where nobody watches.
    package let alerts: Alerts?
    /// What traffic is held against, and what it says; `nil` where nobody counts it.
    package let monitor: TrafficMonitor?
    /// What endpoints did lately; `nil` where nobody looks.
    package let traffic: RecentTraffic?
    /// Deploys a folder of a container that serves several models; `nil` everywhere else.
    package let deployFolder: (@Sendable (_ folder: String, _ endpoint: EndpointName) async throws -> Void)?

    package init(
        inference: InferenceService, registry: ModelRegistry, rollouts: Rollouts, blobs: any BlobStore,
        parts: any PartShelf, tracking: ExperimentTracking, registrations: ModelRegistrations, datasets: DataVersions,
        contentSearch: ContentSearch, startedAt: String,
        engines: @escaping @Sendable () -> [EngineV1],
        residentBytes: @escaping @Sendable () -> Int?,
        process: @escaping @Sendable () -> ProcessMetrics? = { nil },
        logLines: @escaping @Sendable (_ count: Int) async throws -> [String],
        packing: Rollouts.Packing? = nil, backups: PlatformBackups? = nil, keeper: ContentKeeper? = nil,
        transfer: (out: ModelExport, in: ModelImport)? = nil, replicas: Replicas? = nil,
        predictions: (log: PredictionLog, replay: PredictionReplay)? = nil, labels: Labels? = nil,
        erasure: SubjectErasure? = nil,
        alerts: Alerts? = nil, monitor: TrafficMonitor? = nil, traffic: RecentTraffic? = nil,
        deployFolder: (@Sendable (_ folder: String, _ endpoint: EndpointName) async throws -> Void)? = nil
    ) {
        self.deployFolder = deployFolder
        self.packing = packing
        self.backups = backups
        self.keeper = keeper
        self.transfer = transfer
        self.replicas = replicas
        self.predictions = predictions
        self.labels = labels
        self.erasure = erasure
        self.alerts = alerts
        self.monitor = monitor
        self.traffic = traffic
        self.inference = inference
        self.registry = registry
        self.rollouts = rollouts
        self.blobs = blobs
        self.parts = parts
        self.tracking = tracking
        self.registrations = registrations
        self.datasets = datasets
        self.contentSearch = contentSearch
        self.startedAt = startedAt
        self.engines = engines
        self.residentBytes = residentBytes
        self.process = process
        self.logLines = logLines
    }
}

extension Administration {
    func lineage(asked authority: TokenAuthority) -> ModelLineage {
        ModelLineage(
            registry: registry, registrations: registrations, tracking: tracking, datasets: datasets, blobs: blobs,
            bundles: contentSearch.reader,
            consumers: { authority.mayAsk($0, in: $1).map(\.rawValue) })
    }

    /// Points an alias at a version, and has the endpoints that follow it go along, which nobody waits for.
    func setAlias(
        _ alias: AliasName, of model: ModelReference, to version: VersionSelector, by actor: String
    ) async throws {
        try await registry.setAlias(alias, of: model, to: version, by: actor)
        guard !rollouts.followers(of: alias, model: model).isEmpty else { return }
        Task { [rollouts, packing] in await rollouts.follow(alias, of: model, by: actor, packing: packing) }
    }
}

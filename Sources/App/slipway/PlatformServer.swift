// SPDX-License-Identifier: Apache-2.0
import AccessControl
import AlertDelivery
import ArchiveFiles
import BlobFiles
import CommandLineInterface
import ContentRetention
import ContentSearch
import DataVersions
import ExperimentTracking
import Foundation
import GroundTruth
import HTTPInterface
import InferenceServing
import Logging
import ModelDomain
import ModelExecution
import ModelMonitoring
import ModelRegistry
import ModelRollouts
import ModelTransfer
import PlatformBackup
import PlatformReplicas
import PredictionLogging
import ProcessSandbox
import ServiceLifecycle
import StoreSQL
import SubjectErasure
import Tensors
import UnixSignals
import WireTypes

/// The composition of a whole platform on one data folder: the only place that names every adapter.
struct PlatformServer {
    let options: ServeOptions

    /// Serves until SIGTERM or SIGINT, and then answers what it accepted.
    func run() async throws {
        let container = try ContainerEnvironment(options)
        let folder = DataFolder(options.data)
        try folder.create()
        let takeOver = options.takesOver ? try await TakeOver.begin(in: folder) : nil
        // Held to the end of this function, and given back by the system if we never reach it.
        let lock = try takeOver?.lock ?? folder.lock()
        if let contents = options.contents { try folder.shareContents(at: contents, isUsed: takeOver != nil) }
        let inherited = try takeOver?.socket() ?? ListeningSocket.fromSystemd()
        let inheritedGRPC = try takeOver?.grpcSocket()
        // Tables are not changed under a server that uses them: that one goes first, and connections wait.
        let registryDatabase = RegistryDatabase(options.database, in: folder)
        let mustWait = if takeOver != nil { try await registryDatabase.needsMigration() } else { false }
        if mustWait { try await takeOver?.complete(with: nil) }

        let log = LogFile(path: folder.logFile, format: options.logFormat)
        let logger = Logger(label: Product.name) { [options] in
            FileLogHandler(label: $0, file: log, logLevel: options.logLevel.level)
        }
        let database = FencedDatabase(try await registryDatabase.open(besides: takeOver?.databaseClaim))
        if case .server = registryDatabase, FileManager.default.fileExists(atPath: folder.database) {
            logger.warning("the data folder has a registry of its own, which is not used")
        }
        let blobs = try BlobFiles(folder: folder.contents, isShared: folder.sharesContents)
        try await ContentsUnion(registry: registryDatabase, database: database, folder: folder, blobs: blobs).require()
        let registry = ModelRegistry(store: SQLRegistryStore(database: database), now: { .now })
        let place = options.database == nil ? nil : try folder.name()
        let authority = try await TokenAuthority(
            store: SQLCredentialStore(database: database),
            place: place.map { TokenPlace(name: $0, label: "\(ProcessInfo.processInfo.hostName):\(folder.path)") },
            now: { .now })
        let token = try await prepareToken(authority, in: folder)

        let engines = EngineLibraries(
            folder: folder, demand: try SandboxDemand(options.sandbox), processes: options.workerProcesses,
            log: { model, line in
                logger.info("worker", metadata: ["model": "\(model)", "line": "\(line)"])
            })
        keepEngine(engines, logger: logger)
        engines.workers.sweep()
        let limits = codecLimits
        let subjects = SQLSubjectKeyStore(database: database, now: { .now })
        let secret = try await subjects.platformSecret("hash-key", orElse: folder.hashKey())
        let monitoring = TrafficMonitoring(database: database, blobs: blobs, logger: logger)
        let predictions = try PredictionKeeping(
            in: folder, secret: secret, subjects: subjects, isAlone: takeOver == nil, observer: monitoring.monitor,
            logger: logger)
        let service = InferenceService(
            laneThreads: options.laneThreads ?? max(2, availableCores), queueLimit: 1024, sink: predictions.log)
        monitoring.watch(service)
        let life = ReplicaLife(
            at: place ?? "", meetingPlace: try await registryDatabase.meetingPlace(), service: service)
        let number = try await life.replicas.join()
        let loader = ModelLoader(
            runtime: { engine throws(EngineError) in try engines.runtime(of: engine) }, blobs: blobs)
        let rollouts = Rollouts(
            registry: registry, loader: loader, service: service, limits: limits, replicas: life.replicas,
            memoryBudget: options.memoryBudget, heapByteCount: heapByteCount, giveBackMemory: giveBackMemory,
            report: { event in event.log(to: logger) })

        var settings = HTTPServerSettings(version: Product.version)
        settings.replica = number
        settings.listening =
            inherited.map { .inherited(descriptor: $0.descriptor) }
            ?? .address(host: host(in: container), port: port(in: container), sharesPort: options.sharesPort)
        settings.grpcListening =
            inheritedGRPC.map { .inherited(descriptor: $0.descriptor) }
            ?? options.grpcPort.map {
                .address(host: host(in: container), port: $0, sharesPort: options.sharesPort)
            }
        settings.invocations = options.invocations
        settings.container = container?.routes
        settings.opensPredictions = options.opensPredictions || container != nil
        if settings.opensPredictions {
            logger.warning(
                "predictions are open to whoever reaches this server",
                metadata: [
                    "because": "\(container.map { "a container of \($0.platform.rawValue)" } ?? "--open-predictions")"
                ])
        }
        let deployment = FolderDeployment(
            engines: engines, blobs: blobs, rollouts: rollouts, root: container?.modelsRoot)
        settings.codecLimits = limits
        settings.metricEndpoints = options.metricEndpoints
        let telemetry = try TelemetrySending(options, log: log, logger: logger)
        settings.tracing = telemetry?.tracing
        settings.certificate = options.certificate
        // The rest is for the registry, models, logs and commands.
        settings.maxConnections = max(16, min(settings.maxConnections, raiseOpenFileLimit() - 128))
        let startUp = StartUp(
            folder: folder, host: inherited?.host ?? host(in: container), certificate: settings.certificate?.chain,
            arguments: container?.arguments ?? Array(CommandLine.arguments.dropFirst()), replicas: life.replicas,
            rollouts: rollouts, token: token, logger: logger,
            prepare: {
                guard let container, let model = container.model else { return }
                try await deployment.deploy(model, to: nil, by: container.platform.rawValue)
            })
        let packing: Rollouts.Packing = { try await packAndDeploy($0, $1, $2, $3, in: folder) }
        let datasets = DataVersions(store: SQLDatasetStore(database: database), blobs: blobs, now: { .now })
        let backups = PlatformBackups(
            records: SQLPlatformRecords(database: database), blobs: blobs, registry: registry, holds: blobs,
            replicas: life.replicas, scratch: { try PassingFile(in: folder.path) })
        let keeper = ContentKeeper(
            rows: SQLRetentionStore(database: database), shelf: blobs, registry: registry, replicas: life.replicas,
            policy: options.retention)
        let tracking = SQLTrackingStore(database: database)
        let registrations = ModelRegistrations(store: SQLRegistrationStore(database: database), now: { .now })
        let export = ModelExport(
            tracking: tracking, registrations: registrations, registry: registry, blobs: blobs, holds: blobs)
        let intake = ModelImport(
            tracking: tracking, registrations: SQLRegistrationStore(database: database), blobs: blobs, now: { .now })
        let labels = Labels(
            store: SQLLabelStore(database: database), log: predictions.log, forms: AnswerForms(loader: loader),
            now: { .now })
        let alertStore = SQLAlertStore(database: database)
        let environment = ProcessInfo.processInfo.environment
        let delivery = AlertDelivery(
            dataFolder: folder.path, authorities: environment["SLIPWAY_CA_FILE"].flatMap { $0.isEmpty ? nil : $0 },
            environment: environment)
        let watch = AlertWatch(
            store: alertStore, sink: delivery, replicas: life.replicas,
            source: ServerSignals(
                replicas: life.replicas, service: service, predictions: predictions.log, folder: folder.path,
                certificate: settings.certificate),
            monitors: [monitoring.monitor, QualityMonitor(labels)],
            thresholds: AlertThresholds(interval: options.alertInterval), clock: { .now },
            tell: { change in change.log(to: logger) })
        let traffic = RecentTraffic(from: .now)
        let contentSearch = ContentSearch(
            registry: registry, registrations: registrations, tracking: tracking, blobs: blobs,
            datasetContents: datasets.contents)
        let server = HTTPServer(
            settings: settings,
            administration: Administration(
                inference: service, registry: registry, rollouts: rollouts, blobs: blobs, parts: blobs,
                tracking: ExperimentTracking(store: tracking, now: { .now }), registrations: registrations,
                datasets: datasets,
                contentSearch: contentSearch,
                startedAt: Timestamp.now.text, engines: { [engines.finding().wire] },
                residentBytes: residentBytes, process: { processMetrics(lostLogLines: log.lostLines) },
                logLines: { LogFile.lines(of: folder.logFile, count: $0) },
                packing: packing, backups: backups,
                keeper: keeper, transfer: (out: export, in: intake), replicas: life.replicas,
                predictions: (log: predictions.log, replay: PredictionReplay(loader: loader)), labels: labels,
                erasure: SubjectErasure(
                    log: predictions.log, labels: SQLLabelStore(database: database), registry: registry,
                    datasets: datasets, search: contentSearch, alerts: alertStore, blobs: blobs),
                alerts: Alerts(store: alertStore, sink: delivery, now: { .now }), monitor: monitoring.monitor,
                traffic: traffic,
                deployFolder: container?.modelsRoot.map { _ in deployment.byName }),
            authority: authority, logger: logger, onListening: { ports in startUp.listening(on: ports) })
        telemetry?.sendMetrics(of: server)
        let group = ServiceGroup(services: [server, startUp], logger: logger)
        let counts = { @Sendable in Ending.Counts(service.table) }
        let handover = Handover(folder: folder, lock: lock, rollouts: rollouts, service: service)
        let ending = Ending(
            group, limit: options.drainTimeout, counts: counts, logger: logger,
            leave: { counts in
                // First: whoever follows mends the ends of segments.
                if !predictions.log.flush(within: .seconds(1)) {
                    logger.warning("the last predictions may not be in the log: the disk took too long")
                }
                handover.end(counts)
                lock.retract()
            })
        let living = Task {
            await life.live(
                with: rollouts, authority: authority,
                packing: packing, logger: logger,
                isReady: { startUp.isRestored })
        }
        defer { living.cancel() }
        // Behind a socket that listens already connections wait: better than being told that nothing is ready.
        if inherited != nil { try await startUp.restore() }
        if !mustWait { try await takeOver?.complete(with: service.table) }
        let watching = Task { await watch.run { error in report(error, to: logger) } }
        defer { watching.cancel() }
        let counting = Task { [interval = min(TrafficMonitor.interval, options.alertInterval)] in
            await monitoring.monitor.run(every: interval) { .now }
        }
        defer { counting.cancel() }
        let following = followTokens(authority, logger: logger)
        defer { following.cancel() }
        let looking = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: RecentTraffic.lookEvery)
                traffic.look(at: service.table, at: .now)
            }
        }
        defer { looking.cancel() }
        let clearing = Task { await predictions.clear(of: service) }
        defer { clearing.cancel() }
        let joining = Task { await predictions.join(labels) }
        defer { joining.cancel() }
        Task { await endOnSignals(ending) }
        Task {
            guard let ports = await startUp.announcedPorts() else { return }
            Task { await letGoOfStartUp() }
            await handover.serve(ports: ports, pause: { await server.pause() }, end: { await ending.begin() })
        }
        if let takeOver {
            Task {
                guard let predecessor = await takeOver.predecessorsEnd(), lock.isOurs else { return }
                try startUp.announce(after: predecessor)
            }
        }
        do {
            try await group.run()
            living.cancel()
            watching.cancel()
            await watching.value
            // What it had begun may end by itself, or with the process.
            await life.end()
        } catch let refusal as Refusal where refusal.explanation.code == .portInUse {
            throw portRefusal(port(in: container))
        }
        await predictions.log.close()
        counting.cancel()
        await counting.value
        await monitoring.monitor.publish(at: .now)
        await telemetry?.end()
        let total = counts()
        logger.info("stopped", metadata: ["accepted": "\(total.accepted)", "answered": "\(total.answered)"])
        try database.close()
        handover.end(total)
        lock.retract()
    }

    /// A little later: the first requests are not to wait for it.
    private func letGoOfStartUp() async {
        try? await Task.sleep(for: .seconds(1))
        await onThread {
            giveBackMemory()
            releaseStartUpCode()
        }
    }

    private func endOnSignals(_ ending: Ending) async {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { await ending.begin() }
    }

    /// A container's platform comes from outside; what the command line says goes first.
    private func host(in container: ContainerEnvironment?) -> String {
        options.host ?? (container == nil ? ServeOptions.usualHost : "0.0.0.0")
    }

    private func port(in container: ContainerEnvironment?) -> Int {
        options.port ?? container?.port ?? ServeOptions.usualPort
    }

    private var codecLimits: CodecLimits {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = options.bodyLimit
        return limits
    }

    /// Tokens that another process makes or revokes on the same database hold here within seconds.
    private func followTokens(_ authority: TokenAuthority, logger: Logger) -> Task<Void, Never> {
        Task {
            await authority.follow(every: .seconds(2)) { error in
                guard let error else { return logger.notice("tokens can be read again") }
                logger.warning(
                    "tokens cannot be read: those of before go on to hold", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func report(_ error: (any Error)?, to logger: Logger) {
        guard let error else { return logger.notice("alerts are watched for again") }
        logger.warning("alerts cannot be watched for at the moment", metadata: ["reason": "\(error)"])
    }

    /// The administrator's token: from the file that was named, or the data folder's own, made at the first start.
    private func prepareToken(_ authority: TokenAuthority, in folder: DataFolder) async throws -> NewToken? {
        if let file = options.tokenFile {
            guard let content = FileManager.default.contents(atPath: file) else {
                throw Refusal(
                    .fileMissing, .notFound, "There is no token file “\(file)”.",
                    hint: "Check the path after --token-file.")
            }
            let given = String(decoding: content, as: UTF8.self)
            _ = try await authority.ensureAdministratorToken(existing: given)
            try folder.writeToken(given.trimmingCharacters(in: .whitespacesAndNewlines))
            return nil
        }
        let (token, isNew) = try await authority.ensureAdministratorToken(existing: folder.readToken())
        guard isNew else { return nil }
        try folder.writeToken(token)
        return NewToken(text: token)
    }

    /// An engine that is missing stops nobody from starting: endpoints say so, and `slipway engines` how to get it.
    private func keepEngine(_ engines: EngineLibraries, logger: Logger) {
        do {
            try engines.keep()
        } catch {
            logger.warning(
                "the engine's library was not kept in the data folder", metadata: ["reason": "\(error)"])
        }
    }
}

extension ServeOptions {
    /// By absolute paths, since whoever follows them may be somewhere else.
    fileprivate var certificate: CertificateFiles? {
        guard let chain = tlsCertificate, let key = tlsKey else { return nil }
        return CertificateFiles(
            chain: URL(fileURLWithPath: chain).standardizedFileURL.path,
            key: URL(fileURLWithPath: key).standardizedFileURL.path)
    }
}

/// A token that was made just now.
struct NewToken { let text: String }

extension HTTPServer: Service {}

extension EngineFinding {
    fileprivate var wire: EngineV1 {
        EngineV1(
            name: name, version: identity?.version, build: identity?.build, problem: problem.map { ProblemV1($0) })
    }
}

extension RolloutEvent {
    fileprivate func log(to logger: Logger) {
        var metadata: Logger.Metadata = [
            "model": "\(model)", "version": "\(version)", "summary": "\(summary)",
        ]
        if let endpoint { metadata["endpoint"] = "\(endpoint)" }
        if !details.isEmpty { metadata["rows"] = "\(details.joined(separator: "; "))" }
        let level: Logger.Level = kind == .refused || kind == .fellBack ? .warning : .info
        logger.log(level: level, "version \(kind.rawValue)", metadata: metadata)
    }
}

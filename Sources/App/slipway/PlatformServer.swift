// SPDX-License-Identifier: Apache-2.0
import AccessControl
import BlobFiles
import CommandLineInterface
import Foundation
import HTTPInterface
import InferenceServing
import Logging
import ModelDomain
import ModelExecution
import ModelRegistry
import ModelRollouts
import ServiceLifecycle
import StoreSQL
import Tensors
import UnixSignals
import WireTypes

/// The composition of a whole platform on one data folder: the only place that names every adapter.
struct PlatformServer {
    let options: ServeOptions

    /// Serves until SIGTERM or SIGINT, and then answers what it accepted.
    func run() async throws {
        let folder = DataFolder(options.data)
        try folder.create()
        // Held to the end of this function, and given back by the system if we never reach it.
        let lock = try folder.lock()

        let log = LogFile(path: folder.logFile)
        let logger = Logger(label: Product.name) { FileLogHandler(label: $0, file: log) }
        let database = try await SQLiteDatabase.open(at: folder.database, time: .now)
        let blobs = try BlobFiles(folder: folder.contents)
        let registry = ModelRegistry(store: SQLRegistryStore(database: database), now: { .now })
        let authority = try await TokenAuthority(store: SQLCredentialStore(database: database), now: { .now })
        let token = try await prepareToken(authority, in: folder)

        let engines = EngineLibraries(folder: folder)
        keepEngine(engines, logger: logger)
        let limits = codecLimits
        let service = InferenceService(
            laneThreads: options.laneThreads ?? max(2, availableCores), queueLimit: 1024)
        let loader = ModelLoader(runtime: { () throws(EngineError) in try engines.runtime() }, blobs: blobs)
        let rollouts = Rollouts(
            registry: registry, loader: loader, service: service, limits: limits,
            report: { event in event.log(to: logger) })

        var settings = HTTPServerSettings(version: Product.version)
        settings.host = options.host
        settings.port = options.port
        settings.codecLimits = limits
        let startUp = StartUp(folder: folder, host: options.host, rollouts: rollouts, token: token, logger: logger)
        let server = HTTPServer(
            settings: settings,
            administration: Administration(
                inference: service, registry: registry, rollouts: rollouts, blobs: blobs,
                startedAt: Timestamp.now.text, engines: { [engines.finding().wire] },
                residentBytes: residentBytes, logLines: { LogFile.lines(of: folder.logFile, count: $0) }),
            authority: authority, logger: logger, onListening: { port in startUp.listening(on: port) })
        do {
            try await ServiceGroup(
                services: [server, startUp], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            ).run()
        } catch let refusal as Refusal where refusal.explanation.code == .portInUse {
            throw portRefusal(options.port)
        }
        logger.info("stopped")
        try database.close()
        _ = consume lock
    }

    private var codecLimits: CodecLimits {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = options.bodyLimit
        return limits
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

/// A token that was made just now.
struct NewToken { let text: String }

extension HTTPServer: Service {}

/// Resident memory of this process.
private func residentBytes() -> Int? {
    let fields = systemText("/proc/self/statm")?.split(separator: " ")
    guard let pages = fields?.dropFirst().first.flatMap({ Int($0) }) else { return nil }
    return pages * sysconf(Int32(_SC_PAGESIZE))
}

extension EngineFinding {
    fileprivate var wire: EngineV1 {
        EngineV1(
            name: name, version: identity?.version, build: identity?.build, problem: problem.map { ProblemV1($0) })
    }
}

extension RolloutEvent {
    fileprivate func log(to logger: Logger) {
        var metadata: Logger.Metadata = [
            "endpoint": "\(endpoint)", "model": "\(model)", "version": "\(version)", "summary": "\(summary)",
        ]
        if !details.isEmpty { metadata["rows"] = "\(details.joined(separator: "; "))" }
        let level: Logger.Level = kind == .refused || kind == .fellBack ? .warning : .info
        logger.log(level: level, "version \(kind.rawValue)", metadata: metadata)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import ModelRollouts
import PlatformReplicas
import ServiceLifecycle
import Synchronization

/// Once the port is bound: brings the endpoints back, and then says that the server is ready to answer.
final class StartUp: Service {
    private let folder: DataFolder
    private let host: String
    private let certificate: String?
    /// What a process that follows this one is started with.
    private let arguments: [String]
    private let replicas: Replicas
    private let rollouts: Rollouts
    private let newToken: String?
    /// Runs when the endpoints are back, before the server says that it is ready.
    private let prepare: @Sendable () async throws -> Void
    private let logger: Logger
    /// The first one, and the second one, where there is one.
    private let ports: AsyncStream<[Int]>
    private let portsFound: AsyncStream<[Int]>.Continuation
    private let announcement: AsyncStream<[Int]>
    private let announced: AsyncStream<[Int]>.Continuation
    private let state = Mutex(State())

    private struct State {
        var isRestored = false
        var server: DataFolder.RunningServer?
        var predecessor: DataFolder.Predecessor?
    }

    init(
        folder: DataFolder, host: String, certificate: String?, arguments: [String], replicas: Replicas,
        rollouts: Rollouts, token: NewToken?, logger: Logger,
        prepare: @escaping @Sendable () async throws -> Void
    ) {
        self.prepare = prepare
        self.folder = folder
        self.host = host
        self.certificate = certificate
        self.arguments = arguments
        self.replicas = replicas
        self.rollouts = rollouts
        newToken = token?.text
        self.logger = logger
        (ports, portsFound) = AsyncStream.makeStream()
        (announcement, announced) = AsyncStream.makeStream()
    }

    /// Brings the endpoints back before the server accepts connections.
    func restore() async throws {
        try await rollouts.restore()
        // What a server that ended did not come to.
        Task { [rollouts, folder, logger] in
            do { try await rollouts.recordStart() } catch {
                logger.warning("the ledger could not be told what came back", metadata: ["reason": "\(error)"])
            }
            await rollouts.updateGraphs()
            await rollouts.catchUp { try await packAndDeploy($0, $1, $2, $3, in: folder) }
        }
        try await prepare()
        state.withLock { $0.isRestored = true }
    }

    var isRestored: Bool { state.withLock(\.isRestored) }

    /// The ports, once the server has said where it is; `nil` when it ends before that.
    func announcedPorts() async -> [Int]? { await announcement.first { _ in true } }

    /// Says, where it says where the server is, what became of the one before.
    func announce(after predecessor: DataFolder.Predecessor) throws {
        try state.withLock { state in
            state.predecessor = predecessor
            state.server?.predecessor = predecessor
            if let server = state.server { try folder.announce(server) }
        }
        logger.info(
            "the server before has ended",
            metadata: [
                "process": "\(predecessor.processID)", "accepted": "\(predecessor.accepted)",
                "answered": "\(predecessor.answered)",
            ])
    }

    func listening(on ports: [Int]) {
        portsFound.yield(ports)
        portsFound.finish()
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { [self] in
            for await ports in ports {
                if !isRestored { try await restore() }
                try announce(ports)
            }
        }
        // A service that returns ends the group.
        try await gracefulShutdown()
    }

    private func announce(_ ports: [Int]) throws {
        let bindsAll = ["0.0.0.0", "::", "*"].contains(host)
        // Whoever binds all addresses is still reached on loopback.
        let reachable = bindsAll ? "127.0.0.1" : host
        let address = reachable.contains(":") ? "[\(reachable)]" : reachable
        let scheme = certificate == nil ? "http" : "https"
        let url = "\(scheme)://\(address):\(ports[0])"
        replicas.isReached(at: bindsAll ? "\(scheme)://\(replicas.host):\(ports[0])" : url)
        let grpcPort = ports.dropFirst().first
        let server = DataFolder.RunningServer(
            url: url, processID: Int(getpid()), arguments: arguments,
            workingFolder: FileManager.default.currentDirectoryPath, supervisor: .ofThisProcess,
            certificate: certificate, grpcPort: grpcPort)
        try state.withLock { state in
            state.server = server
            state.server?.predecessor = state.predecessor
            try folder.announce(state.server ?? server)
        }
        announced.yield(ports)
        announced.finish()
        var metadata: Logger.Metadata = ["url": "\(url)", "data": "\(folder.path)"]
        if let grpcPort { metadata["grpc"] = "\(address):\(grpcPort)" }
        logger.info("listening", metadata: metadata)
        write("listening on \(url)\(grpcPort.map { ", and for gRPC on \(address):\($0)" } ?? "")\n")
        guard isatty(STDOUT_FILENO) == 1 else { return }
        // A secret is shown to a person, never to a log.
        if let newToken { write("administration token: \(newToken)  (kept in \(folder.path)/token)\n") }
        write("next: slipway deploy model.onnx · slipway status\n")
    }

    /// Unbuffered: scripts wait for the line.
    private func write(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data(line.utf8)) }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import Synchronization

/// The folder that everything of one platform lives in. Moving a platform is copying it.
struct DataFolder: Sendable {
    let path: String

    var database: String { "\(path)/registry.sqlite" }
    private var nameFile: String { "\(path)/name" }
    private var ownContents: String { "\(path)/contents" }
    /// A folder in here, or the one that a link of its name leads to.
    var contents: String {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: ownContents) else {
            return ownContents
        }
        return URL(fileURLWithPath: target, relativeTo: URL(fileURLWithPath: path, isDirectory: true))
            .standardizedFileURL.path
    }
    var engines: String { "\(path)/engines" }
    var logFile: String { "\(path)/server.log" }
    var predictions: String { "\(path)/predictions" }
    private var hashKeyFile: String { "\(path)/hash-key" }
    private var tokenFile: String { "\(path)/token" }
    /// The name of the socket on which a server hands its work over.
    static let handoverName = "handover"
    private var lockFile: String { "\(path)/lock" }
    private var serverFile: String { "\(path)/server.json" }

    /// - Parameter chosen: As given on the command line; else SLIPWAY_DATA; else `~/.slipway`.
    init(_ chosen: String?) {
        let environment = ProcessInfo.processInfo.environment
        let given =
            chosen ?? environment["SLIPWAY_DATA"]
            ?? "\(environment["HOME"] ?? NSHomeDirectory())/.slipway"
        let absolute = given.hasPrefix("/") ? given : "\(FileManager.default.currentDirectoryPath)/\(given)"
        path = URL(fileURLWithPath: absolute).standardizedFileURL.path
    }

    /// - Throws: `SYS-001` or `SYS-002` when the folder cannot be made or written.
    func create() throws {
        var parents: [String] = []
        var parent = (path as NSString).deletingLastPathComponent
        while !parent.isEmpty {
            parents.append(parent)
            // What is there was made by somebody else; of the folder itself nobody knows whether its name is on disk.
            if parent == "/" || FileManager.default.fileExists(atPath: parent) { break }
            parent = (parent as NSString).deletingLastPathComponent
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw folderRefusal(errno)
        }
        guard unsafe access(path, W_OK | X_OK) == 0 else { throw folderRefusal(errno) }
        parents.forEach(synchronizeNames(in:))
    }

    /// Whether they are in a folder that others may share.
    var sharesContents: Bool { contents != ownContents }

    /// Has the contents be in a folder that others share, from now on.
    ///
    /// - Parameters:
    ///   - chosen: As given on the command line.
    ///   - isUsed: Whether another server uses them: then they stay where they are.
    /// - Throws: `SYS-008` when they are somewhere else already.
    func shareContents(at chosen: String, isUsed: Bool) throws {
        let shared = URL(fileURLWithPath: chosen).standardizedFileURL.path
        let files = FileManager.default
        if shared == contents || shared == ownContents { return }
        if !isUsed, !sharesContents, (try? files.contentsOfDirectory(atPath: "\(ownContents)/blobs"))?.isEmpty == true {
            // Of a start before, in which nothing was kept.
            try? files.removeItem(atPath: ownContents)
        }
        // `attributesOfItem` does not follow a link, so that one which leads nowhere counts as well.
        guard (try? files.attributesOfItem(atPath: ownContents)) == nil else {
            throw Refusal(
                .optionRefused, .conflict,
                "The contents of this data folder are in “\(contents)”, and not in “\(shared)”.",
                hint:
                    "Stop the server, move that folder to where it shall be, and remove “\(ownContents)”; or leave out "
                    + "--contents.")
        }
        do {
            try files.createDirectory(
                atPath: shared, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try files.createSymbolicLink(atPath: ownContents, withDestinationPath: shared)
        } catch {
            throw folderRefusal(errno)
        }
        synchronizeNames(in: path)
    }

    /// A name of its own, made at the first start that needs one: where it lies may change, and be the same on two machines.
    func name() throws -> String {
        if let known = line(of: nameFile) { return known }
        let name = UUID().uuidString.lowercased()
        try replaceFile(nameFile, with: Data("\(name)\n".utf8))
        return name
    }

    /// What values are hashed with that the prediction log does not keep as they are: random, made at the first start.
    func hashKey() throws -> [UInt8] {
        if let known = FileManager.default.contents(atPath: hashKeyFile), known.count == 32 { return Array(known) }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try replaceFile(hashKeyFile, with: Data(key))
        return key
    }

    // MARK: One server at a time

    /// Held for as long as a server runs; the system gives it back however the process ends. It belongs to the open file,
    /// so whoever is handed that file holds it too, and in between nobody else can get it.
    final class Lock: Sendable {
        let descriptor: Int32
        private let serverFile: String
        private let isHandedOn = Atomic<Bool>(false)

        fileprivate init(descriptor: Int32, serverFile: String) {
            self.descriptor = descriptor
            self.serverFile = serverFile
        }

        /// From now on the file that says where the server is belongs to another process.
        func handOn() { isHandedOn.store(true, ordering: .releasing) }

        /// The other way round: it is ours now.
        func keep() { isHandedOn.store(false, ordering: .releasing) }

        var isOurs: Bool { !isHandedOn.load(ordering: .acquiring) }

        /// Takes the announcement away, unless it is another's.
        func retract() {
            if isOurs { unsafe unlink(serverFile) }
        }

        deinit {
            // In this order: once the lock is given back, the file may be that of the next server.
            retract()
            close(descriptor)
        }
    }

    /// The lock of the server before, as that has handed it over.
    func lock(inherited descriptor: Int32) -> Lock { Lock(descriptor: descriptor, serverFile: serverFile) }

    /// - Throws: `SYS-003` naming the process that holds it.
    func lock() throws -> Lock {
        let descriptor = unsafe open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw folderRefusal(errno) }
        // Commands that look whether a server runs hold the lock for a moment, and together: see `isLocked`.
        var isHeld = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        for _ in 0..<50 where !isHeld {
            usleep(2000)
            isHeld = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }
        guard isHeld else {
            close(descriptor)
            let holder = runningServer().map { "process \($0.processID) at \($0.url)" } ?? "another process"
            throw Refusal(
                .dataFolderInUse, .conflict, "A server runs on “\(path)” already: \(holder).",
                hint: "Use it, stop it with `slipway stop`, or choose another folder with --data.")
        }
        return Lock(descriptor: descriptor, serverFile: serverFile)
    }

    var isLocked: Bool {
        let descriptor = unsafe open(lockFile, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Shared: two commands that look at the same time must not take each other for a server, and what it announced.
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    // MARK: Where the server is

    struct RunningServer: Codable {
        let url: String
        let processID: Int
        /// How to start one like it: its command line, and where that was given.
        var arguments: [String]?
        var workingFolder: String?
        /// Who started it, and would miss it.
        var supervisor: Supervisor?
        /// The file with the certificate that it shows, over TLS.
        var certificate: String?
        /// The second port, where there is one.
        var grpcPort: Int?
        /// What an earlier program claims its registry's database with; a process that follows it has the same.
        var databaseClaim: Int32?
        /// The server that it took over from, once that has ended.
        var predecessor: Predecessor?
    }

    /// A server that handed its work over, and what it had done by its end.
    struct Predecessor: Codable {
        let processID: Int
        let accepted: Int
        let answered: Int
    }

    func announce(_ server: RunningServer) throws {
        try replaceFile(serverFile, with: JSONEncoder().encode(server))
    }

    /// What the server that holds the lock announced; `nil` when none runs, or it has not announced itself yet.
    func runningServer() -> RunningServer? {
        guard isLocked, let bytes = FileManager.default.contents(atPath: serverFile) else { return nil }
        return try? JSONDecoder().decode(RunningServer.self, from: bytes)
    }

    // MARK: The administrator's token

    func readToken() -> String? { line(of: tokenFile) }

    func writeToken(_ token: String) throws {
        try replaceFile(tokenFile, with: Data("\(token)\n".utf8))
    }

    /// What stands in a file of ours, without the space around it; `nil` where there is none.
    private func line(of file: String) -> String? {
        FileManager.default.contents(atPath: file).map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// Writes a file that only its owner may read, whole or not at all; on disk when this returns.
    private func replaceFile(_ file: String, with content: Data) throws {
        let temporary = "\(file).\(getpid())"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw folderRefusal(errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: content)
            try handle.synchronize()
        } catch {
            unsafe unlink(temporary)
            throw folderRefusal(ENOSPC)
        }
        guard unsafe rename(temporary, file) == 0 else { throw folderRefusal(errno) }
        synchronizeNames(in: path)
    }

    private func folderRefusal(_ code: Int32) -> Refusal {
        switch code {
        case ENOSPC, EDQUOT:
            Refusal(
                .diskFull, .unavailable, "The disk of “\(path)” is full.", hint: "Free some space, and start again.")
        default:
            Refusal(
                .notWritable, .unavailable, "The data folder “\(path)” cannot be written.",
                hint: "Check its owner and permissions, or choose another with --data.")
        }
    }
}

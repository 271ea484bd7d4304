// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain

/// Starts and ends the server of a data folder as a process of its own.
struct BackgroundServer {
    let folder: DataFolder
    static let usualPort = 8080

    func running() -> LocalServer? {
        guard let server = folder.runningServer(), let token = folder.readToken() else { return nil }
        return LocalServer(
            url: server.url, token: token, processID: server.processID, certificate: server.certificate)
    }

    /// Starts a server that outlives this process, and waits until it answers.
    ///
    /// - Parameter port: `nil` for the usual one, or any where that is taken.
    /// - Throws: `SYS-006` with the end of its log, when it does not come up.
    func start(port: Int? = nil) async throws -> LocalServer {
        if let server = running() { return server }
        try folder.create()
        let port = port ?? (portOwner(Self.usualPort) == nil ? Self.usualPort : 0)
        // Whoever deploys from a shell inside of a container asked for no server that is open to its platform; and what a
        // server packs later is of no run during which it was started.
        let process = try spawn(
            arguments: ["serve", "--data", folder.path, "--port", "\(port)"],
            environment: ProcessInfo.processInfo.environment.filter {
                !ContainerEnvironment.variables.contains($0.key) && $0.key != "SLIPWAY_RUN_ID"
            })
        var hasEnded = false
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            if let server = running() { return server }
            var status: Int32 = 0
            // A server that another command started at the same time may have had the folder first: it will do.
            if !hasEnded { hasEnded = unsafe waitpid(process, &status, WNOHANG) != 0 }
            guard !hasEnded || folder.isLocked else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let last = LogFile.lines(of: folder.logFile, count: 5)
        throw Refusal(
            .serverDidNotStart, .unavailable, "The server did not start.",
            hint: "Start it where you can see it with `slipway serve`, or ask `slipway doctor`.",
            details: last.enumerated().map { .init("log \($0.offset)", $0.element) })
    }

    /// Has a new process take the work over from the one that runs, and waits until that has ended.
    ///
    /// The new one is this program, with the command line and the environment of the old one, whatever stands in that of
    /// this process. It loads and proves everything first; when it cannot, the old one goes on.
    /// - Returns: The new server, and the old one; `nil` for that when none ran, and one was started.
    /// - Throws: `SYS-010` with the end of the log when the new one does not take over.
    func restart() async throws -> (server: LocalServer, predecessor: DataFolder.Predecessor?) {
        guard let old = folder.runningServer() else { return (try await start(), nil) }
        if let supervisor = old.supervisor {
            throw supervisor.refusal(of: old.processID)
        }
        let environment = try environment(of: old)
        let arguments = (old.arguments ?? ["serve"]).filter { $0 != "--take-over" && $0 != "--data" }
        let chosen = (old.arguments ?? []).firstIndex(of: "--data").flatMap { old.arguments?[$0 + 1] }
        if let place = old.workingFolder { _ = FileManager.default.changeCurrentDirectoryPath(place) }
        let process = try spawn(
            arguments: arguments.filter { $0 != chosen } + ["--data", folder.path, "--take-over"],
            environment: environment)
        try await wait(for: process, after: old)
        let deadline = ContinuousClock.now + .seconds(3600)
        while ContinuousClock.now < deadline {
            // One that was killed leaves no counts.
            guard let present = folder.runningServer(), present.processID == Int(process) else { break }
            if let predecessor = present.predecessor, let server = running() { return (server, predecessor) }
            guard kill(pid_t(old.processID), 0) == 0 || errno == EPERM else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        try await Task.sleep(for: .milliseconds(100))
        guard let server = running(), server.processID == Int(process) else { throw notTaken(old) }
        return (server, folder.runningServer()?.predecessor)
    }

    /// What a server was started with. It is known from there alone: a shell beside it may have variables that open
    /// predictions, or lack those that do.
    private func environment(of server: DataFolder.RunningServer) throws -> [String: String] {
        guard let text = systemText("/proc/\(server.processID)/environ"), !text.isEmpty else {
            throw Refusal(
                .takeOverFailed, .unavailable,
                "The environment of process \(server.processID), which its successor has to have, cannot be read.",
                hint: "Restart it as the user who started it.")
        }
        let variables = text.split(separator: "\0").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(variables) { first, _ in first }
    }

    private func wait(for process: pid_t, after old: DataFolder.RunningServer) async throws {
        let deadline = ContinuousClock.now + .seconds(1800)
        while ContinuousClock.now < deadline {
            if folder.runningServer()?.processID == Int(process) { return }
            var status: Int32 = 0
            guard unsafe waitpid(process, &status, WNOHANG) == 0 else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw notTaken(old)
    }

    private func notTaken(_ old: DataFolder.RunningServer) -> Refusal {
        let last =
            LogFile.lines(of: "\(folder.path)/server.err", count: 3) + LogFile.lines(of: folder.logFile, count: 5)
        return Refusal(
            .takeOverFailed, .unavailable, "The new server did not take over from process \(old.processID).",
            hint: "Ask `slipway status` which one serves.",
            details: last.enumerated().map { .init("log \($0.offset)", $0.element) })
    }

    /// Asks the server to end, and waits until it has answered what it accepted.
    ///
    /// - Returns: Its process, or `nil` when none ran.
    func stop() async throws -> Int? {
        guard let server = folder.runningServer() else { return nil }
        guard kill(pid_t(server.processID), SIGTERM) == 0 else {
            throw Refusal(
                .notWritable, .unavailable, "Process \(server.processID) may not be stopped by this user.",
                hint: "Stop it as the user who started it.")
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while folder.isLocked, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        guard !folder.isLocked else {
            throw Refusal(
                .serverUnreachable, .unavailable, "Process \(server.processID) still runs after 60 seconds.",
                hint:
                    "Look into `slipway logs`; end it with `kill -9 \(server.processID)`: nothing acknowledged is lost."
            )
        }
        return server.processID
    }

    /// posix_spawn, because the child must outlive us and have a session of its own; what it prints goes to its log.
    ///
    private func spawn(arguments: [String], environment: [String: String]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 2, "\(folder.path)/server.err", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        keepDescriptorsFromChildren()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which glibc declares for GNU sources only.
        unsafe posix_spawnattr_setflags(&attributes, 0x80)
        let environment = environment.merging([LogFile.backgroundVariable: "1"]) { $1 }
        let words = unsafe ([executablePath()] + arguments).map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(&process, executablePath(), &actions, &attributes, words, variables)
        guard code == 0 else {
            throw Refusal(
                .serverDidNotStart, .unavailable,
                "The server could not be started: \(unsafe String(cString: strerror(code))).",
                hint: "Start it with `slipway serve`.")
        }
        return process
    }
}

/// Whoever waits for our end by a descriptor that we inherited must not wait for the server's.
private func keepDescriptorsFromChildren() {
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in open.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}

/// This program's own file.
func executablePath() -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}

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
        return LocalServer(url: server.url, token: token, processID: server.processID)
    }

    /// Starts a server that outlives this process, and waits until it answers.
    ///
    /// - Throws: `SYS-006` with the end of its log, when it does not come up.
    func start() async throws -> LocalServer {
        if let server = running() { return server }
        try folder.create()
        let port = portOwner(Self.usualPort) == nil ? Self.usualPort : 0
        let process = try spawn(arguments: ["serve", "--data", folder.path, "--port", "\(port)"])
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
    private func spawn(arguments: [String]) throws -> pid_t {
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
        let environment = ProcessInfo.processInfo.environment.merging([LogFile.backgroundVariable: "1"]) { $1 }
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

// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelReproduction
import Synchronization

/// A command of the user's that runs as a child of this process, in its process group: what a terminal sends reaches both.
final class CommandRun: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// `nil` before it is there, and once its end is known: the number may then be another's.
        var process: pid_t?
        var wasKilled = false
    }

    /// Runs it to its end, passing on what it prints. Blocks.
    ///
    /// - Throws: `RPR-005` when it cannot be started.
    func run(_ command: TrainingCommand) throws -> CommandEnd {
        let watch = SignalForwarding { [self] in forward($0) }
        defer { watch.end() }
        let (process, streams) = try start(command)
        state.withLock { state in
            state.process = process
            // Asked while it was started.
            if state.wasKilled { kill(process, SIGTERM) }
        }
        let echoes = command.isAttended ? [STDOUT_FILENO, STDERR_FILENO] : [STDERR_FILENO, STDERR_FILENO]
        var tail = OutputTail(limit: CommandEnd.outputLimit)
        var open = Array(zip(streams, echoes))
        defer { for (stream, _) in open { close(stream) } }
        var status: Int32?
        // Who was started by the command may hold its streams for longer than it lives.
        var patience = 20
        while !open.isEmpty, status == nil || patience > 0 {
            let isQuiet = !passOn(&open, to: &tail)
            if status == nil { status = ended(process, blocking: false) }
            if status != nil, isQuiet { patience -= 1 }
        }
        let final = status ?? ended(process, blocking: true) ?? 0
        let signal = final & 0x7F
        let isKilled = [SIGINT, SIGTERM, SIGHUP, SIGKILL].contains(signal)
        // What ended the command may be on its way to this process.
        if isKilled { usleep(50_000) }
        let isGivenUp = state.withLock(\.wasKilled)
        return CommandEnd(
            exitCode: signal == 0 ? (final >> 8) & 0xFF : 128 + signal, wasKilled: isKilled || isGivenUp,
            wasGivenUp: isGivenUp, output: tail.bytes)
    }

    /// - Returns: Whether there was something.
    private func passOn(_ open: inout [(Int32, Int32)], to tail: inout OutputTail) -> Bool {
        var polled = open.map { pollfd(fd: $0.0, events: Int16(POLLIN), revents: 0) }
        guard unsafe poll(&polled, UInt(polled.count), 100) > 0 else { return false }
        for (index, one) in polled.enumerated().reversed() where one.revents != 0 {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = unsafe read(one.fd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                close(one.fd)
                open.remove(at: index)
                continue
            }
            let bytes = Array(buffer[..<count])
            tail.append(bytes, of: one.fd)
            writeOut(bytes, to: open[index].1)
        }
        return true
    }

    private func ended(_ process: pid_t, blocking: Bool) -> Int32? {
        var status: Int32 = 0
        while true {
            let found = unsafe waitpid(process, &status, blocking ? 0 : WNOHANG)
            if found < 0, errno == EINTR { continue }
            guard found == process else { return nil }
            state.withLock { $0.process = nil }
            return status
        }
    }

    private func forward(_ signal: Int32) {
        state.withLock { state in
            state.wasKilled = true
            guard let process = state.process else { return }
            // From a terminal, it has it already; a second one would interrupt it while it puts things in order.
            guard signal != SIGINT || !isAtTerminal() else { return }
            kill(process, signal)
        }
    }

    /// Whether what a person types interrupts every process of our group.
    private func isAtTerminal() -> Bool { isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp() }

    // MARK: Starting

    private func start(_ command: TrainingCommand) throws -> (process: pid_t, streams: [Int32]) {
        guard let program = locate(command.words[0], command) else {
            throw cannotStart(command, "there is no such program")
        }
        var streams: [Int32] = []
        var ends: [Int32] = []
        for _ in 0..<2 {
            var pair: [Int32] = [-1, -1]
            guard unsafe pipe(&pair) == 0 else { throw cannotStart(command, "no pipe is left") }
            for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            streams.append(pair[0])
            ends.append(pair[1])
        }
        defer { for end in ends { close(end) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if !command.isAttended {
            unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        // A shell goes there, and becomes the command.
        let isElsewhere = command.folder != FileManager.default.currentDirectoryPath
        let going = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, command.folder, program]
        let line = isElsewhere ? going + command.words.dropFirst() : command.words
        let words = unsafe line.map { unsafe strdup($0) } + [nil]
        let variables = unsafe command.environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(
            &process, isElsewhere ? line[0] : program, &actions, &attributes, words, variables)
        guard code == 0 else {
            for stream in streams { close(stream) }
            throw cannotStart(command, unsafe String(cString: strerror(code)))
        }
        return (process, streams)
    }

    private func locate(_ program: String, _ command: TrainingCommand) -> String? {
        if program.hasPrefix("/") { return program }
        if program.contains("/") { return "\(command.folder)/\(program)" }
        return (command.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func cannotStart(_ command: TrainingCommand, _ reason: String) -> Refusal {
        Refusal(
            .commandFailed, .invalidInput,
            "The command “\(command.words[0].prefix(200))” cannot be started: \(reason).",
            hint: "Write the command behind -- as you would type it.")
    }
}

/// Hands signals that ask this process to end to somebody else, for as long as it lives.
private struct SignalForwarding {
    private let sources: [(number: Int32, source: any DispatchSourceSignal)]

    init(_ handler: @escaping @Sendable (Int32) -> Void) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            // Another source has set a handler, which is for all of them.
            if !Abandonment.isWatching { signal(number, SIG_IGN) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler { handler(number) }
            source.resume()
            return (number, source)
        }
    }

    func end() { for (_, source) in sources { source.cancel() } }
}

/// The last bytes of two streams, line by line.
private struct OutputTail {
    let limit: Int
    private var kept: [UInt8] = []
    private var begun: [Int32: [UInt8]] = [:]

    init(limit: Int) { self.limit = limit }

    /// - Parameter stream: Two of them write into one another's lines: each line is taken once it is whole.
    mutating func append(_ bytes: [UInt8], of stream: Int32) {
        var line = begun[stream, default: []] + bytes
        let whole = (line.lastIndex(of: 0x0A).map { $0 + 1 }) ?? (line.count > limit ? line.count : 0)
        kept += line[..<whole]
        line.removeFirst(whole)
        begun[stream] = line
        if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
    }

    var bytes: [UInt8] {
        let rest = begun.sorted { $0.key < $1.key }.flatMap(\.value)
        return Array((kept + rest).suffix(limit))
    }
}

/// What nobody reads is lost.
private func writeOut(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
            var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&stream, 1, -1)
        } else if errno != EINTR {
            return
        }
    }
}

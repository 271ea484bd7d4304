// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelExecution

/// A connected pair of Unix stream sockets that no child inherits by accident.
func socketPair() throws(WorkerFault) -> (ours: Int32, theirs: Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .ended("no more files can be opened") }
    return (ends[0], ends[1])
}

func pipePair() throws(WorkerFault) -> (readEnd: Int32, writeEnd: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .ended("no more files can be opened") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Starts a process in a session of its own, with the connection as standard input and output.
///
/// - Returns: `nil` when the system refuses; `errno` says why.
func spawn(_ launch: ProcessLaunch, connection: Int32, log: Int32) -> pid_t? {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, connection, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, connection, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, log, 2)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The server ignores and blocks signals that a model's code may count on.
    var all = sigset_t()
    var none = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID, which glibc declares for GNU sources only.
    let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | 0x80
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    let words = unsafe ([launch.executable] + launch.arguments).map { unsafe strdup($0) } + [nil]
    let variables = unsafe launch.environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (words + variables).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawn(&process, launch.executable, &actions, &attributes, words, variables)
    guard code == 0 else {
        errno = code
        return nil
    }
    return process
}

/// Carries what a worker prints into the log, for as long as it lives. A flood is cut, and said to be.
struct LogPump {
    /// The most lines of one worker within ten seconds, and bytes of one.
    private static let lineLimit = 100
    private static let byteLimit = 2000

    private let descriptor: Int32
    private let log: @Sendable (String) -> Void

    init(reading descriptor: Int32, into log: @escaping @Sendable (String) -> Void) {
        self.descriptor = descriptor
        self.log = log
    }

    func start() {
        let thread = Thread { run() }
        thread.name = "worker-log"
        thread.stackSize = 1 << 18
        thread.start()
    }

    private func run() {
        defer { close(descriptor) }
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var window = Moment.now
        var lines = 0
        var dropped = 0
        func put() {
            if Moment.now.since(window) > 10_000_000_000 {
                if dropped > 0 { log("(\(dropped) more lines were dropped)") }
                (window, lines, dropped) = (.now, 0, 0)
            }
            lines += 1
            if lines <= Self.lineLimit {
                log(String(decoding: line, as: UTF8.self))
            } else {
                if dropped == 0 { log("(more than \(Self.lineLimit) lines in ten seconds: the others are dropped)") }
                dropped += 1
            }
            line.removeAll(keepingCapacity: true)
        }
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") { put() } else if line.count < Self.byteLimit { line.append(byte) }
            }
        }
        if !line.isEmpty { put() }
        if dropped > 0 { log("(\(dropped) more lines were dropped)") }
    }
}

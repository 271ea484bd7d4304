// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A shell that runs a server, and ends it when this process is gone: it waits for the end of a pipe that only we hold open,
/// which the system closes however we end. Neither it nor the server holds what we print to.
final class Guardian: Sendable {
    private let process: Process
    private let line: FileHandle

    /// - Parameter folder: Has the server's output in `log`, and goes with it.
    init(of command: [String], folder: String) throws {
        let pipe = Pipe()
        // The server's own children must not hold it open, and neither must other programs that tests start.
        for end in [pipe.fileHandleForWriting, pipe.fileHandleForReading] {
            _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        process = Process()
        line = pipe.fileHandleForWriting
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.script, "guardian", folder] + command
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try withAllSignals { try process.run() }
    }

    /// `INT` has PostgreSQL end its connections and stop at once, in good order. It is said again each second, because a
    /// server that is just starting does not listen yet.
    private static let script = """
        trap '' INT TERM HUP
        folder=$1
        shift
        (trap - INT TERM HUP; exec "$@") </dev/null >>"$folder/log" 2>&1 &
        server=$!
        read -r word
        kill -INT "$server" 2>/dev/null
        (while sleep 1 && kill -INT "$server"; do :; done) 2>/dev/null &
        again=$!
        wait "$server"
        kill "$again" 2>/dev/null
        [ "$word" = keep ] || rm -rf "$folder"
        """

    var isRunning: Bool { process.isRunning }

    /// Ends the server, and waits until it has ended.
    func end(keepingFolder: Bool) async {
        try? line.write(contentsOf: Data((keepingFolder ? "keep\n" : "\n").utf8))
        try? line.close()
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }
}

/// Threads of the tasks let no signals through, and a process has that from the thread that starts it. A shell then waits
/// for its children in vain.
private func withAllSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
}

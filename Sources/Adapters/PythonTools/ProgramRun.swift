// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// How a program ended that was run to its end.
package struct ProgramRun: Sendable {
    /// The last of what it printed.
    package let output: [UInt8]
    /// Whether it ended by itself, with status 0.
    package let isSuccess: Bool

    /// Of the output, the last bytes are kept.
    private static let outputLimit = 1 << 16

    /// Blocks until the program has ended and nobody can print any more.
    ///
    /// Not by Foundation's `Process`: it reads beyond a buffer in a process with more than some 1,300 open files, and a
    /// server has one for each connection.
    ///
    /// - Parameter keepsErrors: Whether the output has standard error too, which is dropped otherwise.
    /// - Throws: `POSIXError` when it cannot be started.
    package init(_ executable: String, _ arguments: [String], keepsErrors: Bool) throws {
        var ends: [Int32] = [-1, -1]
        // A pipe could be told only afterwards that no other child inherits it, and would then stay open for as long as that.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw POSIXError(.EMFILE) }
        let process: pid_t
        do {
            defer { close(ends[1]) }
            process = try start(executable, arguments, output: ends[1], keepsErrors: keepsErrors)
        } catch {
            close(ends[0])
            throw error
        }
        output = lastBytes(of: ends[0], limit: Self.outputLimit)
        close(ends[0])
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        isSuccess = status == 0
    }
}

private func start(
    _ executable: String, _ arguments: [String], output: Int32, keepsErrors: Bool
) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if keepsErrors {
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    } else {
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The server ignores and blocks signals that others count on.
    var all = sigset_t()
    var none = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    let words = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawn(&process, executable, &actions, &attributes, words, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
    return process
}

private func lastBytes(of descriptor: Int32, limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
        let count = unsafe read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
        if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
    }
}

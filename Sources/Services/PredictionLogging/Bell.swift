// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Wakes one thread that waits for it, or will.
///
/// A pipe, and no semaphore: those of glibc wait by the time of day, and one that is set back in the middle has them wait for as
/// long as that.
final class Bell: Sendable {
    private let inlet: Int32
    private let outlet: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        let isMade = unsafe pipe(&ends) == 0
        precondition(isMade, "a process has room for a pipe at its start")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (outlet, inlet) = (ends[0], ends[1])
    }

    deinit {
        _ = close(inlet)
        _ = close(outlet)
    }

    /// From any thread. Several times before somebody waits are one time.
    func ring() {
        var byte: UInt8 = 1
        // Of a full pipe whoever waits knows already.
        _ = unsafe write(inlet, &byte, 1)
    }

    /// - Parameter limit: In milliseconds; `nil` for as long as it takes.
    /// - Returns: Whether it rang; that is forgotten then.
    @discardableResult
    func wait(atMost limit: Int32? = nil) -> Bool {
        var entry = pollfd(fd: outlet, events: Int16(POLLIN), revents: 0)
        var count: Int32
        repeat { count = unsafe poll(&entry, 1, limit ?? -1) } while count < 0 && errno == EINTR
        guard count > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 512)
        while unsafe read(outlet, &bytes, bytes.count) == bytes.count {}
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Who may change what in a folder at a time, among all tasks of all processes that use it, on whatever machines.
///
/// A lock of the system's belongs to an open file, so whoever holds it has one to itself. They are kept for the next.
final class FolderOrder: Sendable {
    private let path: String
    private let idle = Mutex<[OpenFile]>([])

    /// - Parameter path: Of the file that is locked, made where there is none. Nothing is written to it.
    /// - Throws: `SYS-002` where there is no room for it, or files cannot be locked.
    init(_ path: String) throws {
        self.path = path
        let (one, other) = (try OpenFile(locking: path), try OpenFile(locking: path))
        try one.lock(.exclusive)
        // Some file systems say yes to everybody.
        guard try !other.lockIfFree() else {
            throw FileFailure(reason: .noLocks, operation: "flock", path: path, systemError: 0)
        }
        try one.unlock()
        idle.withLock { $0 = [one, other] }
    }

    /// Beside others that are here together.
    func together<Result>(_ body: () throws -> Result) throws -> Result { try hold(.shared, body) }

    /// While nobody else is here.
    func alone<Result>(_ body: () throws -> Result) throws -> Result { try hold(.exclusive, body) }

    private func hold<Result>(_ kind: OpenFile.Lock, _ body: () throws -> Result) throws -> Result {
        let file = try idle.withLock { $0.popLast() } ?? OpenFile(locking: path)
        try file.lock(kind)
        // One that cannot be unlocked is closed, which does the same.
        defer { if (try? file.unlock()) != nil { idle.withLock { $0.append(file) } } }
        return try body()
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A private folder on the disk, for a sandbox without namespaces. A lock on it says that somebody uses it: one that was
/// left behind by a process that was killed has none, and the next sandbox takes it away.
struct TemporaryFolder {
    private static let parent = "/tmp"
    private static let prefix = "slipway-sandbox-"

    let path: String

    /// Locked for as long as this process lives. Programs that it becomes or starts do not keep the lock.
    init() throws(SystemFailure) {
        Self.removeAbandoned()
        // What mkdtemp fills in.
        let blanks = String(repeating: "X", count: 6)
        var name = Array("\(Self.parent)/\(Self.prefix)\(blanks)".utf8CString)
        guard unsafe mkdtemp(&name) != nil else { throw .last("a temporary folder") }
        path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try expect("locking the temporary folder", Self.lock(path) ?? -1)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    private static func lock(_ path: String) -> Int32? {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func removeAbandoned() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid(), let lock = lock(path) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(lock)
        }
    }
}

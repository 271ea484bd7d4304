// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain

/// Where one process writes what is not finished: a folder of its own among those of others, with a file in it that is locked
/// for as long as the process lives. However it ends, the system gives the lock back, and whoever starts next sweeps.
final class OwnFolder: Sendable {
    let path: String
    private let lock: OpenFile

    /// Makes the folder, and sweeps those of processes that have ended.
    ///
    /// - Parameters:
    ///   - parent: Where those of all processes are.
    ///   - order: Of all that start. What they remove, they remove afterwards.
    ///   - now: The time of the files.
    init(in parent: String, _ order: FolderOrder, now: () -> Timestamp) throws {
        let path = "\(parent)/\(UUID().uuidString)"
        self.path = path
        let (lock, dead) = try order.alone {
            var dead: [(path: String, lock: OpenFile?)] = []
            for name in try names(in: parent) {
                let other = "\(parent)/\(name)"
                if plainFileSize(other) != nil {
                    // Of a program of before, which had no folder, and may still be at it while another follows it.
                    let isOld = fileTime(other).map { $0 < now().before(hours: 1) } ?? false
                    if isOld { dead.append((other, nil)) }
                    continue
                }
                // Without one nobody is in it: a folder is seen by others once it has a lock that is held.
                let lock = try OpenFile(lockingExisting: Self.lock(of: other))
                if try lock?.lockIfFree() ?? true { dead.append((other, lock)) }
            }
            try makeFolder(path)
            let lock = try OpenFile(locking: Self.lock(of: path))
            try lock.lock(.exclusive)
            return (lock, dead)
        }
        self.lock = lock
        for folder in dead { removeTree(folder.path) }
    }

    deinit { removeTree(path) }

    /// Of a file or folder that is not there yet.
    var newPath: String { "\(path)/\(UUID().uuidString)" }

    private static func lock(of folder: String) -> String { "\(folder)/lock" }
}

extension Timestamp {
    fileprivate func before(hours: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds - hours * 3_600_000_000)
    }
}

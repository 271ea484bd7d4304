// SPDX-License-Identifier: Apache-2.0
internal import Foundation

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
    init(in parent: String, _ order: FolderOrder) throws {
        let path = "\(parent)/\(UUID().uuidString)"
        self.path = path
        let (lock, dead) = try order.alone {
            var dead: [(path: String, lock: OpenFile?)] = []
            for name in try names(in: parent) {
                let other = "\(parent)/\(name)"
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

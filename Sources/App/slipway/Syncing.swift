// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Makes the names in a folder survive a power loss. Of a file system that cannot, nothing more is to be had.
func synchronizeNames(in folder: String) { synchronize(folder, O_RDONLY | O_DIRECTORY) }

/// Has a folder on disk with all that is in it, before it gets the name by which it is taken for whole.
func synchronizeTree(_ folder: String) {
    for name in (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [] {
        synchronize("\(folder)/\(name)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    }
    synchronizeNames(in: folder)
}

private func synchronize(_ path: String, _ flags: Int32) {
    let descriptor = unsafe open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
}

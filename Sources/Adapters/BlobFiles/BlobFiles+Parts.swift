// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution

/// Uploads in parts, each in a folder of its own, named by the digest of its id:
///
/// ```
/// uploads/9a…/begun       when it ends, and its document
/// uploads/9a…/joining     locked by the process that joins the parts
/// uploads/9a…/completed   there once they were joined
/// uploads/9a…/part-7      the bytes of a part, and the 32 of its digest
/// ```
///
/// Parts come together; whoever joins them, or takes the folder away, has been alone in the order while it took the lock.
extension BlobFiles: PartShelf {
    package func begin(_ id: String, _ document: [UInt8], lifetime: Duration, limit: Int) async throws -> Bool {
        if try await onQueue({ try uploadFolders().count >= limit }) { _ = try await forgetEnded() }
        return try await onQueue {
            let made = own.newPath
            let gone = own.newPath
            defer {
                removeTree(made)
                removeTree(gone)
            }
            let upload = UploadFolder(path: made)
            try makeFolder(made)
            let end = Timestamp(microseconds: now().microseconds + lifetime.microseconds)
            try upload.write(end, document)
            _ = try OpenFile(locking: upload.lock)
            try synchronizeFolder(made)
            let hasRoom = try order.alone {
                let others = try uploadFolders()
                if others.count >= limit {
                    let completed = others.first { $0.isCompleted }
                    guard let completed else { return false }
                    try renameFile(completed.path, to: gone)
                }
                try renameFile(made, to: folder(of: id).path)
                return true
            }
            if hasRoom { try synchronizeFolder(uploads) }
            return hasRoom
        }
    }

    package func upload(_ id: String) async throws -> ShelvedUpload? {
        try await onQueue {
            let upload = folder(of: id)
            return try order.together {
                guard let (end, document) = try upload.read(), end > now() else { return nil }
                let state: ShelvedUpload.State =
                    if upload.isCompleted { .completed } else if try upload.isBeingJoined { .joining } else { .open }
                return ShelvedUpload(document: document, state: state)
            }
        }
    }

    package func add(
        _ number: Int, to id: String, in room: PartRoom,
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> PartOutcome {
        let (file, digest, byteCount) = try await receive(chunks)
        // It has another name by then, unless it was not taken.
        defer { removeFile(file.path) }
        return try await onQueue {
            let upload = folder(of: id)
            if byteCount > room.byteLimit / room.count {
                let others = try upload.byteCounts().filter { $0.key != number }
                guard others.values.reduce(byteCount, +) <= room.byteLimit else { return .tooLarge }
            }
            try file.write(digest.bytes)
            try file.synchronize()
            let isTaken = try order.together {
                try upload.isOpen && renameIfThere(file.path, to: upload.part(number))
            }
            // Whoever gave it up meanwhile has taken the part along.
            guard isTaken, let folder = try OpenFile(folder: upload.path) else { return .closed }
            try folder.synchronize()
            return .kept(digest)
        }
    }

    package func claim(_ id: String) async throws -> (any PartClaim)? {
        try await onQueue {
            let upload = folder(of: id)
            return try order.alone {
                guard let lock = try OpenFile(lockingExisting: upload.lock), try lock.lockIfFree(), !upload.isCompleted
                else { return nil }
                return ClaimedUpload(upload, lock, store: self)
            }
        }
    }

    package func abort(_ id: String) async throws -> Bool {
        try await onQueue {
            guard try takeAway(folder(of: id)) else { return false }
            try synchronizeFolder(uploads)
            return true
        }
    }

    package func forgetEnded() async throws -> Duration? {
        try await onQueue {
            let time = now()
            var next: Int64?
            for upload in try uploadFolders() {
                // One that cannot be read was written whole: nobody can end it any more.
                let end = try upload.read()?.end ?? time
                if end > time {
                    next = min(next ?? .max, end.microseconds - time.microseconds)
                } else {
                    _ = try takeAway(upload)
                }
            }
            return next.map { .microseconds($0) }
        }
    }

    /// - Returns: `false` when somebody joins its parts.
    private func takeAway(_ upload: UploadFolder) throws -> Bool {
        let gone = own.newPath
        let isFree = try order.alone {
            guard try !upload.isBeingJoined else { return false }
            _ = try renameIfThere(upload.path, to: gone)
            return true
        }
        removeTree(gone)
        return isFree
    }

    private var uploads: String { "\(folder)/uploads" }

    private func uploadFolders() throws -> [UploadFolder] {
        // What has another name is none of ours.
        try names(in: uploads).filter { Digest($0) != nil }.map { UploadFolder(path: "\(uploads)/\($0)") }
    }

    private func folder(of id: String) -> UploadFolder {
        UploadFolder(path: "\(uploads)/\(Digest(of: id.utf8).hex)")
    }
}

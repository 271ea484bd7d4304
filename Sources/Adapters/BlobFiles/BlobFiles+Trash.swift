// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
internal import Foundation
package import ModelDomain

/// What is cleared away, and comes back.
extension BlobFiles: ContentShelf {
    /// How old the note of a use may be: what clears away looks at days.
    private static let useGrain: Int64 = 60_000_000

    package func contents() async throws -> [KeptContent] {
        try await onQueue {
            try names(in: "\(folder)/blobs").flatMap { try kept(in: "\(folder)/blobs/\($0)") }
        }
    }

    package func trash() async throws -> [KeptContent] { try await onQueue { try kept(in: "\(folder)/trash") } }

    package func discard(_ digest: Digest, unusedSince: Timestamp, at time: Timestamp) async throws -> Bool {
        try await onQueue {
            try order.alone {
                guard let file = try OpenFile(content: blobPath(digest)), try file.time <= unusedSince else {
                    return false
                }
                // Before: whoever ends between would leave it in the trash as if it had been there since its last use.
                try setFileTime(blobPath(digest), time)
                return try renameIfThere(blobPath(digest), to: trashPath(digest))
            }
        }
    }

    package func bringBack(_ digest: Digest) async throws -> Bool {
        try await onQueue {
            try order.alone {
                forgetNames(in: "\(folder)/trash")
                return try plainFileSize(trashPath(digest)) != nil && takeBack(digest)
            }
        }
    }

    package func destroy(_ digest: Digest, discardedBefore time: Timestamp) async throws -> Bool {
        try await onQueue {
            try order.alone {
                guard let file = try OpenFile(content: trashPath(digest)), try file.time < time else { return false }
                removeFile(trashPath(digest))
                return true
            }
        }
    }

    package func removeBundleFolders(except bundles: Set<Digest>, unusedSince: Timestamp) async throws -> Int {
        try await onQueue {
            var count = 0
            for name in try names(in: "\(folder)/bundles") {
                guard let digest = Digest(name), !bundles.contains(digest),
                    try takeAway(bundlePath(digest), if: { try $0.time <= unusedSince })
                else { continue }
                count += 1
            }
            return count
        }
    }

    /// Notes that a content is in use.
    func touch(_ digest: Digest) throws { try touch(blobPath(digest)) }

    func touch(_ path: String) throws {
        let time = now()
        let last = fileTime(path)
        guard last.map({ time.microseconds - $0.microseconds > Self.useGrain || $0 > time }) ?? false else { return }
        try setFileTime(path, time)
    }

    /// Takes a content out of the trash. For whoever is in the order.
    ///
    /// - Returns: Whether it is there now, also where somebody was faster.
    func takeBack(_ digest: Digest) throws -> Bool {
        let shelf = "\(folder)/blobs/\(digest.hex.prefix(2))"
        for folder in ["\(folder)/trash", "\(folder)/blobs", shelf] { forgetNames(in: folder) }
        if plainFileSize(trashPath(digest)) != nil {
            try makeFolder(shelf)
            if try renameIfThere(trashPath(digest), to: blobPath(digest)) {
                try setFileTime(blobPath(digest), now())
                return true
            }
        }
        return try OpenFile(content: blobPath(digest)) != nil
    }

    private func trashPath(_ digest: Digest) -> String { "\(folder)/trash/\(digest.hex)" }

    private func kept(in folder: String) throws -> [KeptContent] {
        try names(in: folder).compactMap { name in
            let path = "\(folder)/\(name)"
            // Something else of ours is not there; what a person put there stays.
            guard let digest = Digest(name), let byteCount = plainFileSize(path), let time = fileTime(path) else {
                return nil
            }
            return KeptContent(digest: digest, byteCount: byteCount, time: time)
        }
    }
}

extension Timestamp {
    package static var ofThisMachine: Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

func names(in folder: String) throws(FileFailure) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
        throw FileFailure(reason: .notWritable, operation: "readdir", path: folder, systemError: 0)
    }
}

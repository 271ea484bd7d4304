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
            try order.keep {
                guard let used = fileTime(blobPath(digest)), used <= unusedSince else { return false }
                try renameFile(blobPath(digest), to: trashPath(digest))
                try setFileTime(trashPath(digest), time)
                return true
            }
        }
    }

    package func bringBack(_ digest: Digest) async throws -> Bool {
        try await onQueue {
            try order.keep {
                guard plainFileSize(trashPath(digest)) != nil else { return false }
                return try takeBack(digest)
            }
        }
    }

    package func destroy(_ digest: Digest, discardedBefore time: Timestamp) async throws -> Bool {
        try await onQueue {
            try order.keep {
                guard let discarded = fileTime(trashPath(digest)), discarded < time else { return false }
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
                    let made = fileTime(bundlePath(digest)), made <= unusedSince
                else { continue }
                removeTree(bundlePath(digest))
                count += 1
            }
            return count
        }
    }

    /// Whether a content is in the store; one that is in the trash comes back for whoever asks.
    func isHere(_ digest: Digest) throws -> Bool {
        if plainFileSize(blobPath(digest)) != nil { return true }
        guard plainFileSize(trashPath(digest)) != nil else { return false }
        return try takeBack(digest)
    }

    /// Notes that a content is in use.
    func touch(_ digest: Digest) throws {
        let time = now()
        let last = fileTime(blobPath(digest))
        guard last.map({ time.microseconds - $0.microseconds > Self.useGrain || $0 > time }) ?? false else { return }
        try setFileTime(blobPath(digest), time)
    }

    private func takeBack(_ digest: Digest) throws -> Bool {
        try makeFolder("\(folder)/blobs/\(digest.hex.prefix(2))")
        do {
            try renameFile(trashPath(digest), to: blobPath(digest))
        } catch {
            // Somebody was faster.
            guard plainFileSize(blobPath(digest)) != nil else { throw error }
        }
        try setFileTime(blobPath(digest), now())
        return true
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

private func names(in folder: String) throws(FileFailure) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
        throw FileFailure(reason: .notWritable, operation: "readdir", path: folder, systemError: 0)
    }
}

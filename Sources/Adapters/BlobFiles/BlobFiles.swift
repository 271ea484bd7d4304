// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation
package import ModelDomain
package import ModelExecution
internal import Synchronization

/// Contents by their digest, as files in one folder:
///
/// ```
/// blobs/ab/ab34…   a content, named by its SHA-256
/// bundles/cd56…/   a bundle's files under their own names, linked to the contents
/// damaged/ab34…    a content that was found changed
/// trash/ab34…      a content that nothing needed, until it is deleted for good or brought back
/// unfinished/      what is being written; emptied at every start
/// ```
///
/// Names come from digests, never from a caller. What has its name is whole and on disk. One process at a time.
package struct BlobFiles: BlobStore {
    let folder: String
    let now: @Sendable () -> Timestamp
    /// Held while it is decided whether a content stays, for a moment each.
    let order = Order()
    /// Files block, and the threads of the tasks must not.
    private let queue = DispatchQueue(label: "blob-files", attributes: .concurrent)

    final class Order: Sendable {
        private let mutex = Mutex<Void>(())

        func keep<Result: Sendable>(_ body: () throws -> Result) throws -> Result {
            try mutex.withLock { _ in try body() }
        }
    }

    /// Makes the folder where there is none, and sweeps what an interrupted process left behind.
    ///
    /// - Parameters:
    ///   - folder: Its parent must be there.
    ///   - now: The time that contents are used at.
    /// - Throws: `SYS-001` or `SYS-002`.
    package init(folder: String, now: @escaping @Sendable () -> Timestamp = { .ofThisMachine }) throws {
        self.folder = folder
        self.now = now
        removeTree("\(folder)/unfinished")
        // Nobody else enters it. What is inside is readable, because workers run as users of their own: they are shown one
        // bundle and nothing of what is above.
        try makeFolder(folder, mode: 0o700)
        for part in ["blobs", "bundles", "damaged", "trash", "unfinished"] { try makeFolder("\(folder)/\(part)") }
        try synchronizeFolder(folder)
        // Where it is the first thing in the data folder, its own name is new as well.
        try synchronizeFolder((folder as NSString).deletingLastPathComponent)
    }

    package func put(_ digest: Digest, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable) async throws {
        _ = try await write(chunks) { found in
            guard found == digest else { throw differs(from: digest, found: found) }
        }
    }

    package func keep(
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> (digest: Digest, byteCount: Int) {
        try await write(chunks) { _ in }
    }

    /// - Parameter check: Throws when the content is not to be kept.
    private func write(
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable, check: (Digest) throws -> Void
    ) async throws -> (digest: Digest, byteCount: Int) {
        let (file, digest, byteCount) = try await receive(chunks)
        do {
            try check(digest)
            try await onQueue { try keep(file, as: digest) }
            return (digest, byteCount)
        } catch {
            removeFile(file.path)
            throw error
        }
    }

    package func stage(_ chunks: some AsyncSequence<[UInt8], any Error> & Sendable) async throws -> any StagedPart {
        let (file, digest, byteCount) = try await receive(chunks)
        return StagedFile(path: file.path, digest: digest, byteCount: byteCount, store: self)
    }

    /// Writes what comes into an unfinished file, of which nothing is left when it breaks off.
    private func receive(
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> (file: OpenFile, digest: Digest, byteCount: Int) {
        let file = try await onQueue { try OpenFile(creating: newUnfinishedPath()) }
        do {
            var hasher = DigestHasher()
            var byteCount = 0
            for try await chunk in chunks {
                hasher.update(chunk)
                byteCount += chunk.count
                try await onQueue { try file.write(chunk) }
            }
            return (file, hasher.finish(), byteCount)
        } catch {
            removeFile(file.path)
            throw error
        }
    }

    package func contains(_ digest: Digest) async throws -> Bool {
        try await onQueue {
            try order.keep {
                // Who asks is about to name it, and must find it then.
                guard try isHere(digest) else { return false }
                try touch(digest)
                return true
            }
        }
    }

    package func byteCount(of digest: Digest) async throws -> Int? {
        try await onQueue { try isHere(digest) ? plainFileSize(blobPath(digest)) : nil }
    }

    package func read(_ digest: Digest, limit: Int) async throws -> [UInt8] {
        try await onQueue {
            guard try isHere(digest), let file = try OpenFile(reading: blobPath(digest)) else {
                throw missing(digest, name: nil)
            }
            guard try file.byteCount <= limit else {
                throw Refusal(
                    .limitExceeded, .tooLarge, "The content \(digest.short) is larger than \(limit) bytes.")
            }
            var bytes: [UInt8] = []
            while true {
                let chunk = try file.read(upTo: chunkSize)
                if chunk.isEmpty { break }
                bytes += chunk
            }
            guard Digest(of: bytes) == digest else {
                setAside(digest)
                throw damaged(digest, name: nil)
            }
            return bytes
        }
    }

    package func pieces(of digest: Digest) async throws -> @Sendable () async throws -> [UInt8]? {
        // It may lie in the trash.
        guard try await onQueue({ try isHere(digest) }) else { throw missing(digest, name: nil) }
        return try await pieces(at: blobPath(digest), digest)
    }

    func pieces(at path: String, _ digest: Digest) async throws -> @Sendable () async throws -> [UInt8]? {
        let file = try await onQueue {
            guard let file = try OpenFile(reading: path) else { throw missing(digest, name: nil) }
            return file
        }
        return {
            let chunk = try await onQueue { try file.read(upTo: chunkSize) }
            return chunk.isEmpty ? nil : chunk
        }
    }

    /// Gives a finished file its name, unless the same content is there and sound: links to that one stay.
    private func keep(_ file: OpenFile, as digest: Digest) throws {
        try file.synchronize()
        let path = blobPath(digest)
        let isThere = try isSound(path, digest)
        try order.keep {
            // It may have gone to the trash since it was looked at.
            if isThere && plainFileSize(path) != nil {
                removeFile(file.path)
            } else {
                try makeFolder("\(folder)/blobs/\(digest.hex.prefix(2))")
                try renameFile(file.path, to: path)
            }
            try touch(digest)
        }
        try synchronizeFolder("\(folder)/blobs/\(digest.hex.prefix(2))")
        try synchronizeFolder("\(folder)/blobs")
    }

    func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }

    func blobPath(_ digest: Digest) -> String { "\(folder)/blobs/\(digest.hex.prefix(2))/\(digest.hex)" }

    func newUnfinishedPath() -> String { "\(folder)/unfinished/\(UUID().uuidString)" }

    /// Takes a changed content out of the way, so that the same one can be sent again.
    func setAside(_ digest: Digest) {
        try? renameFile(blobPath(digest), to: "\(folder)/damaged/\(digest.hex)")
    }
}

/// Whether there is a file at `path` with just this content.
func isSound(_ path: String, _ digest: Digest) throws -> Bool {
    guard let file = try OpenFile(reading: path) else { return false }
    var hasher = DigestHasher()
    while true {
        let bytes = try file.read(upTo: chunkSize)
        if bytes.isEmpty { return hasher.finish() == digest }
        hasher.update(bytes)
    }
}

/// Removes a folder and all in it, as far as it can: what stays shows when the place is used.
func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

func missing(_ digest: Digest, name: String?) -> Refusal {
    Refusal(
        .contentMissing, .notFound, "The content \(digest.short)\(name.map { " (“\($0)”)" } ?? "") is not here.",
        hint: "Deploy the model again: that sends what is missing.", details: details(digest, name))
}

func damaged(_ digest: Digest, name: String?) -> Refusal {
    Refusal(
        .bundleDamaged, .conflict,
        "The content \(digest.short)\(name.map { " (“\($0)”)" } ?? "") has changed on disk, and is not used.",
        hint: "Check the disk, then deploy the model again: that sends the content anew.",
        details: details(digest, name))
}

private func differs(from digest: Digest, found: Digest) -> Refusal {
    Refusal(
        .contentDiffers, .invalidInput, "The content that came is not the one that was announced.",
        hint: "Send it again.",
        details: [.init("announced", digest.description), .init("received", found.description)])
}

private func details(_ digest: Digest, _ name: String?) -> [Explanation.Detail] {
    [.init("digest", digest.description)] + (name.map { [.init("file", $0)] } ?? [])
}

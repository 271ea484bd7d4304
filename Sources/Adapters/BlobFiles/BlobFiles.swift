// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation
package import ModelDomain
internal import ModelExecution
internal import Synchronization

/// Contents by their digest, as files in one folder:
///
/// ```
/// blobs/ab/ab34…   a content, named by its SHA-256
/// bundles/cd56…/   a bundle's files under their own names, linked to the contents
/// damaged/ab34…    a content that was found changed
/// held/12ef…       what somebody works with who has no row for it yet
/// lock             held while it is decided what stays and what goes
/// platform         whose contents these are
/// trash/ab34…      a content that nothing needed, until it is deleted for good or brought back
/// uploads/9a…/     a content that comes in parts
/// unfinished/7E…/  what one process is writing; swept by the next that starts after it has ended
/// ```
///
/// Names come from digests, never from a caller. What has its name is whole and on disk. Several processes may use one folder at
/// the same time, on several machines if the file system locks files for all of them.
package struct BlobFiles: BlobStore {
    let folder: String
    let now: @Sendable () -> Timestamp
    /// Whoever brings contents, or asks for them, is here together; whoever takes something away is alone, for a moment each.
    let order: FolderOrder
    let own: OwnFolder
    /// Files block, and the threads of the tasks must not.
    private let queue = DispatchQueue(label: "blob-files", attributes: .concurrent)

    /// Makes the folder where there is none, and sweeps what processes left behind that have ended.
    ///
    /// - Parameters:
    ///   - folder: Its parent must be there.
    ///   - isShared: Whether other machines may use it too. One whose locks are known to hold on this machine alone is refused
    ///     then.
    ///   - now: The time that contents are used at.
    /// - Throws: `SYS-001` or `SYS-002`.
    package init(
        folder: String, isShared: Bool = false, now: @escaping @Sendable () -> Timestamp = { .ofThisMachine }
    ) throws {
        self.folder = folder
        self.now = now
        // Nobody else enters it. What is inside is readable, because workers run as users of their own: they are shown one
        // bundle and nothing of what is above.
        try makeFolder(folder, mode: 0o700)
        if isShared { try refuseLocalLocks(in: folder) }
        for part in ["blobs", "bundles", "damaged", "held", "trash", "unfinished", "uploads"] {
            try makeFolder("\(folder)/\(part)")
        }
        order = try FolderOrder("\(folder)/lock")
        own = try OwnFolder(in: "\(folder)/unfinished", order)
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

    /// Writes what comes into an unfinished file, of which nothing is left when it breaks off.
    func receive(
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> (file: OpenFile, digest: Digest, byteCount: Int) {
        let file = try await onQueue { try OpenFile(creating: own.newPath) }
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
            try order.together {
                // Who asks is about to name it, and must find it then.
                guard try OpenFile(content: blobPath(digest)) != nil || takeBack(digest) else { return false }
                try touch(digest)
                return true
            }
        }
    }

    package func byteCount(of digest: Digest) async throws -> Int? { try await onQueue { try open(digest)?.byteCount } }

    package func read(_ digest: Digest, limit: Int) async throws -> [UInt8] {
        try await onQueue {
            guard let file = try open(digest) else { throw missing(digest, name: nil) }
            guard try file.byteCount <= limit else {
                throw Refusal(
                    .limitExceeded, .tooLarge, "The content \(digest.short) is larger than \(limit) bytes.")
            }
            let bytes = try file.rest()
            guard Digest(of: bytes) == digest else {
                setAside(digest, file)
                throw damaged(digest, name: nil)
            }
            return bytes
        }
    }

    package func pieces(of digest: Digest) async throws -> @Sendable () async throws -> [UInt8]? {
        pieces(
            of: try await onQueue {
                guard let file = try open(digest) else { throw missing(digest, name: nil) }
                return file
            })
    }

    func pieces(of file: OpenFile) -> @Sendable () async throws -> [UInt8]? {
        {
            let chunk = try await onQueue { try file.read(upTo: chunkSize) }
            return chunk.isEmpty ? nil : chunk
        }
    }

    /// Gives a finished file its name, unless the same content is there and sound: links to that one stay.
    private func keep(_ file: OpenFile, as digest: Digest) throws {
        try file.synchronize()
        let path = blobPath(digest)
        let isThere = try OpenFile(content: path)?.has(digest) ?? false
        try order.together {
            // It may have gone to the trash since it was looked at.
            if try isThere && OpenFile(content: path) != nil {
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

    /// Opens a content; one that is in the trash comes back for whoever asks.
    func open(_ digest: Digest) throws -> OpenFile? {
        if let file = try OpenFile(content: blobPath(digest)) { return file }
        guard try order.together({ try takeBack(digest) }) else { return nil }
        return try OpenFile(content: blobPath(digest))
    }

    /// Writes a small file instead of one of that name, whole or not at all; on disk when this returns.
    func replaceFile(_ path: String, with bytes: [UInt8]) throws {
        let file = try OpenFile(creating: own.newPath)
        // It has another name by then, unless something failed.
        defer { removeFile(file.path) }
        try file.write(bytes)
        try file.synchronize()
        try order.together { try renameFile(file.path, to: path) }
        try synchronizeFolder((path as NSString).deletingLastPathComponent)
    }

    func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }

    func blobPath(_ digest: Digest) -> String { "\(folder)/blobs/\(digest.hex.prefix(2))/\(digest.hex)" }

    /// Takes a changed content out of the way, so that the same one can be sent again.
    ///
    /// - Parameter file: Where the change was found. Another that has got its name since then stays.
    func setAside(_ digest: Digest, _ file: OpenFile) {
        try? order.alone {
            forgetNames(in: "\(folder)/blobs/\(digest.hex.prefix(2))")
            guard try OpenFile(content: blobPath(digest))?.isSame(as: file) ?? false else { return }
            try renameFile(blobPath(digest), to: "\(folder)/damaged/\(digest.hex)")
        }
    }
}

extension OpenFile {
    /// - Returns: `nil` when there is no plain file of that name.
    convenience init?(content path: String) throws {
        try self.init(reading: path)
        guard try isRegular else { return nil }
    }

    /// What there is from the present position on.
    func rest() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try read(upTo: chunkSize)
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    /// Whether it has just this content. Reads on to the end.
    func has(_ digest: Digest) throws -> Bool {
        var hasher = DigestHasher()
        while true {
            let bytes = try read(upTo: chunkSize)
            if bytes.isEmpty { return hasher.finish() == digest }
            hasher.update(bytes)
        }
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

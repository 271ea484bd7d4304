// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Synchronization

/// The files of one upload in parts.
struct UploadFolder: Sendable {
    let path: String

    private static let heading = "slipway.upload/1"
    private static let digestByteCount = 32
    private static let prefix = "part-"

    /// Locked by whoever joins the parts.
    var lock: String { "\(path)/joining" }
    private var begun: String { "\(path)/begun" }
    private var completed: String { "\(path)/completed" }
    func part(_ number: Int) -> String { "\(path)/\(Self.prefix)\(number)" }

    func write(_ end: Timestamp, _ document: [UInt8]) throws {
        let file = try OpenFile(creating: begun)
        try file.write(Array("\(Self.heading)\n\(end.microseconds)\n".utf8) + document)
        try file.synchronize()
    }

    /// - Returns: `nil` when there is no such upload, or its file is damaged.
    func read() throws -> (end: Timestamp, document: [UInt8])? {
        guard let bytes = try OpenFile(reading: begun)?.rest() else { return nil }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0].elementsEqual(Self.heading.utf8),
            let end = Int64(String(decoding: lines[1], as: UTF8.self))
        else { return nil }
        return (Timestamp(microseconds: end), Array(lines[2]))
    }

    var isCompleted: Bool {
        forgetNames(in: path)
        return plainFileSize(completed) != nil
    }

    /// For whoever is in the order: alone, or together with others who ask.
    var isBeingJoined: Bool {
        get throws {
            guard let file = try OpenFile(lockingExisting: lock) else { return false }
            guard try file.lockIfFree(.shared) else { return true }
            try file.unlock()
            return false
        }
    }

    var isOpen: Bool { get throws { try plainFileSize(begun) != nil && !isCompleted && !isBeingJoined } }

    func markCompleted() throws {
        _ = try OpenFile(locking: completed)
        try synchronizeFolder(path)
        for number in try byteCounts().keys { removeFile(part(number)) }
    }

    /// Of the parts that are there, by their numbers.
    func byteCounts() throws -> [Int: Int] {
        var found: [Int: Int] = [:]
        for name in try listed() where name.hasPrefix(Self.prefix) {
            guard let number = Int(name.dropFirst(Self.prefix.count)), let byteCount = plainFileSize("\(path)/\(name)")
            else { continue }
            found[number] = byteCount - Self.digestByteCount
        }
        return found
    }

    private func listed() throws -> [String] {
        do {
            return try names(in: path)
        } catch {
            // It may have been given up meanwhile.
            guard try OpenFile(folder: path) == nil else { throw error }
            return []
        }
    }

    /// - Returns: `nil` when there is no such part, or it is damaged.
    func open(_ number: Int) throws -> (file: OpenFile, part: ShelvedPart)? {
        guard let file = try OpenFile(content: part(number)) else { return nil }
        let byteCount = try file.byteCount - Self.digestByteCount
        guard byteCount >= 0,
            let digest = Digest(lowercaseHex(try file.read(Self.digestByteCount, at: byteCount)))
        else { return nil }
        return (file, ShelvedPart(digest: digest, byteCount: byteCount))
    }
}

/// An upload whose lock this process holds, until this is let go of.
final class ClaimedUpload: PartClaim {
    private let upload: UploadFolder
    private let lock: OpenFile
    private let store: BlobFiles

    init(_ upload: UploadFolder, _ lock: OpenFile, store: BlobFiles) {
        self.upload = upload
        self.lock = lock
        self.store = store
    }

    func parts() async throws -> [Int: ShelvedPart] {
        try await store.onQueue { [upload] in
            var parts: [Int: ShelvedPart] = [:]
            for number in try upload.byteCounts().keys { parts[number] = try upload.open(number)?.part }
            return parts
        }
    }

    func pieces(of number: Int) async throws -> @Sendable () async throws -> [UInt8]? {
        let opened = try await store.onQueue { [upload] in try upload.open(number) }
        guard let (file, part) = opened else {
            throw Refusal(
                .contentMissing, .notFound, "The part \(number) of the upload is not here.", hint: "Send it again.")
        }
        let next = store.pieces(of: file)
        let left = Mutex(part.byteCount)
        return {
            guard let piece = try await next() else { return nil }
            // Its digest comes behind it.
            let count = left.withLock { left in
                defer { left -= min(left, piece.count) }
                return min(left, piece.count)
            }
            return count == 0 ? nil : count == piece.count ? piece : Array(piece.prefix(count))
        }
    }

    func complete() async throws { try await store.onQueue { [upload] in try upload.markCompleted() } }
}

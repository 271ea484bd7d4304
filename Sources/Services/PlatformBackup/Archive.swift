// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Files under names, as a folder or as one file. What is read is not trusted: whoever reads compares digests.
package protocol ArchiveSource: Sendable {
    /// Names with the bytes that each has.
    var entries: [String: Int] { get }
    /// The bytes of one file, piece by piece; `nil` at its end.
    ///
    /// - Throws: `BAK-001` when there is no such file.
    func pieces(of name: String) throws -> @Sendable () throws -> [UInt8]?
}

/// Where such files are written to.
package protocol ArchiveTarget: AnyObject {
    /// Whether there is a file of this name and size already, whose content its name stands for.
    func has(_ name: String, byteCount: Int) -> Bool
    /// Writes one file: `pieces` calls what it is given with all of its bytes.
    ///
    /// - Throws: `BAK-001` when they are not those that were announced; then nothing has the name.
    func add(
        _ name: String, _ digest: Digest, byteCount: Int,
        _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws
    /// Everything is on disk under its name when this returns.
    ///
    /// - Parameter index: The file that says what the others are, written last where there are others of before.
    func finish(index: String, _ bytes: [UInt8]) async throws
}

extension ArchiveSource {
    /// A small file as a whole.
    ///
    /// - Throws: `BAK-001` when it is not there, or larger than `limit`.
    package func read(_ name: String, limit: Int) throws -> [UInt8] {
        guard let byteCount = entries[name] else { throw backupDamaged("“\(name)” is missing") }
        guard byteCount <= limit else { throw backupDamaged("“\(name)” is larger than it can be") }
        var bytes: [UInt8] = []
        let next = try pieces(of: name)
        while let piece = try next() { bytes += piece }
        guard bytes.count == byteCount else { throw backupDamaged("“\(name)” ends too early") }
        return bytes
    }
}

extension ArchiveTarget {
    /// Writes what is in memory.
    package func add(_ name: String, _ bytes: [UInt8]) async throws {
        try await add(name, Digest(of: bytes), byteCount: bytes.count) { try $0(bytes) }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Archives
internal import ModelDomain
internal import PlatformBackup

/// The files of a tar archive, found by one look at its headers.
///
/// Only plain files and folders are taken: no links, no devices, no names that lead out, none twice. Nothing is unpacked.
package struct TarSource: ArchiveSource {
    package let entries: [String: Int]
    private let file: SystemFile
    private let offsets: [String: Int]

    /// More than a backup ever has.
    private static let mostEntries = 20_000_000

    /// - Throws: `PRJ-006` when there is no such file, `BAK-001` for what is no such archive, or is cut off.
    package init(_ path: String) throws {
        file = try SystemFile(reading: path)
        var entries: [String: Int] = [:]
        var offsets: [String: Int] = [:]
        do {
            let end = try file.byteCount
            var position = 0
            while let header = try TarHeader(block: try file.read(at: position, upTo: TarHeader.blockSize)) {
                position += TarHeader.blockSize
                guard header.paddedByteCount <= end - position else {
                    throw TarFault(reason: "“\(header.path.prefix(100))” is cut off")
                }
                switch header.kind {
                case .file:
                    let name = try checkedArchiveName(header.path)
                    guard entries[name] == nil else { throw TarFault(reason: "“\(name)” is in it twice") }
                    guard entries.count < Self.mostEntries else { throw TarFault(reason: "it has too many files") }
                    entries[name] = header.byteCount
                    offsets[name] = position
                case .folder: if header.path != "./" { _ = try checkedArchiveName(header.path) }
                case .facts:
                    let facts = try file.read(at: position, upTo: min(header.byteCount, 1 << 20))
                    let text = String(decoding: facts, as: UTF8.self)
                    guard header.byteCount <= 1 << 20, !text.contains(" path="), !text.contains(" size=") else {
                        throw TarFault(reason: "it has names or sizes that no backup has")
                    }
                case .other:
                    throw TarFault(reason: "“\(header.path.prefix(100))” is no plain file")
                }
                position += header.paddedByteCount
            }
        } catch let fault as TarFault {
            throw backupDamaged("“\(path)” is no whole archive: \(fault.reason)")
        }
        self.entries = entries
        self.offsets = offsets
    }

    package func pieces(of name: String) throws -> @Sendable () throws -> [UInt8]? {
        guard let start = offsets[name], let byteCount = entries[name] else {
            throw backupDamaged("“\(name)” is missing")
        }
        return readAhead(file, from: start, byteCount: byteCount)
    }
}

/// A name as we write them: parts of letters, digits and a few signs, not leading anywhere else.
func checkedArchiveName(_ text: String) throws(TarFault) -> String {
    var name = Substring(text)
    if name.hasPrefix("./") { name = name.dropFirst(2) }
    if name.hasSuffix("/") { name = name.dropLast() }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/")].contains(byte)
    }
    guard isPlain, name.utf8.count <= 200, !parts.isEmpty,
        parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
    else { throw TarFault(reason: "“\(text.prefix(100))” is no name that a backup has") }
    return String(name)
}

/// The bytes of a stretch of a file; less where the file has become shorter.
func readAhead(_ file: SystemFile, from start: Int, byteCount: Int) -> @Sendable () throws -> [UInt8]? {
    let position = Position(start)
    let end = start + byteCount
    return {
        let offset = position.value
        let bytes = offset < end ? try file.read(at: offset, upTo: min(pieceSize, end - offset)) : []
        position.value = offset + bytes.count
        return bytes.isEmpty ? nil : bytes
    }
}

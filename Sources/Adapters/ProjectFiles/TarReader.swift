// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelReproduction

/// Unpacks a tar archive that nobody vouches for into a folder that is new and empty: files, folders and links by name, each
/// of them inside, and nothing through a link.
///
/// - Throws: `RPR-003` naming what is not as it should be; what was unpacked so far stays.
package func unpackArchive(_ path: String, into folder: String) throws {
    let archive = try TarReader(path)
    var place = UnpackedFolder(folder)
    while let entry = try archive.next() {
        switch entry.type {
        case .file(let isExecutable):
            try place.addFile(entry.path, isExecutable: isExecutable, byteCount: entry.byteCount) {
                try archive.read(upTo: $0)
            }
        case .folder: try place.addFolder(entry.path)
        case .link(let target): try place.addLink(entry.path, to: target)
        }
        try archive.skipPadding(of: entry)
    }
}

func damagedArchive(_ reason: String) -> Refusal { FieldReader.Subject.run.damaged("its archive holds \(reason)") }

private final class TarReader {
    enum Kind {
        case file(isExecutable: Bool)
        case folder
        case link(target: String)
    }

    struct Entry {
        let path: String
        let type: Kind
        let byteCount: Int
    }

    private let file: FileHandle

    init(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Refusal(.fileMissing, .notFound, "There is no file “\(path)”.")
        }
        self.file = file
    }

    deinit { try? file.close() }

    func next() throws -> Entry? {
        var longPath: String?
        var longTarget: String?
        while true {
            guard let block = try block() else { return nil }
            guard let size = number(block[124..<136]), size <= CodeSnapshot.archiveByteLimit else {
                throw damagedArchive("a file of a size that cannot be")
            }
            let type = block[156]
            switch UnicodeScalar(type) {
            case "x", "L", "K":
                guard size <= 1 << 16 else { throw damagedArchive("a name that is too long") }
                let bytes = try read(upTo: size) ?? []
                guard bytes.count == size else { throw damagedArchive("less than it says") }
                try skip((512 - size % 512) % 512)
                if UnicodeScalar(type) == "x" {
                    let records = try records(bytes)
                    longPath = records["path"] ?? longPath
                    longTarget = records["linkpath"] ?? longTarget
                } else if UnicodeScalar(type) == "L" {
                    longPath = try text(bytes[...])
                } else {
                    longTarget = try text(bytes[...])
                }
            case "g":
                // Of the whole archive, as `git archive` writes the commit.
                try skip(size + (512 - size % 512) % 512)
            case "0", "\0":
                let mode = number(block[100..<108]) ?? 0
                return Entry(
                    path: try longPath ?? name(in: block), type: .file(isExecutable: mode & 0o100 != 0), byteCount: size
                )
            case "5":
                let path = try longPath ?? name(in: block)
                return Entry(path: String(path.reversed().drop { $0 == "/" }.reversed()), type: .folder, byteCount: 0)
            case "2":
                let target = try longTarget ?? text(block[157..<257])
                return Entry(path: try longPath ?? name(in: block), type: .link(target: target), byteCount: 0)
            default: throw damagedArchive("something that is no file, folder or link by name")
            }
        }
    }

    func read(upTo count: Int) throws -> [UInt8]? {
        guard count > 0 else { return [] }
        return try file.read(upToCount: count).map { [UInt8]($0) }
    }

    func skipPadding(of entry: Entry) throws { try skip((512 - entry.byteCount % 512) % 512) }

    private func skip(_ count: Int) throws {
        guard count > 0 else { return }
        try file.seek(toOffset: try file.offset() + UInt64(count))
    }

    /// - Returns: `nil` at the end.
    private func block() throws -> [UInt8]? {
        guard let bytes = try file.read(upToCount: 512), bytes.contains(where: { $0 != 0 }) else { return nil }
        let block = [UInt8](bytes)
        guard block.count == 512, let sum = number(block[148..<156]) else { throw damagedArchive("half a header") }
        let found = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard sum == found else { throw damagedArchive("a header whose sum is wrong") }
        return block
    }

    private func name(in block: [UInt8]) throws -> String {
        let name = try text(block[0..<100])
        let prefix = block[257..<262].elementsEqual("ustar".utf8) ? try text(block[345..<500]) : ""
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
        guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
            throw damagedArchive("a name that is no UTF-8")
        }
        return text
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        let digits = bytes.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        guard digits.count <= 12 else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    private func records(_ bytes: [UInt8]) throws -> [String: String] {
        var found: [String: String] = [:]
        var rest = bytes[...]
        while let space = rest.firstIndex(of: 0x20) {
            guard let count = Int(String(decoding: rest[..<space], as: UTF8.self)), count > space - rest.startIndex + 1,
                count <= rest.count
            else { break }
            let record = rest[(space + 1)..<(rest.startIndex + count - 1)]
            rest = rest.dropFirst(count)
            guard let equals = record.firstIndex(of: 0x3D) else { continue }
            found[try text(record[..<equals])] = try text(record[(equals + 1)...])
        }
        return found
    }
}

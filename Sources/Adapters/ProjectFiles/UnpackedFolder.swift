// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
internal import ModelReproduction

/// A new folder that files of a stranger are written into.
struct UnpackedFolder {
    private let root: String
    private var fileCount = 0
    private var byteCount = 0

    init(_ root: String) { self.root = root }

    mutating func addFile(
        _ path: String, isExecutable: Bool, byteCount: Int, _ read: (Int) throws -> [UInt8]?
    ) throws {
        self.byteCount += byteCount
        guard self.byteCount <= CodeSnapshot.archiveByteLimit else {
            throw damagedArchive("more than \(CodeSnapshot.archiveByteLimit >> 20) MiB")
        }
        let place = try newPlace(path)
        let descriptor = unsafe open(
            place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isExecutable ? 0o755 : 0o644)
        guard descriptor >= 0 else { throw failure(path, errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var rest = byteCount
        while rest > 0 {
            guard let piece = try read(min(rest, 1 << 20)), !piece.isEmpty else {
                throw damagedArchive("less of “\(path)” than it says")
            }
            try file.write(contentsOf: piece)
            rest -= piece.count
        }
    }

    mutating func addFolder(_ path: String) throws {
        guard !path.isEmpty, path != "." else { return }
        let place = try newPlace(path)
        guard unsafe mkdir(place, 0o755) == 0 || (errno == EEXIST && isFolder(place)) else {
            throw failure(path, errno)
        }
    }

    mutating func addLink(_ path: String, to target: String) throws {
        guard linkStaysInside(path, target) else {
            throw damagedArchive("“\(path.prefix(200))”, a link that leads out of it")
        }
        let place = try newPlace(path)
        guard unsafe symlink(target, place) == 0 else { throw failure(path, errno) }
    }

    /// Where a file is to be: below folders that are folders and no links.
    private mutating func newPlace(_ path: String) throws -> String {
        fileCount += 1
        guard fileCount <= CodeSnapshot.archiveFileLimit else {
            throw damagedArchive("more than \(CodeSnapshot.archiveFileLimit) files")
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard isInside(path), !parts.contains(where: { $0.lowercased() == ".git" }) else {
            throw damagedArchive("“\(path.prefix(200))”, which leads out of it or into a repository")
        }
        var folder = root
        for part in parts.dropLast() {
            folder += "/\(part)"
            guard unsafe mkdir(folder, 0o755) == 0 || (errno == EEXIST && isFolder(folder)) else {
                throw failure(path, errno)
            }
        }
        return "\(root)/\(path)"
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func failure(_ path: String, _ code: Int32) -> Refusal {
        switch code {
        case EEXIST, ENOTDIR, ELOOP: damagedArchive("“\(path.prefix(200))” twice, or below what is no folder")
        default: writingFailed(path, code)
        }
    }
}

/// Whether a link stays below its top, other links aside.
func linkStaysInside(_ path: String, _ target: String) -> Bool {
    guard !target.isEmpty, !target.hasPrefix("/"), target.utf8.count <= 4096, !target.utf8.contains(0) else {
        return false
    }
    var depth = path.split(separator: "/").count - 1
    for part in target.split(separator: "/") where part != "." {
        depth += part == ".." ? -1 : 1
        guard depth >= 0 else { return false }
    }
    return true
}

/// Follows a link step by step, through whatever links are there, and also where it ends at nothing.
private func leadsInside(_ target: String, from folder: String, _ top: String) -> Bool {
    guard !target.isEmpty, !target.hasPrefix("/") else { return false }
    var place = folder
    for part in target.split(separator: "/") where part != "." {
        if part == ".." {
            place = place.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        } else {
            let next = "\(place)/\(part)"
            place = resolvedPath(next) ?? next
        }
        guard place == top || place.hasPrefix(top + "/") else { return false }
    }
    return true
}

/// Links may lead on through other links: none of them leads out.
///
/// - Throws: `RPR-003` naming the first that does.
func requireLinksInside(_ root: String) throws {
    guard let top = resolvedPath(root) else { return }
    var waiting = [top]
    while let folder = waiting.popLast() {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: waiting.append(path)
            case S_IFLNK:
                let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""
                guard leadsInside(target, from: folder, top) else {
                    let inside = String(path.dropFirst(top.utf8.count + 1))
                    throw FieldReader.Subject.run.damaged("“\(inside)” in its code is a link that leads out of it")
                }
            default: break
            }
        }
    }
}

/// Files of a name that were written since some moment, by their paths below a folder, sorted.
package func filesWritten(named name: String, below folder: String, since moment: Timestamp) -> [String] {
    let list = FileManager.default.enumerator(atPath: folder)
    var found: [String] = []
    while let path = list?.nextObject() as? String {
        guard path.split(separator: "/").last.map(String.init) == name else { continue }
        var status = stat()
        guard unsafe lstat("\(folder)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        let changed = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        if changed >= moment.microseconds { found.append(path) }
    }
    return found.sorted()
}

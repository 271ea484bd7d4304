// SPDX-License-Identifier: Apache-2.0
internal import Archives
internal import Foundation
internal import ModelDomain
package import PlatformBackup

/// The files of a folder. No link is followed.
package struct FolderSource: ArchiveSource {
    package let entries: [String: Int]
    private let folder: String

    package init(_ folder: String) throws {
        self.folder = folder
        var entries: [String: Int] = [:]
        func look(_ prefix: String, depth: Int) throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)")
            for name in names {
                let path = prefix + name
                switch kind(of: "\(folder)/\(path)") {
                case .file(let byteCount): entries[path] = byteCount
                case .folder where depth < 3: try look(path + "/", depth: depth + 1)
                // What is not ours is not read.
                default: continue
                }
            }
        }
        guard case .folder = kind(of: folder) else { throw fileRefusal(folder, ENOENT) }
        do {
            try look("", depth: 0)
        } catch is CocoaError {
            throw fileRefusal(folder, EACCES)
        }
        self.entries = entries
    }

    package func pieces(of name: String) throws -> @Sendable () throws -> [UInt8]? {
        guard let byteCount = entries[name] else { throw backupDamaged("“\(name)” is missing") }
        let file = try SystemFile(reading: "\(folder)/\(name)")
        return readAhead(file, from: 0, byteCount: byteCount)
    }
}

/// A backup, as a folder or as one file.
///
/// - Throws: `PRJ-006` when there is nothing of this name, `BAK-001`.
package func archiveSource(_ path: String) throws -> any ArchiveSource {
    if case .folder = kind(of: path) { return try FolderSource(path) }
    return try TarSource(path)
}

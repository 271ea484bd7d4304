// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelReproduction

extension CodeSnapshot {
    /// The code of a folder: its commit and what differs from that; without history, its files.
    ///
    /// - Parameters:
    ///   - paths: Files below the folder that are data, and no code.
    ///   - scratch: A folder for what is made, which stays as long as it is read.
    /// - Throws: `RPR-007` with the reason.
    package init(of folder: String, leavingOut paths: [String], in scratch: String) throws {
        let archive = "\(scratch)/code.tar"
        do {
            guard let repository = try GitRepository(at: folder) else {
                let notes = try archiveFiles(of: folder, leavingOut: Set(paths), to: archive)
                self.init(git: nil, folder: ".", archive: archive, patch: nil, notes: notes)
                return
            }
            let tree = try repository.tree()
            let notes = try repository.archive(tree, to: archive, in: scratch)
            let patch = "\(scratch)/code.patch"
            let isDirty = try repository.patch(
                to: patch, leavingOut: paths.map { repository.prefix + $0 }, in: scratch)
            self.init(
                git: RunRecord.Commit(commit: repository.commit, isDirty: isDirty, remote: repository.remote),
                folder: repository.prefix.isEmpty ? "." : String(repository.prefix.dropLast()), archive: archive,
                patch: isDirty ? patch : nil, notes: notes)
        } catch let failure as GitProgram.Failure {
            throw notRecordable("git says “\(failure.message)”")
        }
    }
}

extension RunRecord.Commit {
    /// Where the code of a folder stands; `nil` without history, or where git does not say.
    package init?(of folder: String) {
        guard let repository = try? GitRepository(at: folder), let isDirty = try? repository.isDirty() else {
            return nil
        }
        self.init(commit: repository.commit, isDirty: isDirty, remote: repository.remote)
    }
}

/// Writes the files of a folder without history: no hidden ones, no environments of Python, no links.
///
/// - Returns: What is not in it.
private func archiveFiles(of folder: String, leavingOut paths: Set<String>, to archive: String) throws -> [String] {
    let files = try ConfinedFolder(at: folder)
    guard let top = resolvedPath(folder) else { return [] }
    var found: [(path: String, byteCount: Int, isExecutable: Bool)] = []
    var notes: [String] = []
    var total = 0
    var waiting = [""]
    while let inner = waiting.popLast() {
        for name in try FileManager.default.contentsOfDirectory(atPath: top + "/" + inner) where !name.hasPrefix(".") {
            let path = inner.isEmpty ? name : "\(inner)/\(name)"
            var status = stat()
            guard !paths.contains(path), unsafe lstat("\(top)/\(path)", &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                let isEnvironment = FileManager.default.fileExists(atPath: "\(top)/\(path)/pyvenv.cfg")
                if !isEnvironment, name != "__pycache__", name != "node_modules" { waiting.append(path) }
            case S_IFREG:
                found.append((path, Int(status.st_size), status.st_mode & 0o100 != 0))
                total += Int(status.st_size)
            case S_IFLNK: notes.append("the link “\(path)” is not recorded")
            default: break
            }
            guard total <= CodeSnapshot.folderByteLimit, found.count <= CodeSnapshot.folderFileLimit else {
                throw notRecordable(
                    "“\(folder)” is in no repository that says what is code, and has more than "
                        + "\(CodeSnapshot.folderFileLimit) files or \(CodeSnapshot.folderByteLimit >> 20) MiB")
            }
        }
    }
    let tar = try TarWriter(archive)
    for file in found.sorted(by: { $0.path < $1.path }) {
        let next = try files.pieces(of: file.path)
        try tar.addFile(file.path, isExecutable: file.isExecutable, byteCount: file.byteCount) { try next() }
    }
    try tar.finish()
    return notes
}

/// Lays recorded code out in a folder that is new and empty.
///
/// - Parameter patch: What differed from the archive.
/// - Throws: `RPR-003` for an archive or a patch that would write outside, or does not fit.
package func layOutCode(_ archive: String, patch: String?, in folder: String) throws {
    try unpackArchive(archive, into: folder)
    if let patch {
        // A folder above may be in a repository, of which this is no part.
        let git = GitProgram(in: folder).with([
            "GIT_CEILING_DIRECTORIES": URL(fileURLWithPath: folder).deletingLastPathComponent().path
        ])
        do {
            _ = try git.output(["apply", "--binary", "--whitespace=nowarn", patch])
        } catch let failure as GitProgram.Failure {
            guard !failure.isMissing else {
                throw Refusal(
                    .codeNotRecordable, .unavailable, "The code was recorded with a patch, and git is not installed.",
                    hint: "Install git.")
            }
            throw FieldReader.Subject.run.damaged("its patch does not fit: \(failure.message)")
        }
    }
    try requireLinksInside(folder)
}

// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelReproduction

/// A folder in a repository that has a commit.
struct GitRepository {
    let commit: String
    /// The folder below the repository's top, with a slash at its end; empty for the top itself.
    let prefix: String
    private let git: GitProgram

    /// - Returns: `nil` outside of a repository, and in one without commits.
    /// - Throws: `RPR-007` where git does not say, as for a folder that is somebody else's.
    init?(at folder: String) throws {
        let here = GitProgram(in: folder)
        let top: String
        do {
            top = try here.text(["rev-parse", "--show-toplevel"])
        } catch let failure as GitProgram.Failure {
            guard failure.isNoRepository || (failure.isMissing && !isBelowRepository(folder)) else {
                throw notRecordable(failure.isMissing ? "git is not installed" : "git says “\(failure.message)”")
            }
            return nil
        }
        prefix = try here.text(["rev-parse", "--show-prefix"])
        git = try here.inRepository(top)
        guard let commit = try? git.text(["rev-parse", "--verify", "HEAD^{commit}"]) else { return nil }
        self.commit = commit
    }

    /// Where the repository came from, without what logs in there.
    var remote: String? {
        let names = ((try? git.text(["remote"])) ?? "").split(separator: "\n").map(String.init)
        guard let name = names.contains("origin") ? "origin" : names.first,
            let url = try? git.text(["config", "--get", "remote.\(name).url"])
        else { return nil }
        return withoutCredentials(url)
    }

    // MARK: The commit's files

    struct TreeEntry {
        let mode: String
        let object: String
        let byteCount: Int
        let path: String
    }

    func tree() throws -> [TreeEntry] {
        let listing = try git.output(["ls-tree", "-r", "-l", "-z", "--full-tree", commit])
        return try listing.split(separator: 0).map { line in
            guard let text = String(validating: line, as: UTF8.self) else {
                throw notRecordable("the name of a file is no UTF-8")
            }
            let halves = text.split(separator: "\t", maxSplits: 1)
            let fields = halves[0].split(separator: " ")
            guard halves.count == 2, fields.count == 4 else { throw notRecordable("git listed “\(text)”") }
            return TreeEntry(
                mode: String(fields[0]), object: String(fields[2]), byteCount: Int(fields[3]) ?? 0,
                path: String(halves[1]))
        }
    }

    /// Writes the commit's files as they are kept, whatever attributes and filters would make of them.
    ///
    /// - Returns: What is not in it.
    func archive(_ tree: [TreeEntry], to path: String, in scratch: String) throws -> [String] {
        let total = tree.reduce(0) { $0 + $1.byteCount }
        guard total <= CodeSnapshot.archiveByteLimit, tree.count <= CodeSnapshot.archiveFileLimit else {
            throw notRecordable(
                "the commit has \(tree.count) files of \(total >> 20) MiB, and at most "
                    + "\(CodeSnapshot.archiveFileLimit) of \(CodeSnapshot.archiveByteLimit >> 20) MiB are taken")
        }
        let contents = tree.filter { $0.mode != "160000" }
        var notes = tree.filter { $0.mode == "160000" }.map { "the submodule “\($0.path)” is not recorded" }
        let (wanted, found) = ("\(scratch)/objects.list", "\(scratch)/objects.batch")
        try Data(contents.map { $0.object + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: wanted))
        try git.run(["cat-file", "--batch"], input: wanted, output: found)
        defer { try? FileManager.default.removeItem(atPath: found) }
        guard let batch = FileHandle(forReadingAtPath: found) else { throw notRecordable("git gave no files") }
        defer { try? batch.close() }
        let tar = try TarWriter(path)
        for entry in contents {
            try skipHeader(of: entry, in: batch)
            if entry.mode == "120000" {
                let target =
                    try batch.read(upToCount: entry.byteCount).map { String(decoding: $0, as: UTF8.self) } ?? ""
                if linkStaysInside(entry.path, target) {
                    try tar.addLink(entry.path, to: target)
                } else {
                    notes.append("the link “\(entry.path)” leads out of the repository and is not recorded")
                }
            } else {
                var rest = entry.byteCount
                try tar.addFile(entry.path, isExecutable: entry.mode == "100755", byteCount: entry.byteCount) {
                    guard rest > 0, let piece = try batch.read(upToCount: min(rest, 1 << 20)) else { return nil }
                    rest -= piece.count
                    return [UInt8](piece)
                }
            }
            _ = try batch.read(upToCount: 1)
        }
        try tar.finish()
        return notes
    }

    /// `OBJECT blob SIZE\n`.
    private func skipHeader(of entry: TreeEntry, in batch: FileHandle) throws {
        let expected = "\(entry.object) blob \(entry.byteCount)\n"
        guard try batch.read(upToCount: expected.utf8.count) == Data(expected.utf8) else {
            throw notRecordable("git does not have “\(entry.path)” of commit \(commit.prefix(12)) here")
        }
    }

    // MARK: What differs from the commit

    /// Writes what the working tree has otherwise, files included that git neither knows nor ignores. Neither the index nor
    /// the objects of the repository are touched.
    ///
    /// - Parameter paths: Below the top; they are left out.
    /// - Returns: Whether there is a difference.
    func patch(to path: String, leavingOut paths: [String], in scratch: String) throws -> Bool {
        let objects = "\(scratch)/objects"
        try FileManager.default.createDirectory(atPath: objects, withIntermediateDirectories: true)
        let own = try git.text(["rev-parse", "--path-format=absolute", "--git-path", "objects"])
        let aside = git.with([
            "GIT_INDEX_FILE": "\(scratch)/index", "GIT_OBJECT_DIRECTORY": objects,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted(own),
        ])
        let excluded = paths.map { ":(top,exclude,literal)\($0)" }
        _ = try aside.output(["read-tree", commit])
        // `add` takes the exclusion of what is ignored anyway for the wish to add it, and fails.
        let counted = try paths.filter { path in
            let ignored = [
                "ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", ":(top,literal)\(path)",
            ]
            return try aside.output(ignored).isEmpty
        }
        _ = try aside.output(["add", "-A", "--", ":/"] + counted.map { ":(top,exclude,literal)\($0)" })
        try aside.run(diff(["--cached", commit, "--", ":/"] + excluded), output: path)
        return try requireSmall(path)
    }

    /// Writes what tracked files below the folder have otherwise.
    func trackedPatch(to path: String, leavingOut paths: [String]) throws -> Bool {
        let excluded = paths.map { ":(top,exclude,literal)\(prefix)\($0)" }
        try git.run(diff([commit, "--", ":/\(prefix)"] + excluded), output: path)
        return try requireSmall(path)
    }

    /// Whether anything below the folder differs from the commit, or is not known to git.
    func isDirty() throws -> Bool {
        try !git.output(["status", "--porcelain", "--", ":/\(prefix)"]).isEmpty
    }

    private func diff(_ arguments: [String]) -> [String] {
        [
            "diff", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
            "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
        ] + arguments
    }

    private func requireSmall(_ path: String) throws -> Bool {
        let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
        guard size <= CodeSnapshot.patchByteLimit else {
            throw notRecordable(
                "what differs from the commit takes \(size >> 20) MiB, and at most "
                    + "\(CodeSnapshot.patchByteLimit >> 20) MiB are taken")
        }
        return size > 0
    }

    /// A path as git takes it in a list of several.
    private func quoted(_ path: String) -> String {
        guard path.contains(":") || path.contains("\"") else { return path }
        let escaped = path.replacingOccurrences(of: #"\"#, with: #"\\"#).replacingOccurrences(of: "\"", with: #"\""#)
        return "\"\(escaped)\""
    }
}

private func isBelowRepository(_ folder: String) -> Bool {
    var path = URL(fileURLWithPath: folder).standardizedFileURL
    while path.path != "/" {
        if FileManager.default.fileExists(atPath: path.appendingPathComponent(".git").path) { return true }
        path.deleteLastPathComponent()
    }
    return false
}

/// - Returns: `nil` for what is no address of a repository.
func withoutCredentials(_ remote: String) -> String? {
    guard remote.utf8.count <= 2000, !remote.contains("\n"), !remote.contains("::") else { return nil }
    guard remote.contains("://") else {
        // `git@host:path`, or a folder of this machine.
        return remote.firstIndex(of: "@").map { remote[..<$0].contains(":") } ?? false ? nil : remote
    }
    guard var parts = URLComponents(string: remote) else { return nil }
    // A user may be a token.
    parts.user = nil
    parts.password = nil
    parts.query = nil
    parts.fragment = nil
    return parts.string
}

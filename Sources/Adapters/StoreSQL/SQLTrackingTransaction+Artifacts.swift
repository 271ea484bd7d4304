// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// Names of files: a table sorted by path, so that a folder is a range of it.
extension SQLTrackingTransaction {
    func artifact(_ path: ArtifactPath) throws -> Artifact? {
        try transaction.rows(
            "SELECT path, content, byte_count, changed_at FROM artifact WHERE path = :path", ["path": .text(path.text)]
        ).first.map(Artifact.init)
    }

    func artifacts(in folder: ArtifactPath) throws -> [ArtifactEntry] {
        var entries: [ArtifactEntry] = []
        let prefix = folder.text + "/"
        // Everything below a folder inside is passed over in one step, however much it is.
        var next = prefix
        while let row = try transaction.rows(
            "SELECT path, byte_count FROM artifact WHERE path >= :next AND path < :end ORDER BY path LIMIT 1",
            ["next": .text(next), "end": .text(folder.text + "0")]
        ).first {
            let path = try row.text("path")
            let rest = path.utf8.dropFirst(prefix.utf8.count)
            if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
                let name = String(Substring(rest[..<slash]))
                entries.append(ArtifactEntry(name: name, byteCount: nil))
                next = prefix + name + "0"  // The sign behind “/”.
            } else {
                entries.append(ArtifactEntry(name: String(Substring(rest)), byteCount: try row.integer("byte_count")))
                next = path + "\u{1}"
            }
        }
        return entries.sorted { $0.name < $1.name }
    }

    func artifacts(below path: ArtifactPath, limit: Int) throws -> [Artifact] {
        try transaction.rows(
            """
            SELECT path, content, byte_count, changed_at FROM artifact
            WHERE path = :path OR (path > :prefix AND path < :end) ORDER BY path LIMIT :limit
            """, path.range.merging(["limit": SQLValue(limit)]) { $1 }
        ).map(Artifact.init)
    }

    func setArtifact(_ artifact: Artifact) throws {
        try transaction.execute(
            """
            INSERT INTO artifact (path, content, byte_count, changed_at) VALUES (:path, :content, :count, :time)
            ON CONFLICT (path) DO UPDATE SET content = excluded.content, byte_count = excluded.byte_count,
                changed_at = excluded.changed_at
            """,
            [
                "path": .text(artifact.path.text), "content": SQLValue(artifact.content),
                "count": SQLValue(artifact.byteCount), "time": SQLValue(artifact.changedAt),
            ])
    }

    func removeArtifacts(below path: ArtifactPath) throws -> Int {
        let condition = "path = :path OR (path > :prefix AND path < :end)"
        let count =
            try transaction.rows("SELECT COUNT(*) AS files FROM artifact WHERE \(condition)", path.range)
            .first?.integer("files") ?? 0
        try transaction.execute("DELETE FROM artifact WHERE \(condition)", path.range)
        return count
    }
}

extension ArtifactPath {
    /// Itself, and what lies below: `0` is the sign behind `/`.
    fileprivate var range: [String: SQLValue] {
        ["path": .text(text), "prefix": .text(text + "/"), "end": .text(text + "0")]
    }
}

extension Artifact {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            path: try ArtifactPath(row.text("path")), content: try row.digest("content"),
            byteCount: try row.integer("byte_count"), changedAt: try row.time("changed_at"))
    }
}

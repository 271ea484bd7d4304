// SPDX-License-Identifier: Apache-2.0
internal import Tensors

extension RunRecord {
    /// Canonical JSON.
    package var bytes: [UInt8] {
        JSONValue.record([
            ("schema", .string(Self.schema)), ("command", .array(command.map(JSONValue.string))),
            ("folder", .string(folder)), ("seed", seed.map(JSONValue.integer)),
            (
                "git",
                git.map {
                    .record([
                        ("commit", .string($0.commit)), ("dirty", .bool($0.isDirty)),
                        ("remote", $0.remote.map(JSONValue.string)),
                    ])
                }
            ),
            ("code", code.map { .record([("archive", json($0.archive)), ("patch", $0.patch.map(json))]) }),
            (
                "environment",
                environment.map {
                    .record([
                        ("python", .string($0.python)), ("platform", .string($0.platform)),
                        ("requirements", json($0.requirements)),
                    ])
                }
            ),
            (
                "data",
                .array(
                    data.map {
                        .record([
                            ("dataset", .string($0.dataset.rawValue)), ("project", .string($0.project.rawValue)),
                            ("version", .integer(Int64($0.version))), ("sha256", .string($0.digest.hex)),
                            ("path", .string($0.path)),
                        ])
                    })
            ),
            ("started_at", .string(startedAt.text)), ("tool", .string(tool)),
        ]).canonical
    }

    /// Reads what a server sends, and believes none of it: every path stays inside, and every size has a limit.
    ///
    /// - Throws: `RPR-003` that says what is not as it should be.
    package init(record bytes: [UInt8]) throws(Refusal) {
        guard bytes.count <= Self.byteLimit else { throw damaged("it has more than \(Self.byteLimit) bytes") }
        let fields = try FieldReader(document: bytes, what: "text", of: .run)
        let schema = try fields.text("schema")
        guard schema == Self.schema else {
            throw damaged("its schema is “\(schema.prefix(40))”, and not \(Self.schema)")
        }
        command = try fields.texts("command")
        guard let program = command.first, !program.isEmpty, command.count <= 10_000,
            command.allSatisfy({ !$0.utf8.contains(0) })
        else { throw damaged("its command is none") }
        folder = try fields.text("folder")
        guard folder == "." || isInside(folder) else { throw damaged("its folder leads out of the code") }
        seed = fields.has("seed") ? try fields.integer("seed") : nil
        git = try fields.optionalFields("git").map { git throws(Refusal) in
            let commit = try git.text("commit")
            guard (40...64).contains(commit.utf8.count), commit.allSatisfy(\.isHexDigit) else {
                throw damaged("“\(commit.prefix(80))” is no commit")
            }
            return Commit(
                commit: commit, isDirty: try git.flag("dirty"), remote: try git.optionalText("remote"))
        }
        code = try fields.optionalFields("code").map { code throws(Refusal) in
            Code(
                archive: try file(code.fields("archive")),
                patch: try code.optionalFields("patch").map { patch throws(Refusal) in try file(patch) })
        }
        environment = try fields.optionalFields("environment").map { environment throws(Refusal) in
            Environment(
                python: try environment.text("python"), platform: try environment.text("platform"),
                requirements: try file(environment.fields("requirements")))
        }
        data = try fields.list("data").map { data throws(Refusal) in
            let path = try data.text("path")
            guard isInside(path) else { throw damaged("“\(path.prefix(200))” leads out of the working folder") }
            guard let digest = Digest(try data.text("sha256")) else { throw damaged("the digest of its data is none") }
            return Data(
                dataset: try DatasetName(data.text("dataset")), project: try ProjectName(data.text("project")),
                version: try data.count("version"), digest: digest, path: path)
        }
        guard let startedAt = Timestamp(try fields.text("started_at")) else {
            throw damaged("when it began is no time")
        }
        self.startedAt = startedAt
        tool = try fields.text("tool")
    }
}

private func json(_ file: BundleFile) -> JSONValue {
    .record([
        ("path", .string(file.path)), ("sha256", .string(file.digest.hex)), ("bytes", .integer(Int64(file.byteCount))),
    ])
}

private func damaged(_ reason: String) -> Refusal { FieldReader.Subject.run.damaged(reason) }

/// An artifact in the record's own folder: a record names no others.
private func file(_ fields: FieldReader) throws(Refusal) -> BundleFile {
    let path = try fields.text("path")
    guard path.hasPrefix(RunRecord.folder + "/"), isInside(path) else {
        throw damaged("“\(path.prefix(200))” is none of its files")
    }
    guard let digest = Digest(try fields.text("sha256")) else { throw damaged("the digest of “\(path)” is none") }
    return try BundleFile(path: path, digest: digest, byteCount: fields.count("bytes"))
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// `backup.json`: what a backup is made of, and the digest of each part.
package struct BackupManifest: Sendable, Equatable {
    package static let fileName = "backup.json"
    package static let schema = "slipway.backup/1"

    /// A file of the backup.
    package struct Part: Sendable, Equatable {
        package let name: String
        package let digest: Digest
        package let byteCount: Int

        package init(name: String, digest: Digest, byteCount: Int) {
            self.name = name
            self.digest = digest
            self.byteCount = byteCount
        }
    }

    package let madeAt: String
    /// `slipway 0.1.0`.
    package let tool: String
    /// The number of the registry's newest migration.
    package let recordsSchema: Int
    /// Every row, a line each.
    package let records: Part
    package let tables: [RecordSnapshot.Table]
    package let ledgerHead: Digest?
    package let ledgerCount: Int
    /// The list of contents, a line each, as `sha256sum` writes it.
    package let contents: Part
    package let contentCount: Int
    package let contentBytes: Int
    /// The administrator's token, where it was asked for.
    package var token: Part?
    /// What the registry names and the store had not, or not whole.
    package let missing: [String]

    package init(
        madeAt: String, tool: String, snapshot: RecordSnapshot, records: Part, contents: Part, contentCount: Int,
        contentBytes: Int, missing: [String]
    ) {
        self.madeAt = madeAt
        self.tool = tool
        recordsSchema = snapshot.schema
        self.records = records
        tables = snapshot.tables
        ledgerHead = snapshot.ledgerHead
        ledgerCount = snapshot.ledgerCount
        self.contents = contents
        self.contentCount = contentCount
        self.contentBytes = contentBytes
        self.missing = missing
    }

    /// Where a content is in a backup.
    package static func contentName(_ digest: Digest) -> String { "contents/\(digest.hex.prefix(2))/\(digest.hex)" }

    /// Named after what is in it, so that a backup that is brought up to date never has one half of each.
    package static func partName(_ kind: String, _ digest: Digest, _ ending: String) -> String {
        "\(kind)-\(digest.short).\(ending)"
    }
}

extension BackupManifest {
    package var bytes: [UInt8] {
        JSONValue.record([
            ("schema", .string(Self.schema)), ("made_at", .string(madeAt)), ("tool", .string(tool)),
            ("registry_schema", .integer(Int64(recordsSchema))), ("registry", records.json),
            (
                "tables",
                .array(
                    tables.map {
                        .record([("name", .string($0.name)), ("rows", .integer(Int64($0.rowCount)))])
                    })
            ),
            ("ledger_entries", .integer(Int64(ledgerCount))),
            ("ledger_head", ledgerHead.map { .string($0.description) }), ("contents", contents.json),
            ("content_count", .integer(Int64(contentCount))), ("content_bytes", .integer(Int64(contentBytes))),
            ("token", token?.json), ("missing", missing.isEmpty ? nil : .array(missing.map(JSONValue.string))),
        ]).canonical
    }

    /// - Throws: `BAK-001` for what is no such document.
    package init(_ bytes: [UInt8]) throws(Refusal) {
        do throws(Refusal) {
            let fields = try FieldReader(document: bytes, what: Self.fileName)
            let schema = try fields.text("schema")
            guard schema == Self.schema else { throw backupDamaged("its form is “\(schema.prefix(40))”") }
            madeAt = try fields.text("made_at")
            tool = try fields.text("tool")
            recordsSchema = try fields.count("registry_schema")
            records = try Part(fields.fields("registry"), kind: "registry")
            tables = try fields.list("tables").map { table throws(Refusal) in
                RecordSnapshot.Table(name: try table.text("name"), rowCount: try table.count("rows"))
            }
            ledgerCount = try fields.count("ledger_entries")
            ledgerHead = try fields.optionalText("ledger_head").flatMap { Digest($0) }
            contents = try Part(fields.fields("contents"), kind: "contents")
            contentCount = try fields.count("content_count")
            contentBytes = try fields.count("content_bytes")
            token = try fields.optionalFields("token").map { part throws(Refusal) in try Part(part, kind: "token") }
            missing = try fields.optionalTexts("missing") ?? []
        } catch {
            guard error.explanation.code != .backupDamaged else { throw error }
            throw backupDamaged("\(Self.fileName) is not what was written")
        }
    }
}

extension BackupManifest.Part {
    fileprivate var json: JSONValue {
        .record([
            ("name", .string(name)), ("sha256", .string(digest.hex)), ("bytes", .integer(Int64(byteCount))),
        ])
    }

    /// - Parameter kind: What the name begins with, and nothing else is taken for one.
    fileprivate init(_ fields: FieldReader, kind: String) throws(Refusal) {
        name = try fields.text("name")
        guard let digest = try Digest(fields.text("sha256")),
            name.hasPrefix("\(kind)-\(digest.short)."), name.utf8.allSatisfy({ $0 != UInt8(ascii: "/") })
        else { throw backupDamaged("“\(name.prefix(80))” is no part of a backup") }
        self.digest = digest
        byteCount = try fields.count("bytes")
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ContentRetention
internal import ModelDomain

/// Which columns name contents. Every table is here, those that name none as well: one that was forgotten would have its
/// contents cleared away, so nothing is where a table is not known.
enum SQLContentColumns {
    struct Column {
        let name: String
        let role: ContentReference.Role

        init(_ name: String, _ role: ContentReference.Role) {
            self.name = name
            self.role = role
        }
    }

    /// What the rows of a table name, and which row it is, for a message.
    struct Table {
        var columns: [Column] = []
        /// A text in SQL; `nil` where nobody would have to know.
        var holder: String?
        /// Which rows count; `nil` for all.
        var condition: String?
        /// Whether digests stand somewhere in a text.
        var isText = false
        /// A column with the time before which a row's contents are not needed any more, for its own sake.
        var expiresBy: String?
    }

    static let tables: [String: Table] = [
        "platform": Table(), "replica": Table(), "replica_endpoint": Table(), "lease": Table(),
        "alert": Table(), "alert_silence": Table(), "alert_destination": Table(), "alert_notice": Table(),
        "alert_signal": Table(),
        "subject_key": Table(), "platform_secret": Table(),
        "label_row": Table(), "label_former": Table(), "label_waiting": Table(), "label_count": Table(),
        // Bundles are kept by what registers them.
        "monitor_version": Table(), "monitor_window": Table(), "monitor_pane": Table(),
        "project": Table(), "model": Table(), "model_alias": Table(), "model_tag": Table(),
        "endpoint": Table(), "endpoint_setting": Table(), "deployment": Table(), "token": Table(),
        "token_endpoint": Table(), "experiment": Table(), "experiment_tag": Table(), "run": Table(),
        "run_param": Table(), "run_tag": Table(), "run_metric": Table(), "metric_point": Table(), "dataset": Table(),
        "run_dataset": Table(), "run_dataset_tag": Table(), "run_model": Table(), "logged_model": Table(),
        "logged_model_param": Table(), "logged_model_tag": Table(), "logged_model_metric": Table(),
        "model_version": Table(
            columns: [Column("bundle", .bundle), Column("provenance", .document)],
            holder: "project || '/' || model || ' version ' || CAST(number AS TEXT)"),
        "dataset_version": Table(
            columns: [Column("manifest", .document)],
            holder: "project || '/' || dataset || ' version ' || CAST(number AS TEXT)"),
        "artifact": Table(columns: [Column("content", .plain)]),
        // What another platform's ledger said of a version that came from there.
        "version_tag": Table(
            columns: [Column("value", .evidence)], condition: "key = 'slipway.evidence'", isText: true),
        // What an entry names by digest is its evidence.
        "ledger": Table(
            columns: [Column("before", .evidence), Column("after", .evidence), Column("evidence", .evidence)],
            isText: true, expiresBy: "time"),
    ]
}

extension SQLTransaction {
    /// Every content that a row names.
    ///
    /// - Parameter ledgerFrom: Entries of the ledger that are older keep nothing; `nil` for all of them.
    /// - Throws: `RET-001` for a table of which it is not known what it names.
    func contentReferences(of tables: [String], ledgerFrom: Timestamp?) throws -> [ContentReference] {
        var found: Set<ContentReference> = []
        for name in tables {
            guard let table = SQLContentColumns.tables[name] else {
                throw Refusal(
                    .sweepStopped, .bug, "It is not known which contents the table “\(name)” names.",
                    hint: "Please report it; nothing was moved.")
            }
            for column in table.columns {
                let holder = table.holder.map { ", \($0) AS holder" } ?? ""
                let since = table.expiresBy.map { by in
                    ledgerFrom.map { " AND \(by) >= \($0.microseconds)" } ?? ""
                }
                try forEachRow(
                    of: """
                        SELECT DISTINCT \(column.name) AS content\(holder) FROM \(name)
                        WHERE \(column.name) IS NOT NULL\(since ?? "")\(table.condition.map { " AND \($0)" } ?? "")
                        """
                ) { row in
                    guard let text = try row.optionalText("content") else { return }
                    let holder = try row.textIfAny("holder")
                    if !table.isText {
                        let digest = try row.required(Digest(text), "content")
                        found.insert(ContentReference(digest, column.role, holder: holder))
                    } else {
                        for digest in digests(in: Array(text.utf8)) {
                            found.insert(ContentReference(digest, column.role))
                        }
                    }
                }
            }
        }
        return Array(found)
    }
}

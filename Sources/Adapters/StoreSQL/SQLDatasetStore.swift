// SPDX-License-Identifier: Apache-2.0
package import DataVersions
internal import ModelDomain

/// Versions of data in a SQL database.
package struct SQLDatasetStore: DatasetStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any DatasetReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLRegistryTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any DatasetWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}

extension SQLRegistryTransaction: DatasetWriting {
    func newestDatasets(in project: ProjectName) throws -> [DatasetVersion] {
        try datasetVersions(
            """
            WHERE project = :project AND number = (
                SELECT max(number) FROM dataset_version AS other
                WHERE other.project = dataset_version.project AND other.dataset = dataset_version.dataset)
            ORDER BY dataset
            """, ["project": SQLValue(project)])
    }

    func versions(of dataset: DatasetReference) throws -> [DatasetVersion] {
        try datasetVersions(
            "WHERE project = :project AND dataset = :dataset ORDER BY number DESC",
            ["project": SQLValue(dataset.project), "dataset": SQLValue(dataset.name)])
    }

    func versions(withData digests: [Digest]) throws -> [DatasetVersion] {
        try digests.flatMap { digest in
            try datasetVersions(
                "WHERE data = :data ORDER BY project, dataset, number", ["data": SQLValue(digest)])
        }
    }

    private func datasetVersions(_ rest: String, _ parameters: [String: SQLValue]) throws -> [DatasetVersion] {
        try transaction.rows(
            """
            SELECT project, dataset, number, data, manifest, byte_count, row_count, new_byte_count, is_kept, note,
                created_at, created_by
            FROM dataset_version \(rest)
            """, parameters
        ).map { row in
            DatasetVersion(
                dataset: DatasetReference(project: try row.name("project"), name: try row.name("dataset")),
                number: try row.integer("number"), data: try row.digest("data"), manifest: try row.digest("manifest"),
                byteCount: try row.integer("byte_count"), rowCount: try row.integer("row_count"),
                newByteCount: try row.integer("new_byte_count"), isKept: try row.integer("is_kept") == 1,
                note: try row.optionalText("note"), createdAt: try row.time("created_at"),
                createdBy: try row.text("created_by"))
        }
    }

    func insert(_ version: DatasetVersion) throws {
        try transaction.execute(
            """
            INSERT INTO dataset_version (project, dataset, number, data, manifest, byte_count, row_count, new_byte_count,
                is_kept, note, created_at, created_by)
            VALUES (:project, :dataset, :number, :data, :manifest, :bytes, :rows, :new, :kept, :note, :time, :actor)
            """,
            [
                "project": SQLValue(version.dataset.project), "dataset": SQLValue(version.dataset.name),
                "number": SQLValue(version.number), "data": SQLValue(version.data),
                "manifest": SQLValue(version.manifest), "bytes": SQLValue(version.byteCount),
                "rows": SQLValue(version.rowCount), "new": SQLValue(version.newByteCount),
                "kept": .integer(version.isKept ? 1 : 0), "note": SQLValue(version.note),
                "time": SQLValue(version.createdAt), "actor": .text(version.createdBy),
            ])
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import PlatformBackup

/// Every row of a database, written down in one consistent state; what ``SQLRestoration`` puts into another one, of either
/// product.
package struct SQLPlatformRecords: PlatformRecords {
    private let database: any SQLDatabase
    private let tables: [String]

    /// - Parameter database: Has the tables of the newest ``SQLSchema``.
    package init(database: any SQLDatabase, tables: [String] = SQLSchema.sqlite.tables) {
        self.database = database
        self.tables = tables.filter { !SQLSchema.localTables.contains($0) }
    }

    package func dump(into sink: any RecordSink) async throws -> RecordSnapshot {
        try await database.read { [tables] transaction in
            // The body runs again where a connection broke.
            try sink.restart()
            var counts: [RecordSnapshot.Table] = []
            for table in tables {
                let count = try transaction.write(table, into: sink)
                counts.append(RecordSnapshot.Table(name: table, rowCount: count))
            }
            let schema = try transaction.rows("SELECT MAX(number) AS newest FROM schema_migration").first
            let head = try SQLRegistryTransaction(transaction: transaction).ledgerHead()
            return RecordSnapshot(
                schema: try schema?.integer("newest") ?? 0, tables: counts, ledgerHead: head?.chain,
                ledgerCount: head.map { $0.sequence + 1 } ?? 0,
                references: try transaction.contentReferences(of: tables, ledgerFrom: nil))
        }
    }
}

extension SQLTransaction {
    /// - Returns: How many rows.
    fileprivate func write(_ table: String, into sink: any RecordSink) throws -> Int {
        var count = 0
        var buffer: [UInt8] = []
        try forEachRow(of: "SELECT * FROM \(table)") { row in
            if count == 0 { buffer += SQLRecordLine.header(table, row.columns) }
            buffer += SQLRecordLine.row(row.values)
            count += 1
            if buffer.count > 1 << 18 {
                try sink.write(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try sink.write(buffer)
        return count
    }
}

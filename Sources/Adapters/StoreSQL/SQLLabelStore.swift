// SPDX-License-Identifier: Apache-2.0
package import GroundTruth
internal import ModelDomain
internal import Tensors

/// Labels in a SQL database.
package struct SQLLabelStore: LabelStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any LabelReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLLabelTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any LabelWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLLabelTransaction(transaction: $0)) }
    }
}

struct SQLLabelTransaction: LabelWriting {
    /// So many predictions are looked for with one statement.
    private static let batch = 2000
    /// So many rows are read together.
    private static let page = 20_000

    let transaction: any SQLTransaction

    // MARK: Labels

    func labels(of endpoint: LabelledEndpoint, predictions: [PredictionID]) throws -> [LabelledRow] {
        let isAmong = transaction.dialect.isAmongWords("prediction", ":predictions")
        return try stride(from: 0, to: predictions.count, by: Self.batch).flatMap { start in
            let words = predictions[start..<min(start + Self.batch, predictions.count)].map(\.description)
            return try transaction.rows(
                "SELECT * FROM label_row WHERE project = :project AND endpoint = :endpoint AND \(isAmong)",
                endpoint.parameters.merging(["predictions": .list(words)]) { $1 }
            ).map(LabelledRow.init)
        }
    }

    func forEachLabel(
        of endpoint: LabelledEndpoint, from: Timestamp, to: Timestamp, version: Int?,
        _ body: (LabelledRow) throws -> Void
    ) throws {
        // Page by page: no statement holds all of them.
        var (time, prediction, row) = (from, "", -1)
        while true {
            let page = try transaction.rows(
                """
                SELECT * FROM label_row
                WHERE project = :project AND endpoint = :endpoint AND predicted_at >= :time AND predicted_at < :to
                    AND (predicted_at > :time OR prediction > :prediction
                        OR (prediction = :prediction AND row_index > :row))
                ORDER BY predicted_at, prediction, row_index LIMIT :count
                """,
                endpoint.parameters.merging([
                    "time": SQLValue(time), "to": SQLValue(to), "prediction": .text(prediction),
                    "row": SQLValue(row), "count": SQLValue(Self.page),
                ]) { $1 })
            for found in page {
                let label = try LabelledRow(found)
                (time, prediction, row) = (label.predictedAt, label.prediction.description, label.row)
                if version == nil || label.version == version { try body(label) }
            }
            if page.count < Self.page { return }
        }
    }

    func put(_ row: LabelledRow, of endpoint: LabelledEndpoint) throws {
        try transaction.execute(
            """
            INSERT INTO label_row (project, endpoint, prediction, row_index, rows_in_all, version, bundle, business_key,
                predicted_at, labelled_at, truth, decided, score, shares, corrections, created_by, subject)
            VALUES (:project, :endpoint, :prediction, :row, :rows, :version, :bundle, :key, :predicted, :labelled,
                :truth, :decided, :score, :shares, :corrections, :actor, :subject)
            ON CONFLICT (project, endpoint, prediction, row_index) DO UPDATE SET labelled_at = excluded.labelled_at,
                truth = excluded.truth, corrections = excluded.corrections, created_by = excluded.created_by
            """,
            endpoint.parameters.merging([
                "prediction": .text(row.prediction.description), "row": SQLValue(row.row),
                "rows": SQLValue(row.rowCount), "version": SQLValue(row.version), "bundle": SQLValue(row.bundle),
                "key": SQLValue(row.key?.storable), "predicted": SQLValue(row.predictedAt),
                "labelled": SQLValue(row.labelledAt), "truth": .text(row.truth),
                "decided": SQLValue(row.answer.decided?.storable),
                "score": row.answer.score.map(SQLValue.real) ?? .null,
                "shares": row.answer.shares.map { .text(JSONValue.array($0.map(JSONValue.double)).text) } ?? .null,
                "corrections": SQLValue(row.corrections), "actor": .text(row.actor),
                "subject": SQLValue(row.subject),
            ]) { $1 })
    }

    func put(_ former: FormerLabel, of endpoint: LabelledEndpoint) throws {
        try transaction.execute(
            """
            INSERT INTO label_former (project, endpoint, prediction, row_index, number, truth, labelled_at, created_by,
                replaced_at)
            VALUES (:project, :endpoint, :prediction, :row, :number, :truth, :labelled, :actor, :replaced)
            """,
            endpoint.parameters.merging([
                "prediction": .text(former.prediction.description), "row": SQLValue(former.row),
                "number": SQLValue(former.number), "truth": .text(former.truth),
                "labelled": SQLValue(former.labelledAt), "actor": .text(former.actor),
                "replaced": SQLValue(former.replacedAt),
            ]) { $1 })
    }

    func formerLabels(of endpoint: LabelledEndpoint, prediction: PredictionID) throws -> [FormerLabel] {
        try transaction.rows(
            """
            SELECT * FROM label_former
            WHERE project = :project AND endpoint = :endpoint AND prediction = :prediction ORDER BY row_index, number
            """, endpoint.parameters.merging(["prediction": .text(prediction.description)]) { $1 }
        ).map { row in
            FormerLabel(
                prediction: prediction, row: try row.integer("row_index"), number: try row.integer("number"),
                truth: try row.text("truth"), labelledAt: try row.time("labelled_at"),
                actor: try row.text("created_by"), replacedAt: try row.time("replaced_at"))
        }
    }

    func labelCount(subject: String) throws -> Int {
        let row = try transaction.rows(
            "SELECT COUNT(*) AS found FROM label_row WHERE subject = :subject", ["subject": .text(subject)]
        ).first
        return try row?.integer("found") ?? 0
    }

    func erase(subject: String) throws -> Int {
        let rows = try transaction.rows(
            "SELECT project, endpoint, prediction, row_index FROM label_row WHERE subject = :subject",
            ["subject": .text(subject)])
        for row in rows {
            let place: [String: SQLValue] = [
                "project": .text(try row.text("project")), "endpoint": .text(try row.text("endpoint")),
                "prediction": .text(try row.text("prediction")), "row": SQLValue(try row.integer("row_index")),
            ]
            for table in ["label_former", "label_row"] {
                try transaction.execute(
                    """
                    DELETE FROM \(table) WHERE project = :project AND endpoint = :endpoint AND prediction = :prediction
                        AND row_index = :row
                    """, place)
            }
        }
        return rows.count
    }

    func endpointsWithLabels() throws -> [LabelledEndpoint] { try endpoints(in: "label_row") }

    func endpoints(in table: String) throws -> [LabelledEndpoint] {
        try transaction.rows("SELECT DISTINCT project, endpoint FROM \(table) ORDER BY project, endpoint").map { row in
            LabelledEndpoint(try row.name("endpoint"), in: try row.name("project"))
        }
    }
}

extension LabelledEndpoint {
    var parameters: [String: SQLValue] { ["project": SQLValue(project), "endpoint": SQLValue(endpoint)] }
}

extension String {
    /// No database keeps a NUL.
    fileprivate var storable: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }
}

extension LabelledRow {
    fileprivate init(_ row: SQLRow) throws {
        let shares = try row.optionalText("shares").map { text in
            try row.required((try? JSONValue.parse(text))?.elements?.map { $0.double ?? .nan }, "shares")
        }
        let score: Double? = row["score"] == .null ? nil : try row.real("score")
        self.init(
            prediction: try row.required(PredictionID(try row.text("prediction")), "prediction"),
            row: try row.integer("row_index"), rowCount: try row.integer("rows_in_all"),
            version: try row.integer("version"), bundle: try row.optionalDigest("bundle"),
            key: try row.optionalText("business_key"), predictedAt: try row.time("predicted_at"),
            labelledAt: try row.time("labelled_at"), truth: try row.text("truth"),
            answer: RowAnswer(decided: try row.optionalText("decided"), score: score, shares: shares),
            corrections: try row.integer("corrections"), actor: try row.text("created_by"),
            subject: try row.optionalText("subject"))
    }
}

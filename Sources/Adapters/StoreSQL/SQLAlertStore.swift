// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelMonitoring

/// Alerts and what belongs to them in a SQL database, in the same one as the ledger.
package struct SQLAlertStore: AlertStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any AlertReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLRegistryTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any AlertWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}

/// Alerts and silences; destinations and what is on its way there in a file of their own.
extension SQLRegistryTransaction: AlertWriting {
    func openAlerts() throws -> [Alert] {
        try transaction.rows("SELECT * FROM alert WHERE resolved_at IS NULL ORDER BY alert_key").compactMap(known)
    }

    func alerts(limit: Int) throws -> [Alert] {
        try transaction.rows(
            "SELECT * FROM alert ORDER BY number DESC LIMIT :count", ["count": SQLValue(limit)]
        ).compactMap(known)
    }

    func alert(_ number: Int) throws -> Alert? {
        try transaction.rows("SELECT * FROM alert WHERE number = :number", ["number": SQLValue(number)])
            .first.flatMap(known)
    }

    /// One of a kind that only a newer program knows is its own affair.
    private func known(_ row: SQLRow) throws -> Alert? {
        try AlertKey(row.text("alert_key")) == nil ? nil : Alert(row)
    }

    func insert(_ alert: Alert) throws -> Alert? {
        let open = try transaction.rows(
            "SELECT number FROM alert WHERE alert_key = :key AND resolved_at IS NULL",
            ["key": .text(alert.key.description)])
        guard open.isEmpty else { return nil }
        var alert = alert
        alert.number = try nextNumber(of: "number", in: "alert")
        try transaction.execute(
            """
            INSERT INTO alert (number, alert_key, project, severity, summary, evidence, normal, next_command, opened_at,
                escalated_at, resolved_at, is_told)
            VALUES (:number, :key, :project, :severity, :summary, :evidence, :normal, :next, :opened, :escalated,
                :resolved, :told)
            """,
            try alert.parameters.merging([
                "key": .text(alert.key.description), "project": SQLValue(alert.project?.rawValue),
                "opened": SQLValue(alert.openedAt),
            ]) { $1 })
        return alert
    }

    func update(_ alert: Alert) throws -> Bool {
        let open = try transaction.rows(
            "SELECT number FROM alert WHERE number = :number AND resolved_at IS NULL",
            ["number": SQLValue(alert.number)])
        guard !open.isEmpty else { return false }
        try transaction.execute(
            """
            UPDATE alert SET severity = :severity, summary = :summary, evidence = :evidence, normal = :normal,
                next_command = :next, escalated_at = :escalated, resolved_at = :resolved, is_told = :told
            WHERE number = :number
            """, try alert.parameters)
        return true
    }

    func prune(alerts: Int, silences: Int) throws {
        try transaction.execute(
            """
            DELETE FROM alert WHERE resolved_at IS NOT NULL
                AND number <= (SELECT MAX(newest.number) FROM alert AS newest) - :kept
            """, ["kept": SQLValue(alerts)])
        // By their own times: what the clock says may be wrong.
        try transaction.execute(
            """
            DELETE FROM alert_silence
            WHERE number <= (SELECT MAX(newest.number) FROM alert_silence AS newest) - :kept
                AND (ended_at IS NOT NULL
                    OR until_time <= (SELECT MAX(newest.created_at) FROM alert_silence AS newest))
            """, ["kept": SQLValue(silences)])
    }

    // MARK: Silences

    func silences(limit: Int) throws -> [AlertSilence] {
        try transaction.rows(
            """
            SELECT * FROM alert_silence
            ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, until_time DESC, number DESC LIMIT :count
            """, ["count": SQLValue(limit)]
        ).map { row in
            AlertSilence(
                number: try row.integer("number"), pattern: AlertPattern(trusted: try row.text("pattern")),
                until: try row.time("until_time"), reason: try row.text("reason"),
                createdAt: try row.time("created_at"), createdBy: try row.text("created_by"),
                endedAt: try row.optionalTime("ended_at"))
        }
    }

    func insertSilence(_ silence: AlertSilence) throws -> Int {
        let number = try nextNumber(of: "number", in: "alert_silence")
        try transaction.execute(
            """
            INSERT INTO alert_silence (number, pattern, until_time, reason, created_at, created_by)
            VALUES (:number, :pattern, :until, :reason, :time, :actor)
            """,
            [
                "number": SQLValue(number), "pattern": .text(silence.pattern.description),
                "until": SQLValue(silence.until), "reason": .text(silence.reason),
                "time": SQLValue(silence.createdAt), "actor": .text(silence.createdBy),
            ])
        return number
    }

    func endSilence(_ number: Int, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE alert_silence SET ended_at = :time WHERE number = :number AND ended_at IS NULL",
            ["number": SQLValue(number), "time": SQLValue(time)])
    }

    func nextNumber(of column: String, in table: String) throws -> Int {
        let row = try transaction.rows("SELECT MAX(\(column)) AS newest FROM \(table)").first
        return (try row?.optionalInteger("newest") ?? 0) + 1
    }
}

extension SQLRow {
    func optionalTime(_ column: String) throws -> Timestamp? {
        try optionalInteger64(column).map(Timestamp.init(microseconds:))
    }
}

extension SQLValue {
    init(_ value: Timestamp?) { self = value.map { SQLValue($0) } ?? .null }
}

extension Alert {
    /// All that may change, and the number.
    fileprivate var parameters: [String: SQLValue] {
        get throws {
            [
                "number": SQLValue(number), "severity": .text(severity.rawValue), "summary": .text(summary),
                "evidence": .text(try jsonText(evidence)), "normal": .text(normal), "next": .text(next),
                "escalated": SQLValue(escalatedAt), "resolved": SQLValue(resolvedAt),
                "told": .integer(isTold ? 1 : 0),
            ]
        }
    }

    fileprivate init(_ row: SQLRow) throws {
        let project: ProjectName? = try row.optionalText("project") == nil ? nil : row.name("project")
        self.init(
            number: try row.integer("number"), key: try row.required(AlertKey(try row.text("alert_key")), "alert_key"),
            project: project,
            severity: try row.required(AlertSeverity(rawValue: try row.text("severity")), "severity"),
            summary: try row.text("summary"), evidence: try row.decoded("evidence"), normal: try row.text("normal"),
            next: try row.text("next_command"), openedAt: try row.time("opened_at"),
            escalatedAt: try row.optionalTime("escalated_at"), resolvedAt: try row.optionalTime("resolved_at"),
            isTold: try row.integer("is_told") == 1)
    }
}

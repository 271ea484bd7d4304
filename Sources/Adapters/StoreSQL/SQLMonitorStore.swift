// SPDX-License-Identifier: Apache-2.0
internal import DriftDetection
internal import ModelDomain
package import ModelMonitoring
internal import Tensors

/// Counts of traffic in a SQL database, in the same one as the registry.
package struct SQLMonitorStore: MonitorStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any MonitorReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLRegistryTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any MonitorWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLRegistryTransaction(transaction: $0)) }
    }
}

extension TrafficKey {
    fileprivate var parameters: [String: SQLValue] {
        ["project": SQLValue(project), "endpoint": SQLValue(endpoint), "bundle": SQLValue(bundle)]
    }
}

private let ofKey = "project = :project AND endpoint = :endpoint AND bundle = :bundle"

extension SQLRegistryTransaction: MonitorWriting {
    func baseline(of key: TrafficKey) throws -> MonitorBaseline? {
        try transaction.rows("SELECT baseline FROM monitor_version WHERE \(ofKey)", key.parameters).first.map { row in
            try MonitorBaseline(document: Array(row.text("baseline").utf8))
        }
    }

    func fingerprint(of key: TrafficKey) throws -> UInt64? {
        try transaction.rows("SELECT fingerprint FROM monitor_version WHERE \(ofKey)", key.parameters).first.map {
            row in
            try row.required(UInt64(row.text("fingerprint")), "fingerprint")
        }
    }

    func openWindow(of key: TrafficKey) throws -> OpenWindow? {
        try transaction.rows(
            "SELECT window_start, window_pane, window_count, since FROM monitor_version WHERE \(ofKey)", key.parameters
        ).first.map { row in
            OpenWindow(
                start: try row.time("window_start"), pane: try row.optionalPane("window_pane"),
                count: try row.integer("window_count"), since: try row.time("since"))
        }
    }

    func watch(of key: TrafficKey, over baseline: MonitorBaseline) throws -> DriftWatch? {
        try transaction.rows("SELECT watch FROM monitor_version WHERE \(ofKey)", key.parameters).first.flatMap { row in
            try row.optionalText("watch").flatMap { try DriftWatch(document: Array($0.utf8), baseline) }
        }
    }

    func windows(of key: TrafficKey, limit: Int) throws -> [JudgedWindow] {
        try transaction.rows(
            "SELECT * FROM monitor_window WHERE \(ofKey) ORDER BY number DESC LIMIT :count",
            key.parameters.merging(["count": SQLValue(limit)]) { $1 }
        ).map { row in
            JudgedWindow(
                OpenWindow.Closed(
                    number: try row.integer("number"), start: try row.time("start_time"), end: try row.time("end_time"),
                    pane: try row.required(try row.optionalPane("pane"), "pane")), try row.decoded("verdict"))
        }
    }

    func newestWindows() throws -> [TrafficKey: Int] {
        let rows = try transaction.rows(
            "SELECT project, endpoint, bundle, MAX(number) AS newest FROM monitor_window GROUP BY project, endpoint, bundle"
        )
        return Dictionary(
            try rows.map { row in
                (
                    TrafficKey(try row.name("project"), try row.name("endpoint"), try row.digest("bundle")),
                    try row.integer("newest")
                )
            }, uniquingKeysWith: { $1 })
    }

    func panes(of key: TrafficKey, _ length: PaneSeries.Length) throws -> [(start: Timestamp, pane: MonitorPane)] {
        try transaction.rows(
            "SELECT start_time, pane FROM monitor_pane WHERE \(ofKey) AND length = :length ORDER BY start_time",
            key.parameters.merging(["length": .text(length.rawValue)]) { $1 }
        ).map { row in
            (start: try row.time("start_time"), pane: try row.required(try row.optionalPane("pane"), "pane"))
        }
    }

    // MARK: Changing

    func begin(_ key: TrafficKey, _ baseline: MonitorBaseline, at time: Timestamp) throws {
        try transaction.execute(
            """
            INSERT INTO monitor_version (project, endpoint, bundle, baseline, fingerprint, window_start, window_count, since,
                seen_at)
            VALUES (:project, :endpoint, :bundle, :baseline, :fingerprint, :time, 0, :time, :time)
            """,
            key.parameters.merging([
                "baseline": .text(String(decoding: baseline.json.canonical, as: UTF8.self)),
                "fingerprint": .text(String(baseline.fingerprint)), "time": SQLValue(time),
            ]) { $1 })
    }

    func setOpenWindow(_ window: OpenWindow, of key: TrafficKey, at time: Timestamp) throws {
        try transaction.execute(
            """
            UPDATE monitor_version SET window_start = :start, window_pane = :pane, window_count = :count, since = :since,
                seen_at = :time
            WHERE \(ofKey)
            """,
            key.parameters.merging([
                "start": SQLValue(window.start), "pane": window.pane.map { .blob($0.encoded) } ?? .null,
                "count": SQLValue(window.count), "since": SQLValue(window.since), "time": SQLValue(time),
            ]) { $1 })
    }

    func setWatch(_ watch: DriftWatch, of key: TrafficKey) throws {
        try transaction.execute(
            "UPDATE monitor_version SET watch = :watch WHERE \(ofKey)",
            key.parameters.merging(["watch": .text(watch.json.text)]) { $1 })
    }

    func insert(_ window: JudgedWindow, of key: TrafficKey, atMost limit: Int) throws {
        try transaction.execute(
            """
            INSERT INTO monitor_window (project, endpoint, bundle, number, start_time, end_time, pane, verdict)
            VALUES (:project, :endpoint, :bundle, :number, :start, :end, :pane, :verdict)
            """,
            key.parameters.merging([
                "number": SQLValue(window.window.number), "start": SQLValue(window.window.start),
                "end": SQLValue(window.window.end), "pane": .blob(window.window.pane.encoded),
                "verdict": .text(try jsonText(window.verdict)),
            ]) { $1 })
        try transaction.execute(
            "DELETE FROM monitor_window WHERE \(ofKey) AND number <= :oldest",
            key.parameters.merging(["oldest": SQLValue(window.window.number - limit)]) { $1 })
    }

    func add(_ pane: MonitorPane, at time: Timestamp, of key: TrafficKey) throws {
        for length in PaneSeries.Length.allCases {
            let place = key.parameters.merging([
                "length": .text(length.rawValue), "start": SQLValue(length.start(of: time)),
            ]) { $1 }
            let known = try transaction.rows(
                "SELECT pane FROM monitor_pane WHERE \(ofKey) AND length = :length AND start_time = :start", place
            ).first?.optionalPane("pane")
            var sum = pane
            // After a change of baseline the counts over the old one are of no use.
            if var known, known.add(pane) { sum = known }
            try transaction.execute(
                """
                INSERT INTO monitor_pane (project, endpoint, bundle, length, start_time, pane)
                VALUES (:project, :endpoint, :bundle, :length, :start, :pane)
                ON CONFLICT (project, endpoint, bundle, length, start_time) DO UPDATE SET pane = excluded.pane
                """, place.merging(["pane": .blob(sum.encoded)]) { $1 })
            guard known == nil else { continue }
            // Those of the earliest times go, whatever the clock says.
            try transaction.execute(
                """
                DELETE FROM monitor_pane WHERE \(ofKey) AND length = :length AND start_time < (
                    SELECT MIN(newest.start_time) FROM (
                        SELECT start_time FROM monitor_pane WHERE \(ofKey) AND length = :length
                        ORDER BY start_time DESC LIMIT :count) AS newest)
                """,
                key.parameters.merging([
                    "length": .text(length.rawValue), "count": SQLValue(length.kept),
                ]) { $1 })
        }
    }

    func forget(before time: Timestamp) throws {
        let old = try transaction.rows(
            "SELECT project, endpoint, bundle FROM monitor_version WHERE seen_at < :time", ["time": SQLValue(time)])
        for row in old {
            let key = TrafficKey(try row.name("project"), try row.name("endpoint"), try row.digest("bundle"))
            for table in SQLSchema.monitorTables {
                try transaction.execute("DELETE FROM \(table) WHERE \(ofKey)", key.parameters)
            }
        }
    }
}

extension SQLRow {
    fileprivate func optionalPane(_ column: String) throws -> MonitorPane? {
        if case .null? = self[column] { return nil }
        return try required(MonitorPane(encoded: try blob(column)), column)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import GroundTruth
internal import ModelDomain

/// What waits for its prediction, and what was counted.
extension SQLLabelTransaction {
    func waiting(for endpoint: LabelledEndpoint, after: WaitingLabel?, limit: Int) throws -> [WaitingLabel] {
        try transaction.rows(
            """
            SELECT * FROM label_waiting
            WHERE project = :project AND endpoint = :endpoint AND target >= :target
                AND (target > :target OR row_index > :row)
            ORDER BY target, row_index LIMIT :count
            """,
            endpoint.parameters.merging([
                "target": .text(after?.target.stored ?? ""), "row": SQLValue(after.map { $0.row ?? -1 } ?? -2),
                "count": SQLValue(limit),
            ]) { $1 }
        ).map(WaitingLabel.init)
    }

    func waiting(for endpoint: LabelledEndpoint, target: Feedback.Target) throws -> [WaitingLabel] {
        try transaction.rows(
            """
            SELECT * FROM label_waiting
            WHERE project = :project AND endpoint = :endpoint AND target = :target ORDER BY row_index
            """, endpoint.parameters.merging(["target": .text(target.stored)]) { $1 }
        ).map(WaitingLabel.init)
    }

    func waitingCount(for endpoint: LabelledEndpoint) throws -> Int {
        let row = try transaction.rows(
            "SELECT COUNT(*) AS found FROM label_waiting WHERE project = :project AND endpoint = :endpoint",
            endpoint.parameters
        ).first
        return try row?.integer("found") ?? 0
    }

    func endpointsWithWaiting() throws -> [LabelledEndpoint] { try endpoints(in: "label_waiting") }

    func put(_ waiting: WaitingLabel, for endpoint: LabelledEndpoint) throws {
        try transaction.execute(
            """
            INSERT INTO label_waiting (project, endpoint, target, row_index, truth, known_at, since, created_by)
            VALUES (:project, :endpoint, :target, :row, :truth, :known, :since, :actor)
            ON CONFLICT (project, endpoint, target, row_index) DO UPDATE SET truth = excluded.truth,
                known_at = excluded.known_at, created_by = excluded.created_by
            """,
            waiting.parameters(for: endpoint).merging([
                "truth": .text(waiting.label.stored), "known": SQLValue(waiting.at), "since": SQLValue(waiting.since),
                "actor": .text(waiting.actor),
            ]) { $1 })
    }

    func removeWaiting(_ waiting: WaitingLabel, for endpoint: LabelledEndpoint) throws {
        try transaction.execute(
            """
            DELETE FROM label_waiting
            WHERE project = :project AND endpoint = :endpoint AND target = :target AND row_index = :row
            """, waiting.parameters(for: endpoint))
    }

    func counts(of endpoint: LabelledEndpoint) throws -> LabelCounts {
        guard
            let row = try transaction.rows(
                "SELECT * FROM label_count WHERE project = :project AND endpoint = :endpoint", endpoint.parameters
            ).first
        else { return LabelCounts() }
        var counts = LabelCounts()
        counts.repeated = try row.integer("repeated")
        counts.corrected = try row.integer("corrected")
        counts.late = try row.integer("late")
        counts.expired = try row.integer("expired")
        counts.unfit = try row.integer("unfit")
        return counts
    }

    func add(_ counts: LabelCounts, to endpoint: LabelledEndpoint) throws {
        try transaction.execute(
            """
            INSERT INTO label_count (project, endpoint, repeated, corrected, late, expired, unfit)
            VALUES (:project, :endpoint, :repeated, :corrected, :late, :expired, :unfit)
            ON CONFLICT (project, endpoint) DO UPDATE SET repeated = label_count.repeated + excluded.repeated,
                corrected = label_count.corrected + excluded.corrected, late = label_count.late + excluded.late,
                expired = label_count.expired + excluded.expired, unfit = label_count.unfit + excluded.unfit
            """,
            endpoint.parameters.merging([
                "repeated": SQLValue(counts.repeated), "corrected": SQLValue(counts.corrected),
                "late": SQLValue(counts.late), "expired": SQLValue(counts.expired), "unfit": SQLValue(counts.unfit),
            ]) { $1 })
    }
}

extension WaitingLabel {
    /// Which row it is.
    fileprivate func parameters(for endpoint: LabelledEndpoint) -> [String: SQLValue] {
        endpoint.parameters.merging(["target": .text(target.stored), "row": SQLValue(row ?? -1)]) { $1 }
    }

    fileprivate init(_ found: SQLRow) throws {
        let row = try found.integer("row_index")
        self.init(
            target: try found.required(Feedback.Target(stored: try found.text("target")), "target"),
            row: row < 0 ? nil : row, label: try found.required(GivenLabel(stored: try found.text("truth")), "truth"),
            at: try found.time("known_at"), since: try found.time("since"), actor: try found.text("created_by"))
    }
}

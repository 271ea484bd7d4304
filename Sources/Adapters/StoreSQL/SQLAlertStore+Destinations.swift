// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelMonitoring

/// Destinations, what is on its way there, and what the servers say of themselves.
extension SQLRegistryTransaction {
    func destinations() throws -> [AlertDestination] {
        let waiting = try transaction.rows(
            "SELECT destination, COUNT(*) AS found FROM alert_notice GROUP BY destination")
        let counts = Dictionary(
            try waiting.map { (try $0.text("destination"), try $0.integer("found")) }, uniquingKeysWith: { $1 })
        return try transaction.rows("SELECT * FROM alert_destination ORDER BY name").map { row in
            var outcome = AlertDestination.Outcome()
            outcome.deliveredAt = try row.optionalTime("delivered_at")
            outcome.failedAt = try row.optionalTime("failed_at")
            outcome.problem = try row.optionalText("problem")
            outcome.givenUp = try row.integer("given_up")
            outcome.waiting = counts[try row.text("name")] ?? 0
            return AlertDestination(
                name: try row.name("name"),
                kind: try row.required(AlertDestination.Kind(rawValue: try row.text("kind")), "kind"),
                address: try row.required(try? DestinationAddress(try row.text("address")), "address"),
                secret: try row.optionalText("secret").map { try row.required(try? SecretReference($0), "secret") },
                mail: try row.optionalText("mail") == nil ? nil : row.decoded("mail"),
                createdAt: try row.time("created_at"), createdBy: try row.text("created_by"), outcome: outcome)
        }
    }

    func insert(_ destination: AlertDestination) throws {
        try transaction.execute(
            """
            INSERT INTO alert_destination (name, kind, address, secret, mail, created_at, created_by, given_up)
            VALUES (:name, :kind, :address, :secret, :mail, :time, :actor, 0)
            """,
            [
                "name": SQLValue(destination.name), "kind": .text(destination.kind.rawValue),
                "address": .text(destination.address.description),
                "secret": SQLValue(destination.secret?.description),
                "mail": SQLValue(try destination.mail.map { try jsonText($0) }),
                "time": SQLValue(destination.createdAt), "actor": .text(destination.createdBy),
            ])
    }

    func removeDestination(_ name: DestinationName) throws {
        let parameters: [String: SQLValue] = ["name": SQLValue(name)]
        try transaction.execute("DELETE FROM alert_notice WHERE destination = :name", parameters)
        try transaction.execute("DELETE FROM alert_destination WHERE name = :name", parameters)
    }

    func setOutcome(_ outcome: AlertDestination.Outcome, of name: DestinationName) throws {
        try transaction.execute(
            """
            UPDATE alert_destination SET delivered_at = :delivered, failed_at = :failed, problem = :problem,
                given_up = :count
            WHERE name = :name
            """,
            [
                "delivered": SQLValue(outcome.deliveredAt), "failed": SQLValue(outcome.failedAt),
                "problem": SQLValue(outcome.problem), "count": SQLValue(outcome.givenUp), "name": SQLValue(name),
            ])
    }

    // MARK: Notices

    func nextNotices() throws -> [AlertNotice] {
        try transaction.rows(
            """
            SELECT * FROM alert_notice WHERE position IN (
                SELECT MIN(oldest.position) FROM alert_notice AS oldest GROUP BY oldest.destination)
            ORDER BY position
            """
        ).map { row in
            AlertNotice(
                id: try row.text("id"),
                event: try row.required(AlertNotice.Event(rawValue: try row.text("event")), "event"),
                destination: try row.name("destination"), alert: try Alert(row.decoded("alert") as KeptAlert, row),
                createdAt: try row.time("created_at"), attempts: try row.integer("attempts"),
                dueAt: try row.time("due_at"))
        }
    }

    func insert(_ notice: AlertNotice, atMost limit: Int) throws {
        let destination: [String: SQLValue] = ["destination": SQLValue(notice.destination)]
        let count = try transaction.rows(
            "SELECT COUNT(*) AS found FROM alert_notice WHERE destination = :destination", destination)
        if try count.first?.integer("found") ?? 0 >= limit {
            try transaction.execute(
                """
                DELETE FROM alert_notice WHERE position = (
                    SELECT MIN(oldest.position) FROM alert_notice AS oldest WHERE oldest.destination = :destination)
                """, destination)
            try transaction.execute(
                "UPDATE alert_destination SET given_up = given_up + 1 WHERE name = :destination", destination)
        }
        try transaction.execute(
            """
            INSERT INTO alert_notice (position, id, destination, event, alert, created_at, attempts, due_at)
            VALUES (:position, :id, :destination, :event, :alert, :created, :attempts, :due)
            """,
            [
                "position": SQLValue(try nextNumber(of: "position", in: "alert_notice")), "id": .text(notice.id),
                "destination": SQLValue(notice.destination), "event": .text(notice.event.rawValue),
                "alert": .text(try jsonText(KeptAlert(notice.alert))), "created": SQLValue(notice.createdAt),
                "attempts": SQLValue(notice.attempts), "due": SQLValue(notice.dueAt),
            ])
    }

    func update(_ notice: AlertNotice) throws -> Bool {
        let known = try transaction.rows("SELECT id FROM alert_notice WHERE id = :id", ["id": .text(notice.id)])
        guard !known.isEmpty else { return false }
        try transaction.execute(
            "UPDATE alert_notice SET attempts = :attempts, due_at = :due WHERE id = :id",
            [
                "attempts": SQLValue(notice.attempts), "due": SQLValue(notice.dueAt), "id": .text(notice.id),
            ])
        return true
    }

    func removeNotice(_ id: String) throws {
        try transaction.execute("DELETE FROM alert_notice WHERE id = :id", ["id": .text(id)])
    }

    // MARK: Signals

    func signals() throws -> [ReplicaSignals] {
        try transaction.rows("SELECT signals FROM alert_signal ORDER BY replica").map { try $0.decoded("signals") }
    }

    func setSignals(_ signals: ReplicaSignals) throws {
        try transaction.execute(
            """
            INSERT INTO alert_signal (replica, signals) VALUES (:replica, :signals)
            ON CONFLICT (replica) DO UPDATE SET signals = excluded.signals
            """, ["replica": .text(signals.replica), "signals": .text(try jsonText(signals))])
    }

    func keepSignals(of replicas: [String]) throws {
        let kept = Set(replicas)
        for row in try transaction.rows("SELECT replica FROM alert_signal") {
            let replica = try row.text("replica")
            guard !kept.contains(replica) else { continue }
            try transaction.execute("DELETE FROM alert_signal WHERE replica = :replica", ["replica": .text(replica)])
        }
    }
}

/// An alert inside of a notice, as it was then.
private struct KeptAlert: Codable {
    let number: Int
    let key: String
    let project: String?
    let severity: AlertSeverity
    let summary: String
    let evidence: [AlertEvidence]
    let normal: String
    let next: String
    let openedAt: Int64
    let escalatedAt: Int64?
    let resolvedAt: Int64?
    let isTold: Bool

    init(_ alert: Alert) {
        number = alert.number
        key = alert.key.description
        project = alert.project?.rawValue
        severity = alert.severity
        summary = alert.summary
        evidence = alert.evidence
        normal = alert.normal
        next = alert.next
        openedAt = alert.openedAt.microseconds
        escalatedAt = alert.escalatedAt?.microseconds
        resolvedAt = alert.resolvedAt?.microseconds
        isTold = alert.isTold
    }
}

extension Alert {
    fileprivate init(_ kept: KeptAlert, _ row: SQLRow) throws {
        self.init(
            number: kept.number, key: try row.required(AlertKey(kept.key), "alert"),
            project: kept.project.flatMap(ProjectName.init(rawValue:)), severity: kept.severity, summary: kept.summary,
            evidence: kept.evidence, normal: kept.normal, next: kept.next,
            openedAt: Timestamp(microseconds: kept.openedAt),
            escalatedAt: kept.escalatedAt.map(Timestamp.init(microseconds:)),
            resolvedAt: kept.resolvedAt.map(Timestamp.init(microseconds:)), isTold: kept.isTold)
    }
}

/// Names sorted, so that the same value is always the same text.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension SQLRow {
    /// A column whose text is JSON.
    func decoded<Value: Decodable>(_ column: String) throws -> Value {
        let text = try text(column)
        return try required(try? JSONDecoder().decode(Value.self, from: Data(text.utf8)), column)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import ModelDomain
internal import ModelMonitoring

// What each kind of destination is sent. The same notice is always the same bytes.

// MARK: Webhooks

private struct WebhookBody: Encodable {
    struct Told: Encodable {
        let number: Int
        let key: String
        let kind: String
        let severity: String
        let state: String
        let project: String?
        let endpoint: String?
        let column: String?
        let summary: String
        let evidence: [AlertEvidence]
        let normal: String
        let next: String
        let openedAt: String
        let escalatedAt: String?
        let resolvedAt: String?
    }

    let schema = "slipway.alert/1"
    let id: String
    let event: String
    let alert: Told
}

func webhookBody(_ notice: AlertNotice) throws -> [UInt8] {
    let alert = notice.alert
    return try json(
        WebhookBody(
            id: notice.id, event: notice.event.rawValue,
            alert: WebhookBody.Told(
                number: alert.number, key: alert.key.description, kind: alert.key.kind.rawValue,
                severity: alert.severity.rawValue, state: alert.isOpen ? "open" : "resolved",
                project: alert.project?.rawValue, endpoint: alert.endpoint?.rawValue, column: alert.key.column,
                summary: alert.summary, evidence: alert.evidence, normal: alert.normal, next: alert.next,
                openedAt: alert.openedAt.text, escalatedAt: alert.escalatedAt?.text,
                resolvedAt: alert.resolvedAt?.text)))
}

/// The id, and the signature: HMAC-SHA-256 of the seconds since 1970, a point, and the body.
func webhookHeaders(
    _ notice: AlertNotice, secret: [UInt8]?, at time: Date
) throws -> [(name: String, value: String)] {
    let seconds = String(Int(time.timeIntervalSince1970))
    var headers = [("idempotency-key", notice.id), ("x-slipway-timestamp", seconds)]
    if let secret {
        let signed = Array("\(seconds).".utf8) + (try webhookBody(notice))
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret))
        headers.append(("x-slipway-signature", "v1=" + code.map(hexadecimal).joined()))
    }
    return headers
}

private func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

// MARK: Slack

/// What Slack's incoming webhooks take, and those that do as it does.
func slackBody(_ notice: AlertNotice) throws -> [UInt8] {
    struct Body: Encodable { let text: String }
    let alert = notice.alert
    var lines = ["*\(escaped(headline(notice)))*", escaped(alert.summary)]
    if notice.event != .resolved {
        lines += alert.evidence.map { "• \(escaped($0.name)): \(escaped($0.value))" }
        lines.append("normal: \(escaped(alert.normal))")
        lines.append("next: `\(escaped(alert.next.replacing("`", with: "'")))`")
    }
    return try json(Body(text: lines.joined(separator: "\n")))
}

private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}

/// `critical: error_rate/churn`, `resolved: error_rate/churn`.
func headline(_ notice: AlertNotice) -> String {
    switch notice.event {
    case .opened, .escalated: "\(notice.alert.severity.rawValue): \(notice.alert.key)"
    case .resolved: "resolved: \(notice.alert.key)"
    case .test: "test: \(notice.alert.summary)"
    }
}

// MARK: Alertmanager

private struct ManagedAlert: Encodable {
    let labels: [String: String]
    let annotations: [String: String]
    let startsAt: String
    let endsAt: String
}

/// What Alertmanager's API of version 2 takes. It would take an alert for over of which it does not hear for minutes: so an
/// open one is said to end in a year, and is ended when it does.
func alertmanagerBody(_ notice: AlertNotice) throws -> [UInt8] {
    let alert = notice.alert
    let year: Int64 = 365 * 86_400 * 1_000_000
    let end: Timestamp =
        switch notice.event {
        case .test: Timestamp(microseconds: alert.openedAt.microseconds + 60_000_000)
        case .opened, .escalated: Timestamp(microseconds: notice.time.microseconds + year)
        case .resolved: alert.resolvedAt ?? notice.time
        }
    var alerts = [managed(alert, notice, alert.severity, end: end)]
    // Its severity is among the labels that tell alerts apart: the one that was a warning is over.
    if alert.escalatedAt != nil {
        let before = alert.escalatedAt ?? notice.time
        alerts.insert(managed(alert, notice, .warning, end: before), at: 0)
    }
    return try json(alerts)
}

private func managed(
    _ alert: Alert, _ notice: AlertNotice, _ severity: AlertSeverity, end: Timestamp
) -> ManagedAlert {
    var labels = [
        "alertname": "slipway_\(notice.event == .test ? "test" : alert.key.kind.rawValue)",
        "severity": severity.rawValue, "key": alert.key.description, "service": Product.name,
    ]
    labels["project"] = alert.project?.rawValue
    labels[alert.project == nil ? "host" : "endpoint"] = alert.key.subject
    labels["column"] = alert.key.column
    return ManagedAlert(
        labels: labels,
        annotations: [
            "summary": alert.summary, "normal": alert.normal, "next": alert.next, "notice": notice.id,
            "evidence": alert.evidence.map { "\($0.name): \($0.value)" }.joined(separator: "; "),
        ], startsAt: alert.openedAt.text, endsAt: end.text)
}

private func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
}

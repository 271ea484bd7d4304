// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelMonitoring

/// A notice as mail: a text without formatting, in lines that every server takes.
struct MailMessage: Sendable {
    let from: String
    let to: [String]
    /// With its headers, lines ended by CR LF; no line begins with a point.
    let text: String

    init(_ notice: AlertNotice, _ heads: MailHeads) {
        from = heads.from
        to = heads.to
        let headers = [
            "From: Slipway <\(heads.from)>", "To: \(heads.to.joined(separator: ",\r\n "))",
            "Subject: \(encodedWords("[slipway] \(headline(notice))"))", "Date: \(mailDate(notice.createdAt))",
            "Message-ID: <\(notice.id)@slipway>", "X-Slipway-Notice: \(notice.id)", "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
        ]
        let body = Data(Self.body(notice).utf8).base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        text = headers.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }

    private static func body(_ notice: AlertNotice) -> String {
        let alert = notice.alert
        var lines = [alert.summary, ""]
        lines += alert.evidence.map { "\($0.name): \($0.value)" }
        lines += ["", "normal: \(alert.normal)", "next: \(alert.next)", "", "since: \(alert.openedAt.text)"]
        if let time = alert.resolvedAt { lines.append("over: \(time.text)") }
        lines += ["alert: \(alert.number), \(alert.key)"]
        return lines.joined(separator: "\r\n")
    }
}

/// A header's text as RFC 2047 has it: whatever is in it, it is ASCII and in short lines.
func encodedWords(_ text: String) -> String {
    var words: [[UInt8]] = [[]]
    for scalar in text.unicodeScalars {
        let bytes = Array(String(scalar).utf8)
        // 45 bytes are 60 digits of base64: a word has 75 signs at most.
        if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
        words[words.count - 1] += bytes
    }
    return words.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
}

/// `Sat, 28 Nov 2026 01:02:03 +0000`
func mailDate(_ time: Timestamp) -> String {
    let text = time.text
    let date = text.prefix(10).split(separator: "-")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let second = Int64((Double(time.microseconds) / 1_000_000).rounded(.down))
    let day = Int64((Double(second) / 86_400).rounded(.down))
    guard date.count == 3, let month = Int(date[1]), (1...12).contains(month) else { return text }
    return
        "\(days[Int(((day % 7) + 7) % 7)]), \(date[2]) \(months[month - 1]) \(date[0]) \(text.dropFirst(11).prefix(8)) +0000"
}

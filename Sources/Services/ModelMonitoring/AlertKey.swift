// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// What an alert may be about.
package enum AlertKind: String, Sendable, Codable, CaseIterable {
    /// Requests of an endpoint that the model fails to answer.
    case errorRate = "error_rate"
    /// Requests of an endpoint that take longer than its objective.
    case latency
    /// An endpoint that has nothing proven to answer with, or not the version that is wanted.
    case notReady = "not_ready"
    /// Requests of an endpoint that are refused because more comes than can be answered.
    case refusals
    /// Predictions that were made and not written down.
    case logDrops = "log_drops"
    /// Processes of a model that end by themselves.
    case workerRestarts = "worker_restarts"
    /// Little room where a server keeps its data.
    case disk
    /// A server's certificate that ends soon.
    case certificate
    /// Inputs or answers that are not as they were in training.
    case drift
    /// Missing values, new categories, values out of range.
    case dataQuality = "data_quality"
    /// Answers that turned out wrong.
    case quality
}

package enum AlertSeverity: String, Sendable, Codable, CaseIterable, Comparable {
    case warning
    case critical

    package static func < (left: Self, right: Self) -> Bool { left == .warning && right == .critical }
}

/// What makes two alerts the same one: `error_rate/churn`, `drift/churn/age`, `disk/host-a`. Of each key one alert at a time
/// is open.
package struct AlertKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// In bytes, of all of it.
    package static let longest = 400

    package let kind: AlertKind
    /// An endpoint, or a machine.
    package let subject: String
    /// A column of the endpoint's inputs or answers; `nil` for all of it.
    package let column: String?
    /// All of it. Compared byte by byte: two spellings of one letter are two columns.
    package let description: String

    package init(_ kind: AlertKind, _ subject: String, column: String? = nil) {
        self.kind = kind
        self.subject = plain(subject)
        self.column = column.map { plain($0) }
        let text = ([kind.rawValue, self.subject] + (self.column.map { [$0] } ?? [])).joined(separator: "/")
        guard text.utf8.count > Self.longest else {
            description = text
            return
        }
        // Two long names that begin alike stay two.
        description =
            String(decoding: text.utf8.prefix(Self.longest - 80), as: UTF8.self) + "…" + Digest(of: text.utf8).hex
    }

    /// A key as ``description`` writes it.
    package init?(_ text: some StringProtocol) {
        let parts = String(text).split(separator: "/" as Character, maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count >= 2, let kind = AlertKind(rawValue: parts[0]), !parts[1].isEmpty else { return nil }
        self.init(kind, parts[1], column: parts.count > 2 ? parts[2] : nil)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.description.utf8.elementsEqual(right.description.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

/// Without control characters, which databases and terminals disagree about.
///
/// - Parameter limit: In bytes; what is longer is cut there.
func plain(_ text: String, atMost limit: Int = .max) -> String {
    let cut = text.utf8.count > limit ? String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…" : text
    guard cut.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return cut }
    return String(
        String.UnicodeScalarView(cut.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
}

// SPDX-License-Identifier: Apache-2.0

/// How urgent a request is. While one of a higher priority waits, none of a lower one runs.
package enum RequestPriority: Int, Sendable, CaseIterable, Comparable {
    /// Somebody waits for the answer: what every request is that does not say otherwise.
    case interactive = 0
    /// Many rows that have time.
    case batch = 1
    /// Answers that nobody gets: to compare versions by.
    case shadow = 2

    /// `interactive`, `batch` or `shadow`.
    package init?(name: some StringProtocol) {
        guard let priority = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = priority
    }

    /// As the protocol of Triton counts: 1 is the highest, and 0 leaves it to the server.
    package init?(level: Int64) {
        guard let priority = level == 0 ? .interactive : Self(rawValue: Int(clamping: level &- 1)) else { return nil }
        self = priority
    }

    package var name: String {
        switch self {
        case .interactive: "interactive"
        case .batch: "batch"
        case .shadow: "shadow"
        }
    }

    /// In the words of an error.
    package static let form = "interactive, batch or shadow"
    package static let levelForm = "1 (interactive), 2 (batch) or 3 (shadow), or 0 for the standard one"

    /// The more urgent one comes first.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

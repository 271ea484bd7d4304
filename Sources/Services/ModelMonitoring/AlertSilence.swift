// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Keys of which nobody is to be told for a while: alerts open and end as ever.
package struct AlertSilence: Sendable, Hashable {
    /// Counted from 1.
    package let number: Int
    package let pattern: AlertPattern
    package let until: Timestamp
    package let reason: String
    package let createdAt: Timestamp
    package let createdBy: String
    /// When somebody ended it before its time.
    package var endedAt: Timestamp?

    package init(
        number: Int, pattern: AlertPattern, until: Timestamp, reason: String, createdAt: Timestamp, createdBy: String,
        endedAt: Timestamp? = nil
    ) {
        self.number = number
        self.pattern = pattern
        self.until = until
        self.reason = reason
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.endedAt = endedAt
    }

    package func holds(at time: Timestamp) -> Bool { endedAt == nil && time < until }
}

/// Keys by how they are written: `*` stands for any text, `/` included. Everything else stands for itself.
package struct AlertPattern: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Throws: `IN-006` for a text that no key could match.
    package init(_ text: String) throws(Refusal) {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard (1...AlertKey.longest).contains(text.utf8.count), isPlain, Self.canMatch(text) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(text.prefix(100))” is the key of no alert.",
                hint:
                    "Write it as `slipway alert list --all` shows it, such as error_rate/churn; `*` stands for any text.",
                details: [.init("field", "pattern")])
        }
        description = text
    }

    /// One that was accepted before.
    package init(trusted text: String) { description = text }

    /// A kind that is mistyped would silence nothing, and say nothing.
    private static func canMatch(_ text: String) -> Bool {
        let kind = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)[0]
        guard !kind.contains("*") else { return true }
        return kind.utf8.count < text.utf8.count && AlertKind(rawValue: String(kind)) != nil
    }

    package func matches(_ key: AlertKey) -> Bool {
        matches(Array(description.utf8), Array(key.description.utf8))
    }

    /// With one point to go back to, so that no pattern takes longer than the product of the lengths.
    private func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var (p, t) = (0, 0)
        var lastStar: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == star {
                lastStar = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let (starAt, textAt) = lastStar {
                lastStar = (starAt, textAt + 1)
                p = starAt + 1
                t = textAt + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a destination is told, once: kept until it has arrived.
package struct AlertNotice: Sendable, Hashable {
    package enum Event: String, Sendable, Codable, CaseIterable {
        case opened, escalated, resolved
        /// Nothing has happened: somebody wants to know whether it arrives.
        case test
    }

    /// The same however often it is sent: whoever gets it twice can tell.
    package let id: String
    package let event: Event
    package let destination: DestinationName
    /// As it was then.
    package let alert: Alert
    package let createdAt: Timestamp
    /// How often it was sent in vain.
    package var attempts: Int
    /// Before this it is not sent again.
    package var dueAt: Timestamp

    package init(
        id: String, event: Event, destination: DestinationName, alert: Alert, createdAt: Timestamp, attempts: Int = 0,
        dueAt: Timestamp? = nil
    ) {
        self.id = id
        self.event = event
        self.destination = destination
        self.alert = alert
        self.createdAt = createdAt
        self.attempts = attempts
        self.dueAt = dueAt ?? createdAt
    }

    /// When what it tells of happened.
    package var time: Timestamp {
        switch event {
        case .opened, .test: alert.openedAt
        case .escalated: alert.escalatedAt ?? alert.openedAt
        case .resolved: alert.resolvedAt ?? alert.openedAt
        }
    }

    /// Random: no two are alike, also not those of two servers.
    static func newID() -> String {
        let digits = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)].map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return digits.joined()
    }
}

/// When a notice that did not arrive is sent again.
///
/// Counted in attempts, so that a clock that jumps gives up nothing: pauses double from one look's length to an hour, a
/// fifth more or less by chance; after the last one, about three days later, the notice is given up.
package struct RetryPlan: Sendable, Hashable {
    package static let longestPause: Duration = .seconds(3600)
    package let firstPause: Duration
    package let mostAttempts: Int

    package init(firstPause: Duration = .seconds(15), mostAttempts: Int = 80) {
        self.firstPause = firstPause
        self.mostAttempts = mostAttempts
    }

    /// - Parameter chance: From 0 to 1.
    package func pause(after attempts: Int, chance: Double) -> Duration {
        let doubled = firstPause * (1 << min(max(0, attempts - 1), 20))
        return min(doubled, Self.longestPause) * (0.8 + 0.4 * chance)
    }
}

/// Why a notice did not arrive, in words without a secret in them.
package struct DeliveryFailure: Error, Hashable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// What brings notices where they go. It takes ten seconds at most, and follows nobody elsewhere.
package protocol AlertSink: Sendable {
    func deliver(_ notice: AlertNotice, to destination: AlertDestination) async throws(DeliveryFailure)

    /// Whether something could be delivered there, as far as can be told without doing so.
    ///
    /// - Throws: `IN-006` for an address that is none, `ALR-003` for a secret that cannot be read.
    func check(_ destination: AlertDestination) throws(Refusal)
}

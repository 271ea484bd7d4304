// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A fact that an alert opens with.
package struct AlertEvidence: Sendable, Codable, Hashable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What one look found about one key.
package enum AlertLevel: Sendable, Hashable {
    /// As it should be.
    case clean
    /// Too little to say either: changes nothing.
    case undecided
    case violated(AlertSeverity)
    /// What the key is about is not there any more: an alert about it ends at once.
    case gone
}

/// What a rule, or a monitor, says of one key: the only way by which alerts open and end.
package struct AlertFinding: Sendable, Hashable {
    package let key: AlertKey
    /// Of the endpoint; `nil` for what is about a machine.
    package let project: ProjectName?
    package let level: AlertLevel
    /// One sentence that says what is.
    package let summary: String
    /// Numbers, and over what.
    package let evidence: [AlertEvidence]
    /// What is normal, in words.
    package let normal: String
    /// The command to type next.
    package let next: String
    /// Whether one critical look is enough to open.
    package let isCertain: Bool

    /// - Parameter isCertain: Whether a single critical look is enough; else two of three are needed, as for a warning.
    ///
    /// What it says is put into words only where it is violated: thousands are found with each look.
    package init(
        _ key: AlertKey, project: ProjectName?, _ level: AlertLevel, summary: @autoclosure () -> String = "",
        evidence: @autoclosure () -> [AlertEvidence] = [], normal: @autoclosure () -> String = "",
        next: @autoclosure () -> String = "", isCertain: Bool = true
    ) {
        self.key = key
        self.project = project
        self.level = level
        self.isCertain = isCertain
        guard case .violated = level else {
            (self.summary, self.evidence, self.normal, self.next) = ("", [], "", "")
            return
        }
        self.summary = plain(summary(), atMost: 500)
        // What a model says of itself may be among them.
        self.evidence = evidence().prefix(50).map {
            AlertEvidence(plain($0.name, atMost: 100), plain($0.value, atMost: 500))
        }
        self.normal = plain(normal(), atMost: 500)
        self.next = plain(next(), atMost: 500)
    }
}

/// Something that needs a person, from when it was found until it is over.
package struct Alert: Sendable, Hashable {
    /// Counted from 1, and not given again.
    package var number: Int
    package let key: AlertKey
    package let project: ProjectName?
    package var severity: AlertSeverity
    package var summary: String
    package var evidence: [AlertEvidence]
    package var normal: String
    package var next: String
    package let openedAt: Timestamp
    /// When it became critical after having been less.
    package var escalatedAt: Timestamp?
    package var resolvedAt: Timestamp?
    /// Whether anybody was told that it opened: then they are told that it is over.
    package var isTold: Bool

    package init(
        number: Int, key: AlertKey, project: ProjectName?, severity: AlertSeverity, summary: String,
        evidence: [AlertEvidence], normal: String, next: String, openedAt: Timestamp, escalatedAt: Timestamp? = nil,
        resolvedAt: Timestamp? = nil, isTold: Bool = false
    ) {
        self.number = number
        self.key = key
        self.project = project
        self.severity = severity
        self.summary = summary
        self.evidence = evidence
        self.normal = normal
        self.next = next
        self.openedAt = openedAt
        self.escalatedAt = escalatedAt
        self.resolvedAt = resolvedAt
        self.isTold = isTold
    }

    package var isOpen: Bool { resolvedAt == nil }

    /// The endpoint that it is about; `nil` where it is about a machine.
    package var endpoint: EndpointName? { project == nil ? nil : EndpointName(rawValue: key.subject) }
}

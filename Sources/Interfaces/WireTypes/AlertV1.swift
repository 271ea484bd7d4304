// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelMonitoring

/// An alert as `GET /v1/alerts` lists it.
package struct AlertV1: Codable, Sendable, Equatable {
    package struct Evidence: Codable, Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package let number: Int
    /// What makes it the same alert: `error_rate/churn`.
    package let key: String
    package let kind: String
    /// `warning` or `critical`.
    package let severity: String
    /// `open` or `resolved`.
    package let state: String
    /// Of the endpoint; absent for what is about a machine.
    package let project: String?
    package let endpoint: String?
    package let column: String?
    package let summary: String
    package let evidence: [Evidence]
    /// What is normal, in words.
    package let normal: String
    /// The command to type next.
    package let next: String
    /// RFC 3339.
    package let openedAt: String
    package let escalatedAt: String?
    package let resolvedAt: String?
    /// Whether anybody was told of it.
    package let told: Bool
    /// Until when nobody is told of it; absent where it is not silenced.
    package let silencedUntil: String?

    package init(_ seen: Alerts.Seen) {
        let alert = seen.alert
        number = alert.number
        key = alert.key.description
        kind = alert.key.kind.rawValue
        severity = alert.severity.rawValue
        state = alert.isOpen ? "open" : "resolved"
        project = alert.project?.rawValue
        endpoint = alert.endpoint?.rawValue
        column = alert.key.column
        summary = alert.summary
        evidence = alert.evidence.map { Evidence(name: $0.name, value: $0.value) }
        normal = alert.normal
        next = alert.next
        openedAt = alert.openedAt.text
        escalatedAt = alert.escalatedAt?.text
        resolvedAt = alert.resolvedAt?.text
        told = alert.isTold
        silencedUntil = seen.silence?.until.text
    }
}

/// A silence as `GET /v1/alerts/silences` lists it.
package struct AlertSilenceV1: Codable, Sendable, Equatable {
    package let number: Int
    package let pattern: String
    /// RFC 3339.
    package let until: String
    package let reason: String
    package let createdAt: String
    package let createdBy: String
    /// When somebody ended it before its time.
    package let endedAt: String?

    package init(_ silence: AlertSilence) {
        number = silence.number
        pattern = silence.pattern.description
        until = silence.until.text
        reason = silence.reason
        createdAt = silence.createdAt.text
        createdBy = silence.createdBy
        endedAt = silence.endedAt?.text
    }
}

/// `POST /v1/alerts/silences`.
package struct CreateAlertSilenceV1: Codable, Sendable, Equatable {
    /// A key, or one with `*` for any text in it.
    package let pattern: String
    /// How long, as people write it: `2h`.
    package let lasting: String
    package let reason: String

    package init(pattern: String, lasting: String, reason: String) {
        self.pattern = pattern
        self.lasting = lasting
        self.reason = reason
    }
}

/// A destination as `GET /v1/alerts/destinations` lists it: where secrets are, and never what they are.
package struct AlertDestinationV1: Codable, Sendable, Equatable {
    package let name: String
    /// `webhook`, `slack`, `alertmanager` or `mail`.
    package let kind: String
    /// Up to its host, or where it lies.
    package let address: String
    /// Where the secret is: `env:NAME` or `file:PATH`.
    package let secret: String?
    package let from: String?
    package let to: [String]?
    package let user: String?
    package let createdAt: String
    package let createdBy: String
    package let deliveredAt: String?
    package let failedAt: String?
    /// Why the last notice did not arrive; absent once one has.
    package let problem: String?
    /// Notices that wait, and notices that were given up.
    package let waiting: Int
    package let givenUp: Int

    package init(_ destination: AlertDestination) {
        name = destination.name.rawValue
        kind = destination.kind.rawValue
        address = destination.address.shown
        secret = destination.secret?.description
        from = destination.mail?.from
        to = destination.mail?.to
        user = destination.mail?.user
        createdAt = destination.createdAt.text
        createdBy = destination.createdBy
        deliveredAt = destination.outcome.deliveredAt?.text
        failedAt = destination.outcome.failedAt?.text
        problem = destination.outcome.problem
        waiting = destination.outcome.waiting
        givenUp = destination.outcome.givenUp
    }
}

/// `POST /v1/alerts/destinations`.
package struct CreateAlertDestinationV1: Codable, Sendable, Equatable {
    package let name: String
    /// `webhook`, `slack`, `alertmanager` or `mail`.
    package let kind: String
    /// A URL, or where one lies: `env:NAME` or `file:PATH`. Of mail, `smtp://HOST:PORT` or `smtps://HOST:PORT`.
    package let address: String
    /// `env:NAME` or `file:PATH`.
    package let secret: String?
    package let from: String?
    package let to: [String]?
    package let user: String?

    package init(
        name: String, kind: String, address: String, secret: String?, from: String?, to: [String]?, user: String?
    ) {
        self.name = name
        self.kind = kind
        self.address = address
        self.secret = secret
        self.from = from
        self.to = to
        self.user = user
    }
}

/// `POST /v1/alerts/tests`.
package struct TestAlertV1: Codable, Sendable, Equatable {
    /// Absent for all destinations.
    package let destination: String?

    package init(destination: String?) { self.destination = destination }
}

/// What came of a test at one destination.
package struct TestedDestinationV1: Codable, Sendable, Equatable {
    package let destination: String
    package let delivered: Bool
    /// Why it did not arrive.
    package let problem: String?

    package init(destination: String, problem: String?) {
        self.destination = destination
        delivered = problem == nil
        self.problem = problem
    }
}

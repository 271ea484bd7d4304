// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelRegistry

/// Alerts as people see them, and what people decide about them: destinations and silences. Every change has its entry in
/// the ledger, in the same transaction.
package struct Alerts: Sendable {
    package static let listLimit = 1000

    private let store: any AlertStore
    private let sink: any AlertSink
    private let now: @Sendable () -> Timestamp

    package init(store: any AlertStore, sink: any AlertSink, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.sink = sink
        self.now = now
    }

    package var time: Timestamp { now() }

    /// An alert, and the silence because of which nobody is told of it at the moment.
    package struct Seen: Sendable {
        package let alert: Alert
        package let silence: AlertSilence?
    }

    // MARK: Alerts

    /// Those that are open, the worst first; with those that are over, the newest first.
    package func list(all: Bool) async throws -> [Seen] {
        let time = now()
        return try await store.read { store in
            let silences = try store.silences(limit: Self.listLimit).filter { $0.holds(at: time) }
            let alerts =
                all
                ? try store.alerts(limit: Self.listLimit)
                : try store.openAlerts().sorted { ($1.severity, $0.number) < ($0.severity, $1.number) }
            return alerts.map { Seen($0, silences) }
        }
    }

    /// - Throws: `ALR-001`.
    package func alert(_ number: Int) async throws -> Seen {
        let time = now()
        return try await store.read { store in
            guard let alert = try store.alert(number) else {
                throw unknown("alert \(number)", list: "slipway alert list --all")
            }
            return Seen(alert, try store.silences(limit: Self.listLimit).filter { $0.holds(at: time) })
        }
    }

    // MARK: Silences

    /// Those that hold, the newest first; with those that have ended as well.
    package func silences(all: Bool) async throws -> [AlertSilence] {
        let time = now()
        return try await store.read { try $0.silences(limit: Self.listLimit) }.filter { all || $0.holds(at: time) }
    }

    /// - Throws: `IN-003` without a reason, `IN-008` for one that cannot be kept, `IN-009` for one more than there may be.
    package func silence(
        _ pattern: AlertPattern, for length: Lifetime, because reason: String, by actor: String
    ) async throws -> AlertSilence {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw Refusal(
                .missingValue, .invalidInput, "A silence has a reason.", hint: "Say why: whoever wonders will read it.",
                details: [.init("field", "reason")])
        }
        try checkText(reason, what: "reason", limit: 500)
        return try await store.write { [now] store in
            let log = try LedgerWriter(store, by: actor, reason: reason, at: now())
            let time = now()
            try requireRoom(
                try store.silences(limit: Self.listLimit).count { $0.holds(at: time) }, what: "silences")
            let silence = AlertSilence(
                number: 0, pattern: pattern, until: time.after(length), reason: reason, createdAt: time,
                createdBy: actor)
            let number = try store.insertSilence(silence)
            try log.append("alert.silence", "silence/\(number)", after: "\(pattern) until \(silence.until.text)")
            return AlertSilence(
                number: number, pattern: pattern, until: silence.until, reason: reason, createdAt: time,
                createdBy: actor)
        }
    }

    /// - Throws: `ALR-001` for one that is not there, or has ended.
    package func unsilence(_ number: Int, by actor: String) async throws {
        try await store.write { [now] store in
            let log = try LedgerWriter(store, by: actor, at: now())
            let time = now()
            guard
                let found = try store.silences(limit: Self.listLimit).first(where: {
                    $0.number == number && $0.holds(at: time)
                })
            else { throw unknown("silence \(number)", list: "slipway alert silences") }
            try store.endSilence(number, at: time)
            try log.append(
                "alert.unsilence", "silence/\(number)", before: "\(found.pattern) until \(found.until.text)")
        }
    }

    // MARK: Destinations

    /// By name.
    package func destinations() async throws -> [AlertDestination] {
        try await store.read { try $0.destinations() }
    }

    /// - Throws: `ALR-002` for a name that is taken, `ALR-003` for a secret that cannot be read, `IN-006` for an address
    ///   that is none, `IN-009` for one more than there may be.
    package func add(_ order: AlertDestination) async throws {
        try sink.check(order)
        try await store.write { [now] store in
            let log = try LedgerWriter(store, by: order.createdBy, at: now())
            let present = try store.destinations()
            guard !present.contains(where: { $0.name == order.name }) else {
                throw Refusal(
                    .destinationTaken, .conflict, "There is a destination “\(order.name)” already.",
                    hint: "Choose another name, or take that one away with `slipway alert to remove \(order.name)`.")
            }
            try requireRoom(present.count, what: "destinations")
            try store.insert(order)
            try log.append("destination.add", "destination/\(order.name)", after: order.line)
        }
    }

    /// What was on its way there is not sent any more.
    ///
    /// - Throws: `ALR-001`.
    package func remove(_ name: DestinationName, by actor: String) async throws {
        try await store.write { [now] store in
            let log = try LedgerWriter(store, by: actor, at: now())
            guard let found = try store.destinations().first(where: { $0.name == name }) else {
                throw unknownDestination(name)
            }
            try store.removeDestination(name)
            try log.append("destination.remove", "destination/\(name)", before: found.line)
        }
    }

    /// Tells one destination, or all of them, that nothing has happened, and waits for what comes of it.
    ///
    /// - Returns: By name; a failure where it did not arrive.
    /// - Throws: `ALR-001` for a destination that is not there, or when there is none.
    package func test(_ name: DestinationName?) async throws -> [(name: DestinationName, failure: DeliveryFailure?)] {
        let all = try await destinations()
        let chosen = all.filter { name == nil || $0.name == name }
        guard !chosen.isEmpty else {
            if let name { throw unknownDestination(name) }
            throw unknown("destination", list: "slipway alert to add NAME --webhook URL")
        }
        let time = now()
        let alert = Alert(
            number: 0, key: AlertKey(.notReady, "test"), project: nil, severity: .warning,
            summary: "This is a test: nothing has happened.", evidence: [AlertEvidence("sent", time.text)],
            normal: "it arrives", next: "slipway alert list", openedAt: time)
        return await withTaskGroup { group in
            for destination in chosen {
                group.addTask { [sink] () -> (name: DestinationName, failure: DeliveryFailure?) in
                    let notice = AlertNotice(
                        id: AlertNotice.newID(), event: .test, destination: destination.name, alert: alert,
                        createdAt: time)
                    do throws(DeliveryFailure) {
                        try await sink.deliver(notice, to: destination)
                        return (destination.name, nil)
                    } catch {
                        return (destination.name, error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.name < $1.name }
        }
    }
}

extension Alerts.Seen {
    fileprivate init(_ alert: Alert, _ silences: [AlertSilence]) {
        self.alert = alert
        silence = alert.isOpen ? silences.first { $0.pattern.matches(alert.key) } : nil
    }
}

private func requireRoom(_ count: Int, what: String) throws(Refusal) {
    guard count < 100 else {
        throw Refusal(
            .limitExceeded, .tooLarge, "There are \(count) \(what), which is as many as there may be.",
            hint: "Take some away first.")
    }
}

private func unknown(_ what: String, list: String) -> Refusal {
    Refusal(.alertUnknown, .notFound, "There is no \(what).", hint: "See `\(list)`.")
}

private func unknownDestination(_ name: DestinationName) -> Refusal {
    unknown("destination “\(name)”", list: "slipway alert to list")
}

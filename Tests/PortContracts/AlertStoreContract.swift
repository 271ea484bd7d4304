// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelMonitoring
internal import ModelRegistry
internal import Testing

/// What every `AlertStore` promises. A new adapter starts by running this.
package struct AlertStoreContract {
    let makeStore: @Sendable () async throws -> any AlertStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any AlertStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await oneAlertOfAKeyIsOpen()
        try await whatIsOverStaysAndIsPruned()
        try await keysAreComparedByTheirBytes()
        try await silencesAreKeptUntilTheyAreOld()
        try await destinationsComeBackAsTheyWere()
        try await noticesOfADestinationWaitInOrder()
        try await aFullOutboxGivesUpItsOldest()
        try await signalsAreOfServersThatLive()
        try await changesAndTheirEntriesAreOne()
    }

    private static let start = Timestamp(microseconds: 1_000_000)

    private static func alert(_ key: AlertKey, _ severity: AlertSeverity = .warning) -> Alert {
        Alert(
            number: 0, key: key, project: .standard, severity: severity, summary: "it fails",
            evidence: [AlertEvidence("share", "31 %"), AlertEvidence("because", "„x“\u{0}")], normal: "it works",
            next: "slipway logs", openedAt: start)
    }

    private static func destination(_ name: String) throws -> AlertDestination {
        AlertDestination(
            name: try DestinationName(name), kind: .webhook, address: .url("http://127.0.0.1:1/a?b"), secret: nil,
            mail: nil, createdAt: start, createdBy: "ada")
    }

    func oneAlertOfAKeyIsOpen() async throws {
        let store = try await makeStore()
        let key = AlertKey(.errorRate, "churn")
        let first = try await store.write { try $0.insert(Self.alert(key)) }
        #expect(first?.number == 1)
        #expect(try await store.write { try $0.insert(Self.alert(key)) } == nil)
        #expect(try await store.write { try $0.insert(Self.alert(AlertKey(.disk, "host"))) }?.number == 2)
        #expect(
            try await store.read { try $0.openAlerts() }.map(\.key.description) == ["disk/host", "error_rate/churn"])
        let kept = try await store.read { try $0.alert(1) }
        #expect(kept == first)
        var changed = try #require(first)
        changed.severity = .critical
        changed.escalatedAt = Timestamp(microseconds: 5)
        changed.isTold = true
        let (critical, told) = (changed, changed)
        #expect(try await store.write { try $0.update(critical) })
        #expect(try await store.read { try $0.alert(1) } == told)
        changed.resolvedAt = Timestamp(microseconds: 9)
        let over = changed
        #expect(try await store.write { try $0.update(over) })
        // It ends once.
        #expect(try await store.write { try $0.update(over) } == false)
        #expect(try await store.write { try $0.insert(Self.alert(key)) }?.number == 3)
        #expect(try await store.read { try $0.alerts(limit: 2) }.map(\.number) == [3, 2])
        #expect(try await store.read { try $0.alert(4) } == nil)
    }

    func whatIsOverStaysAndIsPruned() async throws {
        let store = try await makeStore()
        for index in 0..<6 {
            var alert = try #require(
                try await store.write { try $0.insert(Self.alert(AlertKey(.drift, "e", column: "c\(index)"))) })
            guard index != 1 else { continue }
            alert.resolvedAt = Self.start
            let over = alert
            _ = try await store.write { try $0.update(over) }
        }
        try await store.write { try $0.prune(alerts: 2, silences: 2) }
        // What is open is old, and stays.
        #expect(try await store.read { try $0.alerts(limit: 100) }.map(\.number) == [6, 5, 2])
    }

    func keysAreComparedByTheirBytes() async throws {
        let store = try await makeStore()
        for column in [
            "\u{e9}", "e\u{301}", String(repeating: "x", count: 500) + "1", String(repeating: "x", count: 500) + "2",
        ] {
            #expect(try await store.write { try $0.insert(Self.alert(AlertKey(.drift, "e", column: column))) } != nil)
        }
        let open = try await store.read { try $0.openAlerts() }
        #expect(open.count == 4 && Set(open.map(\.key)).count == 4)
    }

    func silencesAreKeptUntilTheyAreOld() async throws {
        let store = try await makeStore()
        for index in 0..<4 {
            let number = try await store.write { store in
                try store.insertSilence(
                    AlertSilence(
                        number: 0, pattern: try AlertPattern("drift/*"),
                        until: Timestamp(microseconds: index == 0 ? 1_000_000_000 : Int64(10 + index)),
                        reason: "because",
                        createdAt: Timestamp(microseconds: 100), createdBy: "ada"))
            }
            #expect(number == index + 1)
        }
        try await store.write { try $0.endSilence(4, at: Timestamp(microseconds: 12)) }
        try await store.write { try $0.endSilence(4, at: Timestamp(microseconds: 99)) }
        let silences = try await store.read { try $0.silences(limit: 10) }
        #expect(silences.map(\.number) == [1, 3, 2, 4] && silences[3].endedAt == Timestamp(microseconds: 12))
        #expect(silences[0].pattern.description == "drift/*" && silences[0].reason == "because")
        try await store.write { try $0.prune(alerts: 10, silences: 1) }
        // The first one holds.
        #expect(try await store.read { try $0.silences(limit: 10) }.map(\.number) == [1, 4])
    }

    func destinationsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        let mail = AlertDestination(
            name: try DestinationName("ops"), kind: .mail, address: .url("smtps://mail.example:465"),
            secret: .environment("MAIL_PASSWORD"),
            mail: try MailHeads(from: "a@example.com", to: ["b@example.com", "c@example.com"], user: "a"),
            createdAt: Self.start, createdBy: "ada")
        let slack = AlertDestination(
            name: try DestinationName("chat"), kind: .slack, address: .secret(.file("/run/secrets/slack")), secret: nil,
            mail: nil, createdAt: Self.start, createdBy: "ada")
        for one in [mail, slack] { try await store.write { try $0.insert(one) } }
        #expect(try await store.read { try $0.destinations() } == [slack, mail])
        var outcome = AlertDestination.Outcome()
        outcome.deliveredAt = Timestamp(microseconds: 3)
        outcome.failedAt = Timestamp(microseconds: 4)
        outcome.problem = "it answers 500"
        outcome.givenUp = 2
        let found = outcome
        try await store.write { try $0.setOutcome(found, of: mail.name) }
        #expect(try await store.read { try $0.destinations() }[1].outcome == found)
        try await store.write { try $0.removeDestination(mail.name) }
        #expect(try await store.read { try $0.destinations() } == [slack])
    }

    func noticesOfADestinationWaitInOrder() async throws {
        let store = try await makeStore()
        let names = try ["a", "b"].map { try DestinationName($0) }
        let notices = (0..<6).map { index in
            AlertNotice(
                id: "n\(index)", event: index < 2 ? .opened : .resolved, destination: names[index % 2],
                alert: Self.alert(AlertKey(.notReady, "churn")), createdAt: Self.start,
                dueAt: Timestamp(microseconds: Int64(100 - index)))
        }
        for name in names { try await store.write { try $0.insert(Self.destination(name.rawValue)) } }
        for notice in notices { try await store.write { try $0.insert(notice, atMost: 10) } }
        #expect(try await store.read { try $0.nextNotices() } == [notices[0], notices[1]])
        #expect(try await store.read { try $0.destinations() }.map(\.outcome.waiting) == [3, 3])
        var late = notices[0]
        late.attempts = 1
        late.dueAt = Timestamp(microseconds: 7_000)
        let later = late
        #expect(try await store.write { try $0.update(later) })
        // It keeps its place.
        #expect(try await store.read { try $0.nextNotices() } == [later, notices[1]])
        try await store.write { try $0.removeNotice("n0") }
        #expect(try await store.write { try $0.update(later) } == false)
        #expect(try await store.read { try $0.nextNotices() } == [notices[1], notices[2]])
        try await store.write { try $0.removeDestination(names[0]) }
        #expect(try await store.read { try $0.nextNotices() } == [notices[1]])
    }

    func aFullOutboxGivesUpItsOldest() async throws {
        let store = try await makeStore()
        let destination = try Self.destination("a")
        try await store.write { try $0.insert(destination) }
        for index in 0..<5 {
            try await store.write { store in
                try store.insert(
                    AlertNotice(
                        id: "n\(index)", event: .opened, destination: destination.name,
                        alert: Self.alert(AlertKey(.disk, "host")), createdAt: Self.start), atMost: 3)
            }
        }
        #expect(try await store.read { try $0.nextNotices() }.map(\.id) == ["n2"])
        let outcome = try await store.read { try $0.destinations() }[0].outcome
        #expect(outcome.waiting == 3 && outcome.givenUp == 2)
    }

    func signalsAreOfServersThatLive() async throws {
        let store = try await makeStore()
        let signals = ["x", "y"].map { id in
            ReplicaSignals(
                replica: id, host: "host-\(id)", isComplete: id == "x", endpoints: [], freeBytes: 1, totalBytes: 2,
                certificateEnd: Timestamp(microseconds: 3))
        }
        for one in signals + signals { try await store.write { try $0.setSignals(one) } }
        #expect(try await store.read { try $0.signals() } == signals)
        try await store.write { try $0.keepSignals(of: ["y", "z"]) }
        #expect(try await store.read { try $0.signals() } == [signals[1]])
    }

    func changesAndTheirEntriesAreOne() async throws {
        let store = try await makeStore()
        struct Changed: Error {}
        await #expect(throws: Changed.self) {
            try await store.write { store in
                try store.insert(Self.destination("a"))
                try LedgerWriter(store, by: "ada", at: Self.start).append("destination.add", "destination/a")
                throw Changed()
            }
        }
        #expect(try await store.read { try $0.destinations() }.isEmpty)
        #expect(try await store.read { try $0.ledgerHead() } == nil)
    }
}

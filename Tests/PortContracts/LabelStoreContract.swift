// SPDX-License-Identifier: Apache-2.0
package import GroundTruth
internal import ModelDomain
internal import Testing

/// What every `LabelStore` promises. A new adapter starts by running this.
package struct LabelStoreContract {
    let makeStore: @Sendable () async throws -> any LabelStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any LabelStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await labelsComeBackAsTheyWereByTimeAndVersion()
        try await aLabelTakesThePlaceOfTheOneBefore()
        try await whatWaitsIsFoundPageByPage()
        try await countsAddUp()
        try await aBodyThatFailsChangesNothing()
        try await whatIsAboutSomebodyGoesTogether()
    }

    private static let here = LabelledEndpoint(EndpointName(trusted: "churn"), in: .standard)
    private static let there = LabelledEndpoint(EndpointName(trusted: "price"), in: .standard)
    private static func id(_ number: UInt64) -> PredictionID { PredictionID(high: 7 << 12, low: number) }

    private static func row(
        _ number: UInt64, row: Int = 0, at time: Int64 = 5, version: Int = 1, truth: String = "1",
        answer: RowAnswer = RowAnswer(decided: "1", score: 0.1 + 0.2), subject: String? = nil
    ) -> LabelledRow {
        LabelledRow(
            prediction: id(number), row: row, rowCount: 2, version: version, bundle: Digest(of: [1]), key: "o\u{308}-7",
            predictedAt: Timestamp(microseconds: time), labelledAt: Timestamp(microseconds: 9), truth: truth,
            answer: answer, actor: "ada", subject: subject)
    }

    func whatIsAboutSomebodyGoesTogether() async throws {
        let store = try await makeStore()
        let somebody = String(repeating: "5", count: 32)
        let gone = [Self.row(1, subject: somebody), Self.row(2, row: 1, subject: somebody)]
        let rest = [Self.row(1, row: 1), Self.row(2, subject: String(repeating: "6", count: 32))]
        try await store.write { store in
            for row in gone + rest { try store.put(row, of: Self.here) }
            try store.put(gone[0], of: Self.there)
            for row in [gone[0], rest[0]] { try store.put(FormerLabel(row, replacedAt: row.labelledAt), of: Self.here) }
        }
        #expect(try await store.read { try $0.labelCount(subject: somebody) } == 3)
        #expect(try await store.write { try $0.erase(subject: somebody) } == 3)
        let left = try await store.read { store in
            (
                labels: try store.labels(of: Self.here, predictions: [Self.id(1), Self.id(2)]),
                former: try store.formerLabels(of: Self.here, prediction: Self.id(1)).map(\.row),
                elsewhere: try store.labels(of: Self.there, predictions: [Self.id(1)]),
                count: try store.labelCount(subject: somebody)
            )
        }
        #expect(Set(left.labels) == Set(rest) && left.former == [1] && left.elsewhere.isEmpty && left.count == 0)
    }

    func labelsComeBackAsTheyWereByTimeAndVersion() async throws {
        let store = try await makeStore()
        let rows = [
            Self.row(1, at: 7), Self.row(2, at: 5, answer: RowAnswer()), Self.row(2, row: 1, at: 5),
            Self.row(3, at: 6, version: 2, truth: "„x“", answer: RowAnswer(decided: "„x“", shares: [0.25, 1e-300])),
        ]
        try await store.write { store in
            for row in rows { try store.put(row, of: Self.here) }
            try store.put(Self.row(9), of: Self.there)
        }
        func labels(_ from: Int64, _ to: Int64, version: Int? = nil) async throws -> [LabelledRow] {
            try await store.read { store in
                var found: [LabelledRow] = []
                try store.forEachLabel(
                    of: Self.here, from: Timestamp(microseconds: from), to: Timestamp(microseconds: to),
                    version: version
                ) { found.append($0) }
                return found
            }
        }
        #expect(try await labels(0, 100) == [rows[1], rows[2], rows[3], rows[0]])
        #expect(try await labels(6, 7) == [rows[3]])
        #expect(try await labels(0, 100, version: 2) == [rows[3]])
        let found = try await store.read { try $0.labels(of: Self.here, predictions: [Self.id(2), Self.id(8)]) }
        #expect(Set(found) == [rows[1], rows[2]])
        #expect(try await store.read { try $0.endpointsWithLabels() } == [Self.here, Self.there])
    }

    func aLabelTakesThePlaceOfTheOneBefore() async throws {
        let store = try await makeStore()
        let first = Self.row(1)
        var second = first
        (second.truth, second.corrections, second.actor) = ("0", 1, "bob")
        let changed = second
        let former = FormerLabel(first, replacedAt: Timestamp(microseconds: 11))
        try await store.write { store in
            try store.put(first, of: Self.here)
            try store.put(former, of: Self.here)
            try store.put(changed, of: Self.here)
        }
        #expect(try await store.read { try $0.labels(of: Self.here, predictions: [Self.id(1)]) } == [changed])
        #expect(try await store.read { try $0.formerLabels(of: Self.here, prediction: Self.id(1)) } == [former])
        #expect(try await store.read { try $0.formerLabels(of: Self.there, prediction: Self.id(1)) }.isEmpty)
    }

    func whatWaitsIsFoundPageByPage() async throws {
        let store = try await makeStore()
        func waiting(_ target: Feedback.Target, row: Int? = nil, _ label: GivenLabel, since: Int64) -> WaitingLabel {
            WaitingLabel(
                target: target, row: row, label: label, at: Timestamp(microseconds: 1),
                since: Timestamp(microseconds: since), actor: "ada")
        }
        let byKey = waiting(.key("\u{e9}"), GivenLabel(.text, "no"), since: 2)
        let otherKey = waiting(.key("e\u{301}"), row: 1, GivenLabel(.cell, "1"), since: 3)
        let byID = waiting(.prediction(Self.id(1)), GivenLabel(1), since: 1)
        let again = waiting(.prediction(Self.id(1)), GivenLabel(0), since: 8)
        try await store.write { store in
            for one in [byKey, otherKey, byID, again] { try store.put(one, for: Self.here) }
        }
        let found = try await store.read { try $0.waiting(for: Self.here, after: nil, limit: 10) }
        // By the bytes of their targets; the last value, and the time since which the first one waits.
        #expect(found.map(\.label) == [again.label, otherKey.label, byKey.label])
        #expect(found[0].since == byID.since && found[1] == otherKey && found[2] == byKey)
        #expect(try await store.read { try $0.waiting(for: Self.here, after: nil, limit: 1) } == [found[0]])
        #expect(try await store.read { try $0.waiting(for: Self.here, after: found[0], limit: 1) } == [otherKey])
        #expect(try await store.read { try $0.waiting(for: Self.here, after: byKey, limit: 1) }.isEmpty)
        #expect(try await store.read { try $0.waiting(for: Self.here, target: byKey.target) } == [byKey])
        #expect(try await store.read { try $0.waitingCount(for: Self.here) } == 3)
        #expect(try await store.read { try $0.endpointsWithWaiting() } == [Self.here])
        try await store.write { try $0.removeWaiting(byKey, for: Self.here) }
        #expect(try await store.read { try $0.waiting(for: Self.here, after: nil, limit: 10) }.count == 2)
    }

    func countsAddUp() async throws {
        let store = try await makeStore()
        #expect(try await store.read { try $0.counts(of: Self.here) } == LabelCounts())
        var one = LabelCounts()
        (one.late, one.repeated, one.corrected, one.expired, one.unfit) = (1, 2, 3, 4, 5)
        let added = one
        for _ in 0..<2 { try await store.write { try $0.add(added, to: Self.here) } }
        let sum = try await store.read { try $0.counts(of: Self.here) }
        #expect([sum.late, sum.repeated, sum.corrected, sum.expired, sum.unfit] == [2, 4, 6, 8, 10])
    }

    func aBodyThatFailsChangesNothing() async throws {
        struct Stop: Error {}
        let store = try await makeStore()
        await #expect(throws: Stop.self) {
            try await store.write { store -> Void in
                try store.put(Self.row(1), of: Self.here)
                throw Stop()
            }
        }
        #expect(try await store.read { try $0.labels(of: Self.here, predictions: [Self.id(1)]) }.isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0
import GroundTruth
import ModelDomain
import ModelMonitoring
import Testing

@Suite struct QualityMonitorTests {
    /// Labelled rows, an hour apart, of which some are right.
    private static func rows(
        _ fixture: LabelFixture, _ count: Int, right: Double, version: Int = 3, after: Int = 0
    ) -> [LabelledRow] {
        let start = fixture.clock.now.microseconds - 80 * day
        return (0..<count).map { index in
            let time = start + Int64(after + index) * 1_000_000
            let isRight = Double(index % 100) < right * 100
            let truth = index % 2 == 0 ? "yes" : "no"
            return LabelledRow(
                prediction: fixture.newID(), row: 0, rowCount: 1, version: version, bundle: LabelFixture.bundle,
                key: nil, predictedAt: Timestamp(microseconds: time), labelledAt: Timestamp(microseconds: time + 5),
                truth: truth, answer: RowAnswer(decided: isRight == (truth == "yes") ? "yes" : "no"), actor: "ada")
        }
    }

    private static func finding(_ fixture: LabelFixture) async -> AlertFinding? {
        await QualityMonitor(fixture.labels, every: .zero).findings(open: [], at: fixture.clock.now).first
    }

    @Test func aVersionThatBecomesWorseIsFound() async throws {
        try await withLabels { fixture async throws in
            try await fixture.put(Self.rows(fixture, 1000, right: 0.9))
            try await fixture.put(Self.rows(fixture, 1000, right: 0.8, after: 1000))
            let finding = try #require(await Self.finding(fixture))
            #expect(finding.key.description == "quality/churn/accuracy" && finding.level == .violated(.critical))
            #expect(finding.summary == "80.0 % of the answers of “churn” turn out right, after 90.0 %.")
            #expect(finding.next == "slipway quality churn --by day")
            #expect(finding.evidence.contains { $0.name == "was" && $0.value.contains("first 1000 labels") })
        }
    }

    @Test func oneThatIsAsItWasIsClean() async throws {
        try await withLabels { fixture async throws in
            try await fixture.put(Self.rows(fixture, 400, right: 0.9))
            #expect(await Self.finding(fixture)?.level == .clean)
        }
    }

    @Test func theVersionBeforeIsWhatANewOneIsHeldAgainst() async throws {
        try await withLabels { fixture async throws in
            try await fixture.put(Self.rows(fixture, 500, right: 0.9, version: 2))
            try await fixture.put(Self.rows(fixture, 99, right: 0.5, after: 500))
            // A hundred labels are needed.
            #expect(await Self.finding(fixture) == nil)
            try await fixture.put(Self.rows(fixture, 51, right: 0.5, after: 700))
            let finding = try #require(await Self.finding(fixture))
            #expect(finding.level == .violated(.critical))
            #expect(finding.evidence.contains { $0.value.contains("500 labels of version 2") })
        }
    }

    @Test func itLooksOnceAnHour() async throws {
        try await withLabels { fixture async throws in
            try await fixture.put(Self.rows(fixture, 400, right: 0.9))
            let monitor = QualityMonitor(fixture.labels)
            #expect(await monitor.findings(open: [], at: fixture.clock.now).count == 1)
            #expect(await monitor.findings(open: [], at: fixture.clock.now).isEmpty)
            fixture.clock.advance(hour)
            #expect(await monitor.findings(open: [], at: fixture.clock.now).count == 1)
        }
    }
}

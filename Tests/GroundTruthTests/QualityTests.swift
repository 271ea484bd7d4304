// SPDX-License-Identifier: Apache-2.0
import GroundTruth
import ModelDomain
import Statistics
import Testing

@Suite struct QualityTests {
    /// Answers and what comes true of them, always the same: of those that get 0.8 four in five are “yes”.
    private static func drawn(_ count: Int) -> [(probability: Double, truth: String)] {
        var random = SplitMix(seed: 9)
        return (0..<count).map { _ in
            let probability = (random.nextUnit() * 100).rounded() / 100
            return (probability, random.nextUnit() < probability ? "yes" : "no")
        }
    }

    private static func quality(
        _ fixture: LabelFixture, by: QualityQuestion.Period = .all, since: Int64 = 0
    ) async throws -> QualityReport {
        try await fixture.labels.quality(
            QualityQuestion(fixture.endpoint, since: Timestamp(microseconds: since), by: by))
    }

    @Test func figuresAreThoseOfTheLabels() async throws {
        try await withLabels { fixture async throws in
            // Three of four are right, and one prediction has no label.
            // Numbers that a Float has exactly.
            let ids = [0.875, 0.75, 0.25, 0.125, 0.5].map { fixture.predict([$0]) }
            fixture.clock.advance(8 * day)
            try await fixture.send(
                zip(ids, ["yes", "no", "no", "no"]).map { (.prediction($0), $1) })
            let report = try await Self.quality(fixture)
            let group = try #require(report.groups.first)
            #expect(report.groups.count == 1 && !report.isMaturityLearned && report.maturity == Int(7 * day))
            #expect(group.predictions == 5 && group.mature == 5 && group.labelled == 4 && group.labelledMature == 4)
            #expect(group.coverage?.rate == 0.8 && !group.isEarly)
            let quality = try #require(group.quality)
            #expect(quality["accuracy"]?.value == 0.75 && quality["precision"]?.value == 0.5)
            #expect(quality["recall"]?.value == 1 && quality["roc_auc"]?.value == 1)
            #expect(quality["accuracy"]?.interval == Proportion(3, of: 4)?.wilson())
            #expect(quality.minority == 1 && quality.confusion?.counts == [[2, 1], [0, 1]])
            #expect(abs(try #require(quality["brier"]?.value) - 0.1640625) < 1e-9)
        }
    }

    @Test func nothingIsMatureTooEarly() async throws {
        try await withLabels { fixture async throws in
            let id = fixture.predict([0.75])
            fixture.clock.advance(day)
            try await fixture.send([(.prediction(id), "yes")])
            let group = try #require(try await Self.quality(fixture).groups.first)
            #expect(group.mature == 0 && group.labelled == 1 && group.coverage == nil)
            #expect(group.isEarly && group.quality?["accuracy"]?.value == 1)
        }
    }

    @Test func periodsAreThoseOfThePredictions() async throws {
        try await withLabels { fixture async throws in
            // 2026-01-01.
            let start: Int64 = 1_767_225_600_000_000
            let rows = ["yes", "no", "yes"].enumerated().map { index, truth in
                LabelledRow(
                    prediction: fixture.newID(), row: 0, rowCount: 1, version: 3, bundle: LabelFixture.bundle, key: nil,
                    predictedAt: Timestamp(microseconds: start + Int64(index) * hour + 5),
                    labelledAt: fixture.clock.now,
                    truth: truth, answer: RowAnswer(decided: "yes", score: 0.75), actor: "ada")
            }
            try await fixture.put(rows)
            fixture.clock.advance(8 * day)
            let groups = try await Self.quality(fixture, by: .hour).groups
            #expect(groups.map { $0.quality?["accuracy"]?.value } == [1, 0, 1])
            #expect(groups.map(\.from.microseconds) == [2, 1, 0].map { start + $0 * hour })
            #expect(groups.allSatisfy { $0.labelled == 1 && $0.coverage?.rate == 1 })
            #expect(try await Self.quality(fixture, since: start + hour).groups.first?.labelled == 2)
            #expect(try await Self.quality(fixture, by: .day).groups.map(\.from.microseconds) == [start])
        }
    }

    /// In any order, late, twice and corrected: the figures are those of labels that came at once.
    @Test func lateLabelsInAnyOrderGiveTheSameFigures() async throws {
        let drawn = Self.drawn(300)
        func figures(_ body: (LabelFixture, [(id: PredictionID, truth: String)]) async throws -> Void) async throws
            -> [QualityMetric]?
        {
            try await withLabels(windows: LabelWindows(longestWait: Int(day))) { fixture async throws in
                var known: [(id: PredictionID, truth: String)] = []
                for row in drawn { known.append((fixture.predict([row.probability]), row.truth)) }
                try await body(fixture, known)
                fixture.clock.set(offset: 300 * day)
                let groups = try await Self.quality(fixture).groups
                #expect(groups.count == 1 && groups[0].labelledMature == 300 && groups[0].coverage?.rate == 1)
                return groups.first?.quality?.metrics
            }
        }
        let atOnce = try await figures { fixture, known in
            try await fixture.send(known.map { (.prediction($0.id), $0.truth) })
        }
        let late = try await figures { fixture, known in
            var random = SplitMix(seed: 3)
            var events = known.map { (at: random.nextUnit() * 90, label: $0) }
            // A third is wrong at first, and some come twice.
            for (index, one) in known.enumerated() where index % 3 == 0 {
                events[index].label.truth = one.truth == "yes" ? "no" : "yes"
                events.append((91 + random.nextUnit(), one))
            }
            for index in 0..<40 { events.append((95, known[index * 7])) }
            for one in Dictionary(grouping: events, by: { Int($0.at / 9) }).sorted(by: { $0.key < $1.key }) {
                fixture.clock.set(offset: Int64(one.key) * 9 * day)
                try await fixture.send(
                    one.value.sorted { $0.at < $1.at }.map { (.prediction($0.label.id), $0.label.truth) })
            }
        }
        #expect(atOnce != nil && atOnce == late)
    }

    @Test func theEstimateIsCalibratedWhereLabelsAreEnough() async throws {
        try await withLabels { fixture async throws in
            let drawn = Self.drawn(1200)
            var known: [(Feedback.Target, String)] = []
            for row in drawn { known.append((.prediction(fixture.predict([row.probability])), row.truth)) }
            let raw = try #require(try await Self.quality(fixture).groups.first?.estimate)
            #expect(raw.calibratedOn == 0 && raw.isValid == nil && raw.rows == 1200)
            fixture.clock.advance(8 * day)
            try await fixture.send(Array(known.prefix(600)))
            let group = try #require(try await Self.quality(fixture).groups.first)
            let estimate = try #require(group.estimate)
            #expect(estimate.calibratedOn == 600 && estimate.isValid == true && estimate.rows == 1200)
            // Within its band of what is realised.
            let realised = try #require(group.quality?["accuracy"]?.value)
            let band = try #require(estimate.metrics.first { $0.name == "accuracy" }?.interval)
            #expect(band.lower - 0.03 < realised && realised < band.upper + 0.03)
        }
    }
}

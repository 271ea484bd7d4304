// SPDX-License-Identifier: Apache-2.0
import GroundTruth
import ModelDomain
import Testing

@Suite struct LabelsTests {
    @Test func aLabelJoinsItsPredictionAndKeepsWhatIsNeeded() async throws {
        try await withLabels { fixture async throws in
            let id = fixture.predict([0.75], key: "order-7")
            fixture.clock.advance(day)
            let receipt = try await fixture.send([(.prediction(id), "no")])
            #expect(receipt.joined == 1 && receipt.accepted == 1 && receipt.refused == 0)
            let row = try #require(try await fixture.rows(of: id).first)
            #expect(row.truth == "no" && row.version == 3 && row.bundle == LabelFixture.bundle)
            #expect(row.answer.decided == "yes" && row.answer.score == 0.75 && row.key == "order-7")
            let delay = row.labelledAt.microseconds - row.predictedAt.microseconds
            #expect(delay >= day && delay < day + hour)
        }
    }

    @Test func theSameLabelAgainIsNoCorrection() async throws {
        try await withLabels { fixture async throws in
            let ids = (0..<50).map { fixture.predict([Double($0) / 50]) }
            let batch = ids.map { (Feedback.Target.prediction($0), "yes") }
            #expect(try await fixture.send(batch).joined == 50)
            let again = try await fixture.send(batch)
            #expect(again.joined == 0 && again.corrected == 0 && again.repeated == 50 && again.accepted == 50)
            #expect(try await fixture.rows(of: ids[0]).first?.corrections == 0)
        }
    }

    @Test func aCorrectionKeepsBothValues() async throws {
        try await withLabels { fixture async throws in
            let id = fixture.predict([0.75])
            try await fixture.send([(.prediction(id), "no")])
            fixture.clock.advance(hour)
            #expect(try await fixture.send([(.prediction(id), "yes")]).corrected == 1)
            let row = try #require(try await fixture.rows(of: id).first)
            #expect(row.truth == "yes" && row.corrections == 1)
            let former = try await fixture.formers(of: id)
            #expect(former.map(\.truth) == ["no"])
            #expect(try #require(former.first).replacedAt > row.predictedAt)
        }
    }

    @Test func aKeyMeansTheNewestPrediction() async throws {
        try await withLabels { fixture async throws in
            let older = fixture.predict([0.25], key: "\u{e9}")
            try await Task.sleep(for: .milliseconds(2))
            let newer = fixture.predict([0.75], key: "\u{e9}")
            // The same letter in other bytes.
            fixture.predict([0.75], key: "e\u{301}")
            #expect(try await fixture.send([(.key("\u{e9}"), "yes")]).joined == 1)
            #expect(try await fixture.rows(of: older).isEmpty)
            #expect(try await fixture.rows(of: newer).first?.truth == "yes")
        }
    }

    @Test func aLabelWaitsForItsPredictionAndForAnHour() async throws {
        try await withLabels { fixture async throws in
            let (early, never) = (fixture.newID(), fixture.newID())
            fixture.clock.set(offset: -hour / 2)
            let receipt = try await fixture.send([
                (.prediction(early), "no"), (.prediction(early), "yes"), (.prediction(never), "yes"),
                (.key("soon"), "yes"),
            ])
            #expect(receipt.waiting == 4 && receipt.joined == 0)
            fixture.clock.set(offset: 0)
            fixture.predict([0.25], id: early)
            let keyed = fixture.predict([0.25], key: "soon")
            try await fixture.labels.joinWaiting()
            let row = try #require(try await fixture.rows(of: early).first)
            // The last one counts, and it joined when its prediction came.
            #expect(row.truth == "yes" && row.labelledAt == row.predictedAt)
            #expect(try await fixture.rows(of: keyed).count == 1)
            fixture.clock.advance(hour)
            try await fixture.labels.joinWaiting()
            #expect(try await fixture.waitingCount() == 0)
            #expect(try await fixture.counts().expired == 1)
        }
    }

    /// A correction that comes once the prediction is there is not undone by what waited.
    @Test func whatWaitedJoinsBeforeWhatCame() async throws {
        try await withLabels { fixture async throws in
            let id = fixture.newID()
            fixture.clock.set(offset: -hour / 2)
            try await fixture.send([(.prediction(id), "no")])
            fixture.clock.set(offset: 0)
            fixture.predict([0.25], id: id)
            #expect(try await fixture.send([(.prediction(id), "yes")]).corrected == 1)
            try await fixture.labels.joinWaiting()
            #expect(try await fixture.rows(of: id).first?.truth == "yes")
        }
    }

    /// The same prediction by its key and by its id: what became known later counts, whatever joins first.
    @Test func whatIsKnownLaterCountsByWhicheverName() async throws {
        try await withLabels { fixture async throws in
            fixture.clock.set(offset: -hour / 2)
            try await fixture.send([(.key("order-7"), "no")])
            fixture.clock.set(offset: 0)
            let id = fixture.predict([0.25], key: "order-7")
            fixture.clock.advance(1000)
            #expect(try await fixture.send([(.prediction(id), "yes")]).joined == 1)
            try await fixture.labels.joinWaiting()
            let row = try #require(try await fixture.rows(of: id).first)
            #expect(row.truth == "yes" && row.corrections == 1)
            #expect(try await fixture.formers(of: id).map(\.truth) == ["no"])
            #expect(try await fixture.waitingCount() == 0)
        }
    }

    @Test func rowsOfAPredictionAreLabelledByThemselves() async throws {
        try await withLabels { fixture async throws in
            let id = fixture.predict([0.25, 0.75, 0.5])
            #expect(try await fixture.send([(.prediction(id), "yes")], row: 2).joined == 1)
            let unclear = try await fixture.send([(.prediction(id), "yes")])
            #expect(unclear.problems.first?.explanation.code == .nothingToLabel)
            let outside = try await fixture.send([(.prediction(id), "yes")], row: 3)
            #expect(outside.problems.first?.explanation.code == .nothingToLabel)
            #expect(try await fixture.send([(.prediction(id), "no")], row: 0).joined == 1)
            #expect(try await fixture.rows(of: id).map(\.row).sorted() == [0, 2])
        }
    }

    @Test func whatCannotBeRightIsRefusedWithItsPlace() async throws {
        try await withLabels { fixture async throws in
            let (id, failed) = (fixture.predict([0.25]), fixture.refuse())
            let receipt = try await fixture.send([
                (.prediction(id), "yes"), (.prediction(id), "perhaps"), (.prediction(failed), "yes"),
                (.prediction(fixture.newID()), "perhaps"),
            ])
            #expect(receipt.joined == 1 && receipt.refused == 3 && receipt.waiting == 0)
            #expect(receipt.problems.map(\.position) == [2, 3, 4])
            #expect(receipt.problems.map(\.explanation.code) == [.labelRefused, .nothingToLabel, .labelRefused])
            let future = try await fixture.send(
                [(.prediction(id), "no")], at: Timestamp(microseconds: fixture.clock.now.microseconds + hour))
            #expect(future.problems.first?.explanation.code == .labelTimeRefused)
            #expect(try await fixture.rows(of: id).first?.truth == "yes")
        }
    }

    @Test func aLabelThatIsTooLateIsCounted() async throws {
        try await withLabels(windows: LabelWindows(longestDelay: Int(30 * day))) { fixture async throws in
            let (first, second) = (fixture.predict([0.25]), fixture.predict([0.25]))
            fixture.clock.advance(30 * day - hour)
            #expect(try await fixture.send([(.prediction(first), "yes")]).joined == 1)
            fixture.clock.advance(2 * hour)
            let receipt = try await fixture.send([(.prediction(second), "yes")])
            #expect(receipt.late == 1 && receipt.accepted == 0 && receipt.problems.count == 1)
            #expect(try await fixture.counts().late == 1)
        }
    }
}

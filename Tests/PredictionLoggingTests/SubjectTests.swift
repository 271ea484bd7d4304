// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import PredictionLogging
import Tensors
import TestSupport
import Testing

/// What is kept of somebody, and that it is gone with their key.
struct SubjectTests {
    private func withSubjects(
        _ body: (PredictionLog, MemoryShelf, MemorySubjects) async throws -> Void
    ) async throws {
        let (shelf, subjects) = (MemoryShelf(), MemorySubjects())
        try await withLog(on: shelf, subjects: subjects) { try await body($0, shelf, subjects) }
    }

    private func only(_ log: PredictionLog, _ id: PredictionID) async throws -> PredictionRecord {
        var query = PredictionQuery()
        query.id = id
        let found = try await log.records(query, limit: 10)
        #expect(found.count == 1)
        return try #require(found.first)
    }

    private func rows(_ record: PredictionRecord) -> [[Double]] {
        let columns = record.columns.map { $0.tensor.doubles ?? [] }
        return (0..<record.rowCount).map { row in columns.map { $0[row] } }
    }

    @Test func aHeaderPutsAllOfARequestUnderOneKey() async throws {
        try await withSubjects { log, shelf, _ in
            let fixture = try LogFixture()
            let (id, plain) = (fixture.id(), fixture.id())
            log.recorder().record(fixture.outcome([[7, 4711], [8, 4712]], id: id, key: "order-1", subject: "ada"))
            log.recorder().record(fixture.outcome([[1, 2]], id: plain, key: "order-2"))
            let record = try await only(log, id)
            #expect(rows(record) == [[7, 4711], [8, 4712]] && record.key == "order-1")
            #expect(record.outputs.first?.doubles == [4718, 4720])
            #expect(record.wholeInputs != nil && !record.isErased && record.subjects.count == 1)
            #expect(try await only(log, plain).subjects.isEmpty)

            // Neither who it is, nor the key, nor a value lies open.
            let bytes = shelf.contents
            for word in ["ada", "order-1"] { #expect(!bytes.contains(Data(word.utf8)), "\(word)") }
            #expect(bytes.contains(Data("order-2".utf8)))
            let bits = Float(4711).bitPattern
            let number = Data((0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
            #expect(!bytes.contains(number))

            // Found by the key all the same.
            var query = PredictionQuery()
            query.key = "order-1"
            #expect(try await log.records(query, limit: 10).map(\.id) == [id])
            let found = try await log.predictions(
                withIDs: [], keys: [Array("order-1".utf8)], of: fixture.state.record.name, in: .standard)
            #expect(found.byKey[Array("order-1".utf8)]?.id == id)
        }
    }

    @Test func erasedRowsAreGoneAndThoseOfOthersStay() async throws {
        try await withSubjects { log, _, _ in
            let fixture = try LogFixture(policies: ["age": .hash], subject: "age")
            let id = fixture.id()
            log.recorder().record(fixture.outcome([[7, 1], [8, 2], [7, 3], [9, 4], [8, 5]], id: id, key: "k"))
            let before = try await only(log, id)
            #expect(before.columns.last?.tensor.doubles == [1, 2, 3, 4, 5])
            #expect(before.outputs.first?.doubles == [8, 10, 10, 13, 13])
            #expect(before.rowNumbers == nil && before.subjects.count == 3)

            var query = PredictionQuery()
            query.subject = try await log.reference(of: "7", in: .standard)
            #expect(query.subject != nil)
            #expect(try await log.records(query, limit: 10).map(\.id) == [id])
            #expect(try await log.destroyKey(of: "7", in: .standard) == query.subject)
            #expect(try await log.destroyKey(of: "7", in: .standard) == nil)

            let after = try await only(log, id)
            #expect(after.isErased && after.rowCount == 3 && after.erasedRowCount == 2)
            #expect(after.rowNumbers == [1, 3, 4] && after.key == "k")
            #expect(after.columns.last?.tensor.doubles == [2, 4, 5])
            #expect(after.outputs.first?.doubles == [10, 13, 13])
            #expect(after.replayability == .no("what it was about is erased") || after.schema.bundle == nil)

            for subject in ["8", "9"] { _ = try await log.destroyKey(of: subject, in: .standard) }
            let gone = try await only(log, id)
            #expect(gone.isErased && gone.rowCount == 0 && gone.erasedRowCount == 5 && gone.key == nil)
            #expect(gone.columns.isEmpty && gone.outputs.isEmpty && gone.status == .answered)
        }
    }

    @Test func whoComesAgainHasANewKey() async throws {
        try await withSubjects { log, _, _ in
            let fixture = try LogFixture(subject: "age")
            let (before, after) = (fixture.id(), fixture.id())
            log.recorder().record(fixture.outcome([[7, 1]], id: before))
            _ = try await only(log, before)
            _ = try await log.destroyKey(of: "7", in: .standard)
            log.recorder().record(fixture.outcome([[7, 2]], id: after))
            #expect(try await only(log, before).isErased)
            #expect(rows(try await only(log, after)) == [[7, 2]])
        }
    }

    @Test func rowsAboutNobodyLieOpen() async throws {
        try await withSubjects { log, _, subjects in
            let fixture = try LogFixture(subject: "age")
            let (all, some) = (fixture.id(), fixture.id())
            log.recorder().record(fixture.outcome([[.nan, 1]], id: all))
            log.recorder().record(fixture.outcome([[.nan, 1], [3, 2]], id: some))
            #expect(try await only(log, all).subjects.isEmpty)
            #expect(try await only(log, some).subjects.count == 1)
            _ = try await log.destroyKey(of: "3", in: .standard)
            let left = try await only(log, some)
            #expect(left.rowNumbers == [0] && left.columns.last?.tensor.doubles == [1])
            #expect(subjects.asked > 0)
        }
    }

    @Test func withoutKeysItWaitsAndNothingLiesOpen() async throws {
        try await withSubjects { log, shelf, subjects in
            let fixture = try LogFixture()
            let id = fixture.id()
            subjects.isAway = true
            log.recorder().record(fixture.outcome([[7, 4711]], id: id, subject: "ada"))
            await log.flush()
            #expect(subjects.asked > 0 && shelf.contents.isEmpty)
            subjects.isAway = false
            #expect(rows(try await only(log, id)) == [[7, 4711]])
            // Not to be taken for a key that was destroyed.
            subjects.isAway = true
            var query = PredictionQuery()
            query.id = id
            await #expect(throws: MemorySubjects.Away.self) { try await log.records(query, limit: 1) }
        }
    }

    @Test func whereNoKeysAreKeptNothingOfSomebodyIs() async throws {
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log in
            let fixture = try LogFixture()
            let id = fixture.id()
            log.recorder().record(fixture.outcome([[7, 4711]], id: id, key: "order", subject: "ada"))
            let record = try await only(log, id)
            #expect(record.isCut && record.columns.isEmpty && record.outputs.isEmpty && record.key == nil)
        }
    }
}

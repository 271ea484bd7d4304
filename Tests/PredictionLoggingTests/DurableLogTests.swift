// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import PredictionLogging
import Synchronization
import TestSupport
import Testing

/// Answers that wait until they are kept.
@Suite struct DurableLogTests {
    @Test func whatIsToldToBeKeptIsSyncedAndThere() async throws {
        let fixture = try LogFixture([.logDurable: "true"])
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            for index in 0..<5 {
                let syncedBefore = shelf.synced
                #expect(await isKept(fixture.outcome([[1, 2]], key: "k\(index)"), by: recorder))
                #expect(shelf.synced > syncedBefore)
                var query = PredictionQuery()
                query.key = "k\(index)"
                #expect(try await log.records(query, limit: 2).count == 1)
            }
        }
    }

    /// Many that wait for a slow disk cost it no more than few.
    @Test func allThatWaitAreSyncedTogether() async throws {
        let fixture = try LogFixture([.logDurable: "true"])
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            #expect(await isKept(fixture.outcome([[1, 2]]), by: recorder))
            let syncedBefore = shelf.synced
            shelf.stall()
            let answers = Answers()
            for _ in 0..<500 {
                recorder.record(fixture.outcome([[1, 2]])) { isKept in answers.add(isKept) }
            }
            // Nobody is told anything while the disk does not answer.
            #expect(answers.all.isEmpty)
            shelf.goOn()
            await log.flush()
            #expect(answers.all == [Bool](repeating: true, count: 500))
            // The one that stalled, one for the rest, and one or two of flushing and of the tenth of a second.
            #expect(shelf.synced - syncedBefore < 20)
        }
    }

    @Test(arguments: [true, false])
    func whatTheDiskDoesNotTakeIsNotToldToBeKept(failsToSync: Bool) async throws {
        let fixture = try LogFixture([.logDurable: "true"])
        let other = try LogFixture(name: "other")
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            (shelf.isFull, shelf.failsToSync) = (!failsToSync, failsToSync)
            #expect(await !isKept(fixture.outcome([[1, 2]], key: "early"), by: recorder))
            // Known by now: the next ones are not computed in vain; others go on.
            #expect(recorder.mustRefuse(fixture.state) && !recorder.mustRefuse(other.state))
            (shelf.isFull, shelf.failsToSync) = (false, false)
            await log.flush()
            #expect(!recorder.mustRefuse(fixture.state))
            #expect(await isKept(fixture.outcome([[1, 2]], key: "late"), by: recorder))
            // It came in the end, and nobody was told that it would.
            #expect(try await log.records(PredictionQuery(), limit: 10).map(\.key) == ["late", "early"])
        }
    }

    @Test func nobodyWaitsForWhatIsNotToBeKeptOrComesTooLate() async throws {
        let nothing = try LogFixture([.logDurable: "true", .logSample: "0%"])
        let fixture = try LogFixture([.logDurable: "true"], name: "closed")
        let shelf = MemoryShelf()
        let log = PredictionLog(
            on: shelf, secret: Array(repeating: 7, count: 32), now: { .now }, report: { _, _ in })
        let recorder = log.recorder()
        shelf.isFull = true
        #expect(await isKept(nothing.outcome([[1, 2]]), by: recorder))
        #expect(!recorder.mustRefuse(nothing.state))
        await log.close()
        #expect(await !isKept(fixture.outcome([[1, 2]]), by: recorder))
    }
}

/// What was told of records, in whatever order.
private final class Answers: Sendable {
    private let answers = Mutex<[Bool]>([])
    var all: [Bool] { answers.withLock(\.self) }
    func add(_ answer: Bool) { answers.withLock { $0.append(answer) } }
}

private func isKept(_ outcome: PredictionOutcome, by recorder: any PredictionRecorder) async -> Bool {
    await withCheckedContinuation { done in recorder.record(outcome) { done.resume(returning: $0) } }
}

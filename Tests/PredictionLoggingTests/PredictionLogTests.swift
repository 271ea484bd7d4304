// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain
import PredictionLogging
import RequestTracing
import Tensors
import TestSupport
import Testing

@Suite struct PredictionLogTests {
    @Test func whatWasAnsweredIsFoundAsItWas() async throws {
        let fixture = try LogFixture()
        try await withLog(on: MemoryShelf()) { log async throws in
            let recorder = log.recorder()
            let id = fixture.id()
            let trace = TraceID(high: 1, low: .max)
            recorder.record(fixture.outcome([[1, 2], [.nan, -.infinity]], id: id, key: "order-7", trace: trace))
            var query = PredictionQuery()
            query.id = id
            let record = try #require(try await log.records(query, limit: 10).first)
            #expect(record.id == id && record.key == "order-7" && record.status == .answered && record.rowCount == 2)
            #expect(record.trace == trace)
            #expect(record.schema.version == 3 && record.schema.endpoint.rawValue == "e")
            let ages = try #require(record.columns.first { $0.name == "age" })
            #expect(ages.tensor.shape == [2])
            #expect(ages.tensor.elements(as: UInt32.self) == [Float(1).bitPattern, Float.nan.bitPattern])
            #expect(record.wholeInputs?.first?.elements(as: UInt32.self).count == 4)
            #expect(record.answers.first?.tensor.elements(as: Float.self).first == 3)
        }
    }

    @Test func refusalsAreKeptWithTheirCode() async throws {
        let fixture = try LogFixture()
        try await withLog(on: MemoryShelf()) { log async throws in
            let why = Explanation(.wrongType, .invalidInput, "no", hint: nil)
            log.recorder().record(fixture.outcome([[1, 2]], failure: why))
            var query = PredictionQuery()
            query.status = .invalid
            let record = try #require(try await log.records(query, limit: 10).first)
            #expect(record.code == "IN-005" && record.outputs.isEmpty && record.trace == nil)
        }
    }

    @Test func keysIDsOfCallersAndTimesAreFoundAmongMany() async throws {
        let fixture = try LogFixture()
        let other = try LogFixture(name: "other")
        try await withLog(on: MemoryShelf()) { log async throws in
            let recorder = log.recorder()
            let foreign = try #require(PredictionID("6f9619ff-8b86-4011-b42d-00cf4fc964ff"))
            for index in 0..<5000 {
                recorder.record(
                    fixture.outcome(
                        [[Float(index), 0]], id: index == 1234 ? foreign : nil, key: "k\(index)"))
                if index % 500 == 0 { await log.flush() }
            }
            recorder.record(other.outcome([[1, 1]], key: "k77"))
            var byKey = PredictionQuery()
            byKey.key = "k77"
            #expect(try await log.records(byKey, limit: 10).count == 2)
            byKey.endpoint = fixture.state.record.name
            let found = try await log.records(byKey, limit: 10)
            #expect(found.map { $0.columns[0].tensor.elements(as: Float.self) } == [[77]])
            var byID = PredictionQuery()
            byID.id = foreign
            #expect(try await log.records(byID, limit: 10).first?.key == "k1234")
            byKey.key = "k5000"
            #expect(try await log.records(byKey, limit: 10).isEmpty)
        }
    }

    @Test func pagesGoThroughEverythingOnceAndNewestFirst() async throws {
        let fixture = try LogFixture()
        try await withLog(on: MemoryShelf()) { log async throws in
            let recorder = log.recorder()
            for index in 0..<250 { recorder.record(fixture.outcome([[Float(index), 0]])) }
            var query = PredictionQuery()
            var seen: [PredictionID] = []
            while true {
                let page = try await log.records(query, limit: 60)
                guard let last = page.last else { break }
                seen += page.map(\.id)
                query.before = last.place
            }
            #expect(seen.count == 250 && Set(seen).count == 250)
        }
    }

    @Test func whatAnEndpointDoesNotKeepIsCounted() async throws {
        let fixture = try LogFixture([.logSample: "25%"])
        let nothing = try LogFixture([.logSample: "0%"], name: "nothing")
        try await withLog(on: MemoryShelf()) { log async throws in
            let recorder = log.recorder()
            for _ in 0..<4000 {
                recorder.record(fixture.outcome([[1, 2]]))
                recorder.record(nothing.outcome([[1, 2]]))
            }
            await log.flush()
            let counters = log.counters(of: fixture.state.record.name, in: .standard)
            #expect(counters.offered == 4000 && counters.written + counters.sampledOut == 4000)
            // Five standard deviations.
            #expect(abs(counters.written - 1000) < 140)
            #expect(log.counters(of: nothing.state.record.name, in: .standard).sampledOut == 4000)
        }
    }

    /// Written and counted as dropped is what was answered, while nothing can be written and afterwards.
    @Test(arguments: ["drop", "sample", "block"])
    func aFullDiskIsOutlivedAndEveryDropCounted(whenFull: String) async throws {
        let fixture = try LogFixture([.logWhenFull: whenFull])
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            let counters = log.counters(of: fixture.state.record.name, in: .standard)
            let rows = [[Float]](repeating: [1, 2], count: 1000)
            shelf.isFull = true
            var refused = 0
            for _ in 0..<2500 {
                if recorder.mustRefuse(fixture.state) {
                    refused += 1
                } else {
                    recorder.record(fixture.outcome(rows))
                }
                if counters.offered % 100 == 0 { await log.flush() }
            }
            await log.flush()
            #expect(counters.written == 0)
            let dropped = DropCause.allCases.reduce(0) { $0 + counters.dropped($1) }
            switch whenFull {
            case "block": #expect(refused > 0 && dropped < 1000)
            case "sample": #expect(counters.dropped(.pressure) > 0)
            default: #expect(dropped > 1000 && refused == 0)
            }
            shelf.isFull = false
            await log.flush()
            #expect(
                counters.offered
                    == counters.written + DropCause.allCases.reduce(0) { $0 + counters.dropped($1) })
            #expect(!recorder.mustRefuse(fixture.state))
            let lost = counters.offered - counters.written
            recorder.record(fixture.outcome([[5, 5]], key: "later"))
            var query = PredictionQuery()
            query.key = "later"
            #expect(try await log.records(query, limit: 1).count == 1)
            #expect(counters.offered - counters.written == lost)
        }
    }

    /// A process that ends at once cannot wait for every disk.
    @Test func whoEndsWaitsForTheDiskNoLongerThanTheySay() async throws {
        let fixture = try LogFixture()
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            recorder.record(fixture.outcome([[1, 2]]))
            #expect(log.flush(within: .seconds(60)))
            #expect(log.counters(of: fixture.state.record.name, in: .standard).written == 1 && shelf.synced > 0)
            shelf.stall()
            recorder.record(fixture.outcome([[3, 4]]))
            #expect(!log.flush(within: .milliseconds(50)))
            shelf.goOn()
            await log.flush()
            #expect(log.counters(of: fixture.state.record.name, in: .standard).written == 2)
            await log.close()
            #expect(log.flush(within: .seconds(60)))
        }
    }

    @Test func manyEventLoopsLoseNothingThatIsNotCounted() async throws {
        let fixture = try LogFixture()
        try await withLog(on: MemoryShelf()) { log async throws in
            await withTaskGroup(of: Void.self) { group in
                for loop in 0..<4 {
                    group.addTask {
                        let recorder = log.recorder()
                        for index in 0..<10_000 { recorder.record(fixture.outcome([[Float(loop), Float(index)]])) }
                    }
                }
            }
            await log.flush()
            let counters = log.counters(of: fixture.state.record.name, in: .standard)
            let dropped = DropCause.allCases.reduce(0) { $0 + counters.dropped($1) }
            #expect(counters.offered == 40_000 && counters.written + dropped == 40_000)
            var seen = 0
            var query = PredictionQuery()
            while true {
                let page = try await log.records(query, limit: 20_000)
                guard let last = page.last else { break }
                seen += page.count
                query.before = last.place
            }
            #expect(seen == counters.written)
        }
    }

    /// Not even a part of it is on the disk.
    @Test func whatIsNotToBeKeptIsNowhereInTheFiles() async throws {
        let fixture = try LogFixture(policies: ["age": .hash, "income": .drop])
        let shelf = MemoryShelf()
        let (age, income): (Float, Float) = (1234.5678, -8765.4321)
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            let trace = TraceID(high: 7, low: 8)
            recorder.record(fixture.outcome([[age, income], [age, 1], [2, 2]], answers: [0, 0, 0], trace: trace))
            let record = try #require(try await log.records(PredictionQuery(), limit: 1).first)
            #expect(record.trace == trace)
            #expect(record.columns.map(\.name) == ["age"] && record.wholeInputs == nil)
            let hashes = record.columns[0].tensor.strings
            #expect(hashes.allSatisfy { $0.count == 32 } && hashes[0] == hashes[1] && hashes[0] != hashes[2])
        }
        let segment = try #require(shelf.segments().first)
        let bytes = shelf.read(segment.name, from: 0, count: segment.byteCount)
        for value in [age, income] {
            let pattern = (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
            #expect(!bytes.indices.contains { bytes[$0...].starts(with: pattern) })
        }
    }

    @Test func equalValuesHaveDifferentHashesAtDifferentEndpoints() async throws {
        try await withLog(on: MemoryShelf()) { log async throws in
            let recorder = log.recorder()
            for name in ["a", "b"] {
                recorder.record(try LogFixture(name: name, policies: ["age": .hash]).outcome([[1, 2]]))
            }
            let hashes = try await log.records(PredictionQuery(), limit: 2).map { $0.columns[0].tensor.strings }
            #expect(Set(hashes).count == 2)
        }
    }

    @Test(arguments: [
        ("email", Datatype.bytes, FieldPolicy.hash), ("customerName", .bytes, .hash), ("Phone Number", .bytes, .hash),
        ("customer_id", .int64, .hash), ("id", .int32, .hash), ("plan", .bytes, .keep), ("age", .float32, .keep),
        ("n_ids", .int64, .keep), ("filename_length", .int64, .keep), ("ip", .bytes, .hash),
        ("midpoint", .bytes, .keep),
        ("username", .bytes, .hash), ("street_address", .bytes, .hash), ("customer_id", .float64, .keep),
    ])
    func columnsThatLookLikePersonalDataAreHashed(name: String, datatype: Datatype, policy: FieldPolicy) {
        #expect(FieldPolicy(presumedFor: name, datatype) == policy)
    }

    // MARK: Crashes

    @Test func anEndThatWasNotWrittenWholeIsCutAndTheRestIsSound() async throws {
        let fixture = try LogFixture()
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            for index in 0..<300 {
                recorder.record(fixture.outcome([[Float(index), 0]]))
                if index % 100 == 99 { await log.flush() }
            }
        }
        let whole = try #require(shelf.segments().first)
        let bytes = shelf.read(whole.name, from: 0, count: whole.byteCount)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<60 {
            let end = Int.random(in: 0..<bytes.count, using: &generator)
            let garbage = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let torn = MemoryShelf()
            try torn.append(Array(bytes[..<end]) + garbage, to: whole.name)
            try await withLog(on: torn) { log async throws in
                let cut = try log.mend().cutBytes
                let kept = end + garbage.count - cut
                #expect(torn.segments().first?.byteCount == kept)
                // Whole blocks and nothing else.
                #expect(bytes.starts(with: torn.read(whole.name, from: 0, count: kept)))
                let count = try await log.records(PredictionQuery(), limit: 1000).count
                #expect(count <= 300 && (end > 0 || count == 0))
                #expect(try log.mend().cutBytes == 0)
            }
        }
    }

    @Test func aDamagedBlockInTheMiddleIsPassedOver() async throws {
        let fixture = try LogFixture()
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            let recorder = log.recorder()
            for index in 0..<300 {
                recorder.record(fixture.outcome([[Float(index), 0]]))
                if index % 100 == 99 { await log.flush() }
            }
            let segment = try #require(shelf.segments().first)
            let size = segment.byteCount
            shelf.damage(segment.name) { $0[size / 2] ^= 1 }
            let count = try await log.records(PredictionQuery(), limit: 1000).count
            #expect((100..<300).contains(count))
        }
    }

    /// Any bytes in any place: an answer or none, and never a crash.
    @Test func filesOfRandomBytesAreRead() async throws {
        let fixture = try LogFixture()
        let shelf = MemoryShelf()
        try await withLog(on: shelf) { log async throws in
            for index in 0..<50 { log.recorder().record(fixture.outcome([[Float(index), 0]], key: "k\(index)")) }
            await log.flush()
        }
        let whole = try #require(shelf.segments().first)
        let bytes = shelf.read(whole.name, from: 0, count: whole.byteCount)
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            let torn = MemoryShelf()
            try torn.append(changed, to: whole.name)
            try await withLog(on: torn) { log async throws in
                #expect(try await log.records(PredictionQuery(), limit: 1000).count <= 50)
                _ = try log.mend()
            }
        }
    }

    // MARK: Keeping

    @Test func whatIsTooOldOrTooMuchGoesOldestFirst() async throws {
        let fixture = try LogFixture([.logRetain: "2h", .logSize: "1MiB"])
        let shelf = MemoryShelf()
        let hour: Int64 = 3_600_000_000
        let name = { (hours: Int64) in
            SegmentName(project: .standard, endpoint: fixture.state.record.name, begunAt: 100 * hour + hours * hour)
        }
        for hours in 0..<6 { try shelf.append(Array(repeating: 0, count: 400_000), to: name(Int64(hours))) }
        try await withLog(on: shelf) { log async throws in
            let settings = fixture.state.record.settings
            // Begun at 0…5; an hour long each; kept for two hours at 5.5: those that ended after 3.5.
            var cleared = try log.clear(at: Timestamp(microseconds: 105 * hour + hour / 2)) { _, _ in settings }
            #expect(cleared.deletedSegments == 4)
            #expect(shelf.segments().map(\.name).sorted() == [name(4), name(5)])
            // The newest stays, however old and large.
            try shelf.append(Array(repeating: 0, count: 2_000_000), to: name(5))
            cleared = try log.clear(at: Timestamp(microseconds: 900 * hour)) { _, _ in settings }
            #expect(cleared.deletedSegments == 1 && shelf.segments().map(\.name) == [name(5)])
        }
    }

    @Test func filesSurviveAndAreReadByAnotherProcess() async throws {
        try await withTemporaryFolder { folder in
            let fixture = try LogFixture()
            try await withLog(on: try LogFilesShelf.make(folder)) { log async throws in
                for index in 0..<500 { log.recorder().record(fixture.outcome([[Float(index), 1]])) }
            }
            try await withLog(on: try LogFilesShelf.make(folder)) { log async throws in
                #expect(try log.mend().cutBytes == 0)
                #expect(try await log.records(PredictionQuery(), limit: 1000).count == 500)
                log.recorder().record(fixture.outcome([[1, 1]], key: "new"))
                await log.flush()
                #expect(try await log.records(PredictionQuery(), limit: 1000).count == 501)
            }
        }
    }
}

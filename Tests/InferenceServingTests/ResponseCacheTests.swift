// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import InferenceServing

struct ResponseCacheTests {
    private func floats(_ values: [Float], shape: [Int]? = nil) -> Tensor {
        Tensor(.float32, shape: shape ?? [1, values.count], elements: values)
    }

    private func key(_ tensors: Tensor...) -> CacheKey { CacheKey(tensors) }

    // MARK: Keys

    @Test func equalInputsAreOneKeyWhereverTheyLie() {
        let whole = floats([1, 2, 3, 4], shape: [2, 2])
        #expect(key(whole.row(1, of: 2)) == key(floats([3, 4])))
        #expect(key(whole.row(1, of: 2)).owned == key(floats([3, 4])))
        let texts = Tensor(strings: ["a", "bc", "d"], shape: [3, 1])
        #expect(key(texts.row(1, of: 3)) == key(Tensor(strings: ["bc"], shape: [1, 1])))
        #expect(key(texts.row(1, of: 3)).owned == key(Tensor(strings: ["bc"], shape: [1, 1])))
    }

    @Test func typeShapeAndBytesTellInputsApart() {
        let one = floats([1, 2])
        #expect(key(one) != key(floats([1, 2], shape: [2, 1])))
        #expect(key(one) != key(Tensor(.int32, shape: [1, 2], elements: one.elements(as: Int32.self))))
        #expect(key(one) != key(floats([1, 3])))
        #expect(key(one, one) != key(one))
        #expect(key(floats([0])) != key(floats([-0.0])))
        // Where one text ends and the next one begins.
        #expect(key(Tensor(strings: ["ab", "c"], shape: [2])) != key(Tensor(strings: ["a", "bc"], shape: [2])))
    }

    /// Hashes that are equal are not enough.
    @Test func inputsAreComparedByteForByte() {
        let keys = (0..<2000).map { key(floats([Float($0), 1])) }
        #expect(Set(keys).count == keys.count)
    }

    // MARK: The bound

    @Test func whatIsKeptIsFound() throws {
        let cache = ResponseCache(byteLimit: 1 << 20)
        #expect(cache.answers(to: key(floats([1]))) == nil)
        cache.keep([floats([10])], for: key(floats([1])))
        #expect(try #require(cache.answers(to: key(floats([1]))))[0].elements(as: Float.self) == [10])
        cache.keep([floats([11])], for: key(floats([1])))
        #expect(try #require(cache.answers(to: key(floats([1]))))[0].elements(as: Float.self) == [11])
        #expect(cache.contents.entries == 1)
    }

    @Test func theLeastRecentlyUsedLeaveFirst() {
        let cost = ResponseCache.entryOverhead + 2 * (ResponseCache.tensorOverhead + 4)
        let cache = ResponseCache(byteLimit: 3 * cost)
        for value in 1...3 { cache.keep([floats([0])], for: key(floats([Float(value)]))) }
        #expect(cache.answers(to: key(floats([1]))) != nil)
        cache.keep([floats([0])], for: key(floats([4])))
        let kept = (1...4).filter { cache.answers(to: key(floats([Float($0)]))) != nil }
        #expect(kept == [1, 3, 4])
        #expect(cache.contents == (3, 3 * cost))
    }

    @Test func whatIsLargerThanTheBoundIsNotKept() {
        let cache = ResponseCache(byteLimit: 10_000)
        cache.keep([floats([0])], for: key(floats([1])))
        cache.keep([floats(Array(repeating: 0, count: 3000))], for: key(floats([2])))
        #expect(cache.answers(to: key(floats([2]))) == nil)
        #expect(cache.answers(to: key(floats([1]))) != nil)
    }

    /// A row of an answer that was computed for many keeps none of the others.
    @Test func whatIsKeptBorrowsFromNobody() throws {
        let cache = ResponseCache(byteLimit: 1 << 20)
        weak var storage: TensorStorage?
        do {
            let whole = floats(Array(repeating: 7, count: 1000), shape: [500, 2])
            storage = whole.storage
            cache.keep([whole.row(3, of: 500)], for: key(whole.row(4, of: 500)))
        }
        #expect(storage == nil)
        #expect(try #require(cache.answers(to: key(floats([7, 7]))))[0].elements(as: Float.self) == [7, 7])
    }

    /// Random use against a plain model of it.
    @Test func itNeverHoldsMoreThanItsBound() {
        let cost = ResponseCache.entryOverhead + 2 * (ResponseCache.tensorOverhead + 4)
        let cache = ResponseCache(byteLimit: 8 * cost + 17)
        var order: [Int] = []
        for step in 0..<5000 {
            let value = (step &* 7919) % 23
            let found = cache.answers(to: key(floats([Float(value)])))
            #expect((found != nil) == order.contains(value))
            if found != nil {
                #expect(found?[0].elements(as: Float.self) == [Float(value) * 2])
                order.removeAll { $0 == value }
            } else {
                cache.keep([floats([Float(value) * 2])], for: key(floats([Float(value)])))
                if order.count == 8 { order.removeFirst() }
            }
            order.append(value)
            #expect(cache.contents.bytes <= cache.byteLimit)
        }
    }

    @Test func manyThreadsGetTheAnswersToTheirOwnInputs() {
        let cache = ResponseCache(byteLimit: 40_000)
        let wrong = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for step in 0..<3000 {
                let value = Float((step &* 31 &+ worker &* 17) % 200)
                if let found = cache.answers(to: key(floats([value]))) {
                    if found[0].elements(as: Float.self) != [value + 0.5] { wrong.add(1, ordering: .relaxed) }
                } else {
                    cache.keep([floats([value + 0.5])], for: key(floats([value])))
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(cache.contents.bytes <= cache.byteLimit)
    }

    // MARK: At an endpoint

    @Test(arguments: [light, heavy])
    func anEndpointAnswersTheSameInputsWithoutTheModel(cost: RunCost) throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture([.cache: "1MiB"], cost: cost)
        #expect(try ask(service, fixture, 1) == 21)
        #expect(try ask(service, fixture, 1) == 21)
        #expect(try ask(service, fixture, 2) == 22)
        #expect(fixture.engine.calls == 2)
        let counters = fixture.counters
        #expect(counters.cacheHits == 1 && counters.cacheMisses == 2)
        #expect(counters.accepted == 3 && counters.answered == 3 && counters.succeeded == 3)
        #expect(counters.rows == 2 && counters.engineCalls.total == 2)
    }

    @Test func withoutTheSettingNothingIsKept() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture()
        for _ in 0..<2 { #expect(try ask(service, fixture, 1) == 21) }
        #expect(fixture.engine.calls == 2)
        #expect(fixture.state.cache == nil && fixture.counters.cacheMisses == 0)
    }

    /// A rate is a rate, whoever answers.
    @Test func whatIsKeptCountsForTheRate() throws {
        let service = InferenceService(laneThreads: 1, queueLimit: 4)
        let fixture = try ServingFixture([.cache: "1MiB", .ratePerClient: "2/h"])
        for _ in 0..<2 { #expect(try ask(service, fixture, 1) == 21) }
        #expect(service.answerNow(try fixture.call())?.map { _ in 0 }.code == .callerLimited)
    }

    /// Another version has given no answer yet; other settings take nothing away.
    @Test func aCacheLastsAsLongAsItsVersion() throws {
        let one = try ServingFixture([.cache: "1MiB"])
        let again = EndpointState(record: one.state.record, live: one.state.live, after: one.state)
        #expect(again.cache === one.state.cache)
        let other = try ServingFixture([.cache: "1MiB"])
        let swapped = EndpointState(record: one.state.record, live: other.state.live, after: one.state)
        #expect(swapped.cache !== one.state.cache)
        let larger = try ServingFixture([.cache: "2MiB"])
        let grown = EndpointState(record: larger.state.record, live: one.state.live, after: one.state)
        #expect(grown.cache?.byteLimit == 2 << 20)
        #expect(EndpointState(record: one.state.record, live: nil, after: one.state).cache == nil)
    }

    private func ask(_ service: InferenceService, _ fixture: ServingFixture, _ value: Float) throws -> Float {
        if let answer = service.answerNow(try fixture.call(value)) {
            return try answer.get()[0].elements(as: Float.self)[0]
        }
        let outcomes = Outcomes()
        _ = try service.answerLater(try fixture.call(value)) { outcomes.record($0) }
        return try outcomes.wait(for: 1)[0].get()
    }
}

// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelExecution
import TestSupport
import Testing

@testable import ModelRollouts

/// Who goes when memory is short.
struct MemoryBudgetTests {
    private let engines = (0..<4).map { _ in FakeEngine() }

    /// - Parameters:
    ///   - use: When it was used last; `nil` for one that stays.
    ///   - engine: Which of a few.
    private func resident(
        _ endpoint: String, own: Int = 0, engine: Int, of engineBytes: Int, use: Int?
    ) -> MemoryBudget.Resident {
        MemoryBudget.Resident(
            endpoint: endpoint, memory: MemoryUse(own: own, engine: engineBytes),
            engine: ObjectIdentifier(engines[engine]), lastUse: use.map(Moment.init(nanoseconds:)))
    }

    @Test func nobodyGoesWhileThereIsRoom() {
        let residents = [resident("a", own: 10, engine: 0, of: 50, use: 1)]
        #expect(MemoryBudget.total(of: residents) == 60)
        #expect(MemoryBudget(limit: 100).victims(for: 40, beside: residents) == [])
        #expect(MemoryBudget(limit: 100).victims(for: 41, beside: residents) == ["a"])
    }

    @Test func theLeastRecentlyUsedGoesFirstAndNoMoreThanNeeded() {
        let residents = [
            resident("new", engine: 0, of: 30, use: 30), resident("old", engine: 1, of: 30, use: 10),
            resident("middle", engine: 2, of: 30, use: 20),
        ]
        let budget = MemoryBudget(limit: 100)
        #expect(budget.victims(for: 40, beside: residents) == ["old"])
        #expect(budget.victims(for: 41, beside: residents) == ["old", "middle"])
        #expect(budget.victims(for: 100, beside: residents) == ["old", "middle", "new"])
    }

    @Test func whatStaysStaysAndNobodyGoesForNothing() {
        let residents = [
            resident("eager", engine: 0, of: 60, use: nil), resident("lazy", engine: 1, of: 30, use: 1),
        ]
        let budget = MemoryBudget(limit: 100)
        #expect(budget.victims(for: 40, beside: residents) == ["lazy"])
        #expect(budget.victims(for: 41, beside: residents) == nil, "it would not fit even then")
    }

    /// An engine counts once, and is free only when the last of those that share it goes.
    @Test func aSharedEngineCountsOnce() {
        let residents = [
            resident("a", own: 5, engine: 0, of: 40, use: 1), resident("b", own: 5, engine: 0, of: 40, use: 2),
            resident("c", own: 5, engine: 1, of: 40, use: 3),
        ]
        #expect(MemoryBudget.total(of: residents) == 95)
        #expect(MemoryBudget(limit: 95).victims(for: 5, beside: residents) == ["a"])
        #expect(MemoryBudget(limit: 95).victims(for: 6, beside: residents) == ["a", "b"])
        let kept = [resident("eager", engine: 0, of: 40, use: nil)] + residents
        #expect(MemoryBudget(limit: 95).victims(for: 51, beside: kept) == ["a", "b", "c"])
        #expect(MemoryBudget(limit: 95).victims(for: 56, beside: kept) == nil, "its engine stays with the eager one")
    }
}

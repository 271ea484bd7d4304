// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct LabelJoinTests {
    private let rules = LabelJoinRules(joinWindow: 10, orphanTimeToLive: 5)

    @Test func bothLimitsBelongToWhatTheyLimit() {
        var join = LabelJoin<String, Int, Int>(rules: rules)
        join.receive(1, of: "a", at: 0)
        join.receive(1, of: "b", at: 0)
        join.receive(label: 7, of: "a", at: 10)
        join.receive(label: 7, of: "b", at: 11)
        join.receive(label: 8, of: "c", at: 20)
        join.receive(1, of: "c", at: 25)
        join.receive(label: 8, of: "d", at: 30)
        join.receive(1, of: "d", at: 36)
        #expect(join.joined.map(\.id) == ["a", "c"])
        #expect(join.joined.map(\.delay) == [10, 0])
        #expect(join.counts.lateLabels == 1)
        #expect(join.counts.expiredOrphans == 1)
        #expect(join.unlabelled(at: 36) == ["b"])
        #expect(join.pending(at: 36) == ["d"])
        #expect(join.coverage(at: 36) == Proportion(2, of: 3))
        #expect(join.coverage(at: 46) == Proportion(2, of: 4))
    }

    @Test func theFirstPredictionAndTheLastLabelCount() {
        var join = LabelJoin<String, String, Int>(rules: rules)
        join.receive(label: 1, of: "a", at: 0)
        join.receive(label: 2, of: "a", at: 1)
        join.receive("first", of: "a", at: 2)
        join.receive("second", of: "a", at: 3)
        join.receive(label: 3, of: "a", at: 4)
        #expect(join.joined.map(\.prediction) == ["first"])
        #expect(join.joined.map(\.label) == [3])
        #expect(join.joined.map(\.delay) == [2])
        #expect(join.counts.duplicateLabels == 2)
        #expect(join.counts.duplicatePredictions == 1)
    }

    /// A label may be corrected once its prediction is known, but not begin to wait anew by being repeated.
    @Test func anOrphanWaitsFromItsFirstLabelOn() {
        var join = LabelJoin<String, Int, Int>(rules: rules)
        join.receive(label: 1, of: "a", at: 0)
        join.receive(label: 2, of: "a", at: 4)
        #expect(join.orphanIDs == ["a"])
        join.advance(to: 5)
        #expect(join.orphanIDs == ["a"])
        join.advance(to: 6)
        #expect(join.orphanIDs.isEmpty)
        #expect(join.counts.expiredOrphans == 1)
        #expect(join.coverage(at: 6) == nil)
    }

    /// A store that keeps an entry under each key and asks the rules comes to the same answer.
    @Test func oneEventAtATimeGivesTheSame() {
        var random = SplitMix(seed: 22)
        for _ in 0..<50 {
            var join = LabelJoin<Int, Int, Int>(rules: rules)
            var entries: [Int: LabelJoinEntry<Int>] = [:]
            var counts = LabelJoinCounts()
            var time = 0
            for event in 0..<200 {
                time += random.nextIndex(below: 3)
                let id = random.nextIndex(below: 40)
                if random.nextUnit() < 0.5 {
                    join.receive(event, of: id, at: time)
                    let step = rules.received(predictionAt: time, given: entries[id] ?? .unknown)
                    entries[id] = step.entry
                    counts += step.counts
                } else {
                    join.receive(label: event, of: id, at: time)
                    let step = rules.received(event, at: time, given: entries[id] ?? .unknown)
                    entries[id] = step.entry
                    counts += step.counts
                }
            }
            // Nobody asked again for those.
            var orphans: [Int] = []
            for case (let id, .orphan(_, let since)) in entries {
                if rules.isExpired(orphanSince: since, at: time) {
                    counts.expiredOrphans += 1
                } else {
                    orphans.append(id)
                }
            }
            #expect(join.counts == counts)
            #expect(Set(join.orphanIDs) == Set(orphans))
            let labels = join.joined.map { [$0.id, $0.label, $0.delay] }.sorted { $0[0] < $1[0] }
            let kept = entries.compactMap { id, entry -> [Int]? in
                guard case .joined(let label, let predicted, let labelled) = entry else { return nil }
                return [id, label, labelled - predicted]
            }
            #expect(labels == kept.sorted { $0[0] < $1[0] })
        }
    }

    @Test func aClockThatJumpsDoesNotTrap() {
        var join = LabelJoin<Int, Int, Int>(rules: rules)
        for (id, time) in [Int.min, .max, 0, .max, .min].enumerated() {
            join.receive(1, of: id, at: time)
            join.receive(label: 1, of: id + 1, at: time)
            _ = join.coverage(at: .max)
            _ = join.joined
        }
    }
}

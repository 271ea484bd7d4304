// SPDX-License-Identifier: Apache-2.0

/// Predictions and labels as they came, joined by ``LabelJoinRules``, in memory. An id that is a text is its bytes.
package struct LabelJoin<ID: Hashable & Sendable, Prediction: Sendable, Label: Sendable>: Sendable {
    package struct Joined: Sendable {
        package let id: ID
        package let prediction: Prediction
        package let label: Label
        /// From the prediction to the label.
        package let delay: Int
    }

    package let rules: LabelJoinRules
    package private(set) var counts = LabelJoinCounts()
    /// In the order of arrival.
    private var predictions: [(id: ID, prediction: Prediction)] = []
    private var entries: [ID: LabelJoinEntry<Label>] = [:]
    private var orphans: [ID: Int] = [:]
    /// No orphan is older.
    private var oldestOrphan = Int.max

    package init(rules: LabelJoinRules) { self.rules = rules }

    package mutating func receive(_ prediction: Prediction, of id: ID, at time: Int) {
        advance(to: time)
        let (entry, counts) = rules.received(predictionAt: time, given: entries[id] ?? .unknown)
        self.counts += counts
        guard counts.duplicatePredictions == 0 else { return }
        entries[id] = entry
        orphans[id] = nil
        predictions.append((id, prediction))
    }

    package mutating func receive(label: Label, of id: ID, at time: Int) {
        advance(to: time)
        let (entry, counts) = rules.received(label, at: time, given: entries[id] ?? .unknown)
        self.counts += counts
        entries[id] = entry
        if case .orphan(_, let since) = entry {
            orphans[id] = since
            oldestOrphan = min(oldestOrphan, since)
        }
    }

    /// Forgets the labels that have waited too long for their predictions.
    package mutating func advance(to time: Int) {
        guard !orphans.isEmpty, rules.isExpired(orphanSince: oldestOrphan, at: time) else { return }
        for (id, since) in orphans where rules.isExpired(orphanSince: since, at: time) {
            orphans[id] = nil
            entries[id] = nil
            counts.expiredOrphans += 1
        }
        oldestOrphan = orphans.values.min() ?? .max
    }

    // MARK: What came of it

    /// In the order of their predictions, as all that follows.
    package var joined: [Joined] {
        predictions.compactMap { id, prediction in
            guard case .joined(let label, let predicted, let labelled) = entries[id] else { return nil }
            return Joined(id: id, prediction: prediction, label: label, delay: labelled &- predicted)
        }
    }

    /// Predictions whose label may still come.
    package func pending(at time: Int) -> [ID] { unlabelled { !rules.isMature(predictedAt: $0, at: time) } }

    /// Predictions whose label did not come in time.
    package func unlabelled(at time: Int) -> [ID] { unlabelled { rules.isMature(predictedAt: $0, at: time) } }

    private func unlabelled(_ isMeant: (Int) -> Bool) -> [ID] {
        predictions.compactMap { id, _ in
            guard case .waiting(let since) = entries[id], isMeant(since) else { return nil }
            return id
        }
    }

    /// Labels whose prediction may still come; in no order.
    package var orphanIDs: [ID] { Array(orphans.keys) }

    /// Labelled among the mature predictions: what a judgement at `time` rests on; `nil` when none is mature.
    package func coverage(at time: Int) -> Proportion? {
        var (mature, labelled) = (0, 0)
        for (id, _) in predictions {
            switch entries[id] {
            case .waiting(let predicted) where rules.isMature(predictedAt: predicted, at: time): mature += 1
            case .joined(_, let predicted, _) where rules.isMature(predictedAt: predicted, at: time):
                mature += 1
                labelled += 1
            default: break
            }
        }
        return Proportion(labelled, of: mature)
    }
}

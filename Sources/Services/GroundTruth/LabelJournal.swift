// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics

/// Decides inside one transaction what becomes of labels, one after the other, and keeps it.
struct LabelJournal {
    enum Fate { case joined, corrected, repeated, late }

    private struct Place: Hashable {
        let prediction: PredictionID
        let row: Int

        init(_ row: LabelledRow) { (prediction, self.row) = (row.prediction, row.row) }
    }

    private struct WaitingPlace: Hashable {
        let target: Feedback.Target
        let row: Int?
    }

    private let store: any LabelWriting
    private let endpoint: LabelledEndpoint
    private let rules: LabelJoinRules
    private let time: Timestamp
    private var rows: [Place: LabelledRow] = [:]
    /// Those of ``rows`` that are not kept yet.
    private var changed: Set<Place> = []
    private var order: [Place] = []
    var counts = LabelCounts()

    init(
        _ store: any LabelWriting, _ endpoint: LabelledEndpoint, _ rules: LabelJoinRules,
        predictions: Set<PredictionID>, at time: Timestamp
    ) throws {
        self.store = store
        self.endpoint = endpoint
        self.rules = rules
        self.time = time
        for row in try store.labels(of: endpoint, predictions: Array(predictions)) { rows[Place(row)] = row }
    }

    /// A label of a prediction that is known.
    mutating func label(_ row: LabelledRow) throws -> Fate {
        try settle(row, entry(of: row) ?? .waiting(since: Int(row.predictedAt.microseconds)))
    }

    /// A prediction for which a label has waited.
    mutating func prediction(_ row: LabelledRow, for waiting: WaitingLabel) throws {
        var row = row
        if var known = rows[Place(row)], known.labelledAt >= waiting.at,
            !known.truth.utf8.elementsEqual(row.truth.utf8)
        {
            // It was said of the key of that prediction, say, and what is known since then is newer.
            counts.corrected += 1
            row.corrections = known.corrections
            try store.put(FormerLabel(row, replacedAt: time), of: endpoint)
            known.corrections += 1
            keep(known)
            return
        }
        guard entry(of: row) == nil, waiting.since < row.predictedAt else {
            _ = try label(row)
            return
        }
        let (entry, counts) = rules.received(
            predictionAt: Int(row.predictedAt.microseconds),
            given: .orphan(row.truth, since: Int(waiting.since.microseconds)))
        self.counts.expired += counts.expiredOrphans
        guard case .joined(_, _, let labelled) = entry else { return }
        row.labelledAt = Timestamp(microseconds: Int64(labelled))
        keep(row)
    }

    /// A label of a prediction that is not known.
    mutating func wait(_ waiting: WaitingLabel) throws {
        // What waited longest decides how long it goes on to wait; the store knows that.
        try store.put(waiting, for: endpoint)
    }

    private func entry(of row: LabelledRow) -> LabelJoinEntry<String>? {
        rows[Place(row)].map {
            .joined($0.truth, predicted: Int($0.predictedAt.microseconds), labelled: Int($0.labelledAt.microseconds))
        }
    }

    private mutating func settle(_ row: LabelledRow, _ entry: LabelJoinEntry<String>) throws -> Fate {
        if let known = rows[Place(row)], known.truth.utf8.elementsEqual(row.truth.utf8) {
            counts.repeated += 1
            return .repeated
        }
        let (_, found) = rules.received(row.truth, at: Int(row.labelledAt.microseconds), given: entry)
        guard found.lateLabels == 0 else {
            counts.late += 1
            return .late
        }
        guard let known = rows[Place(row)] else {
            keep(row)
            return .joined
        }
        counts.corrected += 1
        try store.put(FormerLabel(known, replacedAt: time), of: endpoint)
        var row = row
        row.corrections = known.corrections + 1
        keep(row)
        return .corrected
    }

    private mutating func keep(_ row: LabelledRow) {
        let place = Place(row)
        rows[place] = row
        if changed.insert(place).inserted { order.append(place) }
    }

    /// Keeps what was decided.
    func finish() throws {
        for place in order { if let row = rows[place] { try store.put(row, of: endpoint) } }
        if counts != LabelCounts() { try store.add(counts, to: endpoint) }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import PredictionLogging
internal import Statistics

/// A row that is worth a label.
package struct SampledRow: Sendable {
    package let record: PredictionRecord
    package let row: Int
    /// The smallest are taken.
    fileprivate let rank: Double
}

package enum LabelSample {
    /// How rows are chosen.
    package enum Choice: String, Sendable, CaseIterable {
        /// Each is as likely as any other: what is estimated from them holds for all.
        case random
        /// Those first between whose two likeliest classes the model saw the least difference.
        case uncertain
    }
}

extension Labels {
    package var monthAgo: Timestamp { Timestamp(microseconds: time.microseconds - 30 * Int64(LabelWindows.day)) }

    /// Rows without a label, of predictions that were answered.
    ///
    /// - Throws: `LBL-005` where nothing says how sure the model was.
    package func sample(
        _ endpoint: LabelledEndpoint, by choice: LabelSample.Choice, count: Int, since: Timestamp
    ) async throws -> [SampledRow] {
        struct Place: Hashable, Sendable {
            let prediction: PredictionID
            let row: Int
        }
        let labelled = try await store.read { store in
            var labelled: Set<Place> = []
            try store.forEachLabel(
                of: endpoint, from: since, to: Timestamp(microseconds: .max), version: nil
            ) { labelled.insert(Place(prediction: $0.prediction, row: $0.row)) }
            return labelled
        }
        var query = PredictionQuery()
        (query.project, query.endpoint, query.from) = (endpoint.project, endpoint.endpoint, since)
        query.status = .answered
        let bundles = try await log.bundles(of: endpoint.endpoint, in: endpoint.project)
        let forms = await forms.forms(of: bundles)
        let seed = UInt64.random(in: 0 ... .max)
        struct Found: Sendable {
            var rows: [SampledRow] = []
            var random: SplitMix
            var seen = 0
        }
        let found = try await log.scan(query, into: Found(random: SplitMix(seed: seed))) { found, record in
            guard !record.isCut else { return true }
            let answers = record.schema.bundle.flatMap { forms[$0] }?.answers(of: record)
            found.seen += record.rowCount
            for row in 0..<record.rowCount {
                let place = Place(prediction: record.id, row: record.number(ofRow: row))
                guard !labelled.contains(place) else { continue }
                let rank: Double? =
                    switch choice {
                    case .random: found.random.nextUnit()
                    case .uncertain: answers?[row].margin
                    }
                if let rank { found.rows.append(SampledRow(record: record, row: row, rank: rank)) }
            }
            if found.rows.count > 4 * count + 1000 { found.rows.keepSmallest(count) }
            return true
        }
        if choice == .uncertain, found.rows.isEmpty, found.seen > 0, labelled.isEmpty {
            throw Refusal(
                .notLabelled, .conflict, "The answers of “\(endpoint.endpoint)” do not say how sure the model was.",
                hint: "Choose with by random; uncertain takes probabilities of classes.")
        }
        var rows = found.rows
        rows.keepSmallest(count)
        return rows
    }
}

extension [SampledRow] {
    fileprivate mutating func keepSmallest(_ count: Int) {
        sort { ($0.rank, $0.record.id, $0.row) < ($1.rank, $1.record.id, $1.row) }
        if self.count > count { removeLast(self.count - count) }
    }
}

extension RowAnswer {
    /// Between the two likeliest classes; `nil` without probabilities of classes.
    fileprivate var margin: Double? {
        if decided != nil, let score { return abs(2 * score - 1) }
        guard let shares, shares.count > 1 else { return nil }
        let sorted = shares.sorted(by: >)
        return sorted[0] - sorted[1]
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import PredictionLogging

/// The predictions that some labels are about, as far as they are known: from labels of before, and from the log.
struct PredictionBook: Sendable {
    private struct Known: Sendable {
        let prediction: PredictionID
        let time: Timestamp
        let version: Int
        let bundle: Digest?
        let key: String?
        let rowCount: Int
        let form: AnswerForm?
        /// By row; empty where there are none that can be judged.
        let answers: [Int: RowAnswer]
        /// Why there are none.
        let problem: String?
        /// What stands for whom a row is about, by row.
        var subjects: [Int: String] = [:]
        /// Whether some of its rows cannot be read any more.
        var isErased = false
    }

    private var known: [Feedback.Target: Known] = [:]

    init(
        of targets: [(target: Feedback.Target, row: Int?)], for endpoint: LabelledEndpoint, in labels: Labels
    ) async throws {
        var ids: Set<PredictionID> = []
        var keys: Set<[UInt8]> = []
        for (target, _) in targets {
            switch target {
            case .prediction(let id): ids.insert(id)
            case .key(let key): keys.insert(Array(key.utf8))
            }
        }
        let asked = Array(ids)
        let labelled = try await labels.store.read { try $0.labels(of: endpoint, predictions: asked) }
        let rows = Dictionary(grouping: labelled, by: \.prediction)
        // What is needed of a row that was labelled before is kept with that label.
        var incomplete: Set<PredictionID> = []
        for (target, row) in targets {
            guard case .prediction(let id) = target else { continue }
            let isThere = rows[id]?.contains { $0.row == row ?? 0 && (row != nil || $0.rowCount == 1) } ?? false
            if !isThere { incomplete.insert(id) }
        }
        let found = try await labels.log.predictions(
            withIDs: incomplete, keys: keys, of: endpoint.endpoint, in: endpoint.project)
        let records = Array(found.byID.values) + Array(found.byKey.values)
        let bundles = Set(records.compactMap(\.schema.bundle) + labelled.compactMap(\.bundle))
        let forms = await labels.forms.forms(of: bundles)
        for (id, present) in rows {
            guard let first = present.first else { continue }
            known[.prediction(id)] = Known(
                prediction: id, time: first.predictedAt, version: first.version, bundle: first.bundle, key: first.key,
                rowCount: first.rowCount, form: first.bundle.flatMap { forms[$0] },
                answers: Dictionary(present.map { ($0.row, $0.answer) }) { first, _ in first }, problem: nil)
        }
        for (id, record) in found.byID { known[.prediction(id)] = Self.known(record, forms) }
        for record in found.byKey.values {
            guard let key = record.key else { continue }
            known[.key(key)] = Self.known(record, forms)
        }
    }

    private static func known(_ record: PredictionRecord, _ forms: [Digest: AnswerForm]) -> Known {
        let form = record.schema.bundle.flatMap { forms[$0] }
        let answers = form?.answers(of: record)
        let problem: String? =
            if record.status != .answered {
                "It was not answered: \(record.status.rawValue)."
            } else if record.isCut {
                "It was too large to be kept, so that nothing can be compared."
            } else if record.isErased, record.rowCount == 0 {
                "What it was about is erased."
            } else if answers == nil {
                "Its answers are neither classes nor numbers."
            } else {
                nil
            }
        return Known(
            prediction: record.id, time: record.time, version: record.schema.version, bundle: record.schema.bundle,
            key: record.key, rowCount: record.rowCount + record.erasedRowCount, form: form,
            answers: Dictionary(
                uniqueKeysWithValues: (answers ?? []).enumerated().map { (record.number(ofRow: $0.offset), $0.element) }
            ),
            problem: problem, subjects: record.subjectsByRow, isErased: record.isErased)
    }

    /// A labelled row of what a label is about; `nil` where that is not known.
    ///
    /// - Throws: `LBL-001` for a label that the model does not have, `LBL-003` where there is nothing to label.
    func row(
        _ target: Feedback.Target, _ row: Int?, _ label: GivenLabel, at time: Timestamp, by actor: String
    ) throws(Refusal) -> LabelledRow? {
        guard let known = known[target] else { return nil }
        guard known.problem == nil else { throw nothing(known, known.problem ?? "") }
        guard let form = known.form else {
            throw nothing(known, "What answered it is not here any more.")
        }
        guard let number = row ?? (known.rowCount == 1 ? 0 : nil) else {
            throw nothing(known, "It has \(known.rowCount) rows: say which with “row”, or send a list of labels.")
        }
        guard (0..<known.rowCount).contains(number) else {
            throw nothing(known, "It has \(known.rowCount) rows, counted from 0, and “row” is \(number).")
        }
        guard let answer = known.answers[number] else {
            guard known.isErased else { return nil }
            throw nothing(known, "What the row \(number) was about is erased.")
        }
        let subject = known.subjects[number]
        return LabelledRow(
            prediction: known.prediction, row: number, rowCount: known.rowCount, version: known.version,
            bundle: known.bundle, key: subject == nil ? known.key : nil, predictedAt: known.time, labelledAt: time,
            truth: try form.truth(of: label), answer: answer, actor: actor, subject: subject)
    }

    private func nothing(_ known: Known, _ reason: String) -> Refusal {
        Refusal(
            .nothingToLabel, .conflict, "The prediction \(known.prediction) cannot be labelled so. \(reason)",
            hint: "Look at it with `slipway prediction show \(known.prediction)`.")
    }
}

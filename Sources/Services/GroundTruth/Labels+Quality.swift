// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import PredictionLogging
internal import Statistics

extension Labels {
    /// More rows of the log than these are not looked at: the newest are.
    private static let rowLimit = 2_000_000

    /// Quality for the time of the predictions, per version, with what is estimated beside it.
    package func quality(_ question: QualityQuestion) async throws -> QualityReport {
        try await settle(question.endpoint)
        let time = time
        let (rows, waiting, counts) = try await store.read { store in
            var rows: [LabelledRow] = []
            try store.forEachLabel(
                of: question.endpoint, from: question.since, to: Timestamp(microseconds: .max),
                version: question.version
            ) { rows.append($0) }
            return (rows, try store.waitingCount(for: question.endpoint), try store.counts(of: question.endpoint))
        }
        let maturing = windows.maturing(rows)
        let logged = try await logged(question, maturing, at: time)
        let labelled = Dictionary(grouping: rows) { GroupKey($0, question) }
        let bundles = Set(labelled.keys.compactMap(\.bundle) + logged.tallies.keys.compactMap(\.bundle))
        let forms = await forms.forms(of: bundles)
        let estimators = Dictionary(
            uniqueKeysWithValues: forms.map { bundle, form in
                (bundle, QualityEstimator(form, labelled: rows.filter { $0.bundle == bundle }))
            })
        let groups = Set(labelled.keys).union(logged.tallies.keys).map { key in
            group(
                key, question, labelled[key] ?? [], logged.tallies[key] ?? Tally(), maturing, at: time,
                key.bundle.flatMap { forms[$0] }, key.bundle.flatMap { estimators[$0] })
        }
        return QualityReport(
            question: question,
            groups: groups.sorted { ($1.from, $1.version) < ($0.from, $0.version) },
            maturity: maturing.joinWindow, isMaturityLearned: rows.count >= windows.leastLabels, waiting: waiting,
            counts: counts, isCut: logged.isCut)
    }

    private func group(
        _ key: GroupKey, _ question: QualityQuestion, _ rows: [LabelledRow], _ tally: Tally,
        _ maturing: LabelJoinRules, at time: Timestamp, _ form: AnswerForm?, _ estimator: QualityEstimator?
    ) -> QualityGroup {
        let length: Int64 = question.by == .hour ? 3_600_000_000 : 86_400_000_000
        var group = QualityGroup(
            version: key.version, from: Timestamp(microseconds: key.beginning),
            to: question.by == .all ? time : Timestamp(microseconds: key.beginning + length))
        let mature = rows.filter { maturing.isMature($0.predictedAt, at: time) }
        group.labelled = rows.count
        group.labelledMature = mature.count
        group.predictions = max(tally.rows, rows.count)
        group.mature = max(tally.mature, mature.count)
        group.isEarly = mature.isEmpty && !rows.isEmpty
        if let form { group.quality = QualityJudge(form, mature.isEmpty ? rows : mature).quality }
        group.estimate = estimator?.estimate(tally.answers)
        return group
    }

    // MARK: What the log has

    private struct Logged: Sendable {
        var tallies: [GroupKey: Tally] = [:]
        var rows = 0
        var isCut = false
    }

    private func logged(
        _ question: QualityQuestion, _ maturing: LabelJoinRules, at time: Timestamp
    ) async throws -> Logged {
        var query = PredictionQuery()
        query.project = question.endpoint.project
        query.endpoint = question.endpoint.endpoint
        query.version = question.version
        query.from = question.since
        query.status = .answered
        let bundles = try await log.bundles(of: question.endpoint.endpoint, in: question.endpoint.project)
        let forms = await forms.forms(of: bundles)
        return try await log.scan(query, into: Logged()) { logged, record in
            guard logged.rows < Self.rowLimit else {
                logged.isCut = true
                return false
            }
            logged.rows += record.rowCount
            let key = GroupKey(record, question)
            var tally = logged.tallies.removeValue(forKey: key) ?? Tally()
            tally.rows += record.rowCount
            if maturing.isMature(record.time, at: time) {
                tally.mature += record.rowCount
            }
            if let bundle = record.schema.bundle, let form = forms[bundle], form.kind.hasClasses {
                tally.answers += form.answers(of: record) ?? []
            }
            logged.tallies[key] = tally
            return true
        }
    }
}

/// A version in one period.
private struct GroupKey: Hashable, Sendable {
    let version: Int
    let bundle: Digest?
    let beginning: Int64

    init(_ row: LabelledRow, _ question: QualityQuestion) {
        (version, bundle) = (row.version, row.bundle)
        beginning = question.by.beginning(of: row.predictedAt, from: question.since)
    }

    init(_ record: PredictionRecord, _ question: QualityQuestion) {
        (version, bundle) = (record.schema.version, record.schema.bundle)
        beginning = question.by.beginning(of: record.time, from: question.since)
    }
}

/// What the log has of a version in one period.
private struct Tally: Sendable {
    var rows = 0
    var mature = 0
    var answers: [RowAnswer] = []
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
package import PredictionLogging
internal import Statistics

/// Takes labels as they are sent, and joins them with the predictions that they are about.
///
/// What was taken is on disk. What is needed of a prediction is kept with its label, so that the log may forget it.
package struct Labels: Sendable {
    /// More labels than these wait for no endpoint.
    private static let waitingLimit = 1_000_000
    /// So many of those that wait are looked for together.
    private static let waitingBatch = 100_000
    /// How far the clock of a caller may be ahead.
    private static let tolerance = 60_000_000

    let store: any LabelStore
    let log: PredictionLog
    let forms: AnswerForms
    let windows: LabelWindows
    private let now: @Sendable () -> Timestamp
    /// One batch at a time: what waited can join before what is new does.
    private let gate = Turnstile()

    package init(
        store: any LabelStore, log: PredictionLog, forms: AnswerForms, windows: LabelWindows = LabelWindows(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.log = log
        self.forms = forms
        self.windows = windows
        self.now = now
    }

    var time: Timestamp { now() }

    /// Takes labels of one endpoint, in the order in which they came.
    ///
    /// - Parameter current: The bundle that answers now: what labels are compared with whose predictions are not here yet.
    package func receive(
        _ feedback: [Feedback], for endpoint: LabelledEndpoint, current: Digest?, by actor: String
    ) async throws -> FeedbackReceipt {
        try await gate.pass {
            // What waits for the same predictions came first.
            let targets = Set(feedback.map(\.target))
            let waiting = try await store.read { store in
                guard try store.waitingCount(for: endpoint) > 0 else { return [WaitingLabel]() }
                return try targets.flatMap { try store.waiting(for: endpoint, target: $0) }
            }
            try await join(waiting, for: endpoint)
            return try await take(feedback, for: endpoint, current: current, by: actor)
        }
    }

    /// Joins what waits with predictions that have come since, and forgets what has waited too long.
    package func joinWaiting() async throws {
        for endpoint in try await store.read({ try $0.endpointsWithWaiting() }) {
            try await gate.pass { try await joinWaiting(for: endpoint) }
        }
    }

    /// The same for one endpoint.
    package func settle(_ endpoint: LabelledEndpoint) async throws {
        try await gate.pass { try await joinWaiting(for: endpoint) }
    }

    // MARK: What has come

    private func take(
        _ feedback: [Feedback], for endpoint: LabelledEndpoint, current: Digest?, by actor: String
    ) async throws -> FeedbackReceipt {
        let time = now()
        var receipt = FeedbackReceipt()
        receipt.count = feedback.count
        let sound = feedback.filter { one in
            guard let problem = problem(of: one, at: time) else { return true }
            receipt.refuse(one.position, problem.explanation)
            return false
        }
        let book = try await PredictionBook(of: sound.map { ($0.target, $0.row) }, for: endpoint, in: self)
        let currentForm = if let current { await forms.form(of: current) } else { AnswerForm?.none }
        var joining: [(feedback: Feedback, row: LabelledRow)] = []
        var waiting: [WaitingLabel] = []
        for one in sound {
            do throws(Refusal) {
                if let row = try book.row(one.target, one.row, one.label, at: one.at ?? time, by: actor) {
                    joining.append((one, row))
                } else {
                    _ = try currentForm?.truth(of: one.label)
                    waiting.append(
                        WaitingLabel(
                            target: one.target, row: one.row, label: one.label, at: one.at ?? time, since: time,
                            actor: actor))
                }
            } catch {
                receipt.refuse(one.position, error.explanation)
            }
        }
        receipt = try await keep(joining, waiting, receipt, for: endpoint, at: time)
        receipt.sortProblems()
        return receipt
    }

    private func problem(of one: Feedback, at time: Timestamp) -> Refusal? {
        if let at = one.at, at.microseconds - time.microseconds > Self.tolerance {
            return Refusal(
                .labelTimeRefused, .invalidInput,
                "The label is said to be known since \(at.text), which is yet to come.",
                hint: "Give the time at which it became known, or none.", details: [.init("field", "at")])
        }
        guard one.label.text.utf8.count <= GivenLabel.longest, !one.label.text.utf8.contains(0) else {
            return Refusal(
                .labelRefused, .invalidInput,
                "The label is longer than \(GivenLabel.longest) bytes, or has a NUL in it.",
                hint: "Send a class or a number.", details: [.init("field", "label")])
        }
        return nil
    }

    private func keep(
        _ joining: [(feedback: Feedback, row: LabelledRow)], _ waiting: [WaitingLabel], _ receipt: FeedbackReceipt,
        for endpoint: LabelledEndpoint, at time: Timestamp
    ) async throws -> FeedbackReceipt {
        guard !joining.isEmpty || !waiting.isEmpty else { return receipt }
        let rules = windows.joining
        let joinings = joining
        return try await store.write { store in
            var receipt = receipt
            var journal = try LabelJournal(
                store, endpoint, rules, predictions: Set(joinings.map(\.row.prediction)), at: time)
            for (feedback, row) in joinings {
                switch try journal.label(row) {
                case .joined: receipt.joined += 1
                case .corrected: receipt.corrected += 1
                case .repeated: receipt.repeated += 1
                case .late:
                    receipt.late += 1
                    receipt.note(feedback.position, tooLate(rules).explanation)
                }
            }
            guard !waiting.isEmpty else {
                try journal.finish()
                return receipt
            }
            guard try store.waitingCount(for: endpoint) + waiting.count <= Self.waitingLimit else {
                throw Refusal(
                    .limitExceeded, .tooLarge,
                    "More than \(Self.waitingLimit) labels wait for predictions of “\(endpoint.endpoint)”.",
                    hint: "Check that they name predictions of this endpoint; in an hour those that wait are forgotten."
                )
            }
            for one in waiting { try journal.wait(one) }
            receipt.waiting += waiting.count
            try journal.finish()
            return receipt
        }
    }

    // MARK: What has waited

    private func joinWaiting(for endpoint: LabelledEndpoint) async throws {
        var last: WaitingLabel?
        while true {
            let after = last
            let waiting = try await store.read {
                try $0.waiting(for: endpoint, after: after, limit: Self.waitingBatch)
            }
            try await join(waiting, for: endpoint)
            guard waiting.count == Self.waitingBatch else { return }
            last = waiting.last
        }
    }

    private func join(_ waiting: [WaitingLabel], for endpoint: LabelledEndpoint) async throws {
        guard !waiting.isEmpty else { return }
        let rules = windows.joining
        let time = now()
        let book = try await PredictionBook(of: waiting.map { ($0.target, $0.row) }, for: endpoint, in: self)
        try await store.write { store in
            var rows: [(waiting: WaitingLabel, row: LabelledRow)] = []
            var over: [WaitingLabel] = []
            var counts = LabelCounts()
            for one in waiting {
                do throws(Refusal) {
                    if let row = try book.row(one.target, one.row, one.label, at: one.at, by: one.actor) {
                        rows.append((one, row))
                    } else if rules.isExpired(
                        orphanSince: Int(one.since.microseconds), at: Int(time.microseconds))
                    {
                        counts.expired += 1
                        over.append(one)
                    }
                } catch {
                    counts.unfit += 1
                    over.append(one)
                }
            }
            guard !rows.isEmpty || !over.isEmpty else { return }
            var journal = try LabelJournal(
                store, endpoint, rules, predictions: Set(rows.map(\.row.prediction)), at: time)
            journal.counts += counts
            for (one, row) in rows { try journal.prediction(row, for: one) }
            for one in over + rows.map(\.waiting) { try store.removeWaiting(one, for: endpoint) }
            try journal.finish()
        }
    }
}

private func tooLate(_ rules: LabelJoinRules) -> Refusal {
    Refusal(
        .labelTimeRefused, .conflict,
        "The label came more than \(rules.joinWindow / LabelWindows.day) days after its prediction.",
        hint: "Labels are taken until then; later ones are counted.")
}

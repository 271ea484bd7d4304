// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import PredictionLogging
package import Tensors

/// Counts what comes to one version of an endpoint and what it answers, in panes of five minutes. It knows no clock: every row
/// counts for the time that is said with it.
package struct VersionMonitor: Sendable {
    /// Rows that are learned from, where there is no baseline.
    package static let learnedRows = 1000

    /// `nil` until enough rows came to learn what there is no baseline for.
    package private(set) var baseline: MonitorBaseline?
    private var counter: PaneCounter?
    private var learner: BaselineLearner?
    private var open: (start: Timestamp, pane: MonitorPane)?
    /// Of the records that came last.
    private var known: FieldPlaces?
    /// Panes that are over; ``close()`` adds the present one.
    package private(set) var series = PaneSeries()

    /// - Parameters:
    ///   - training: Of the bundle; without one the first rows are learned.
    ///   - learnedRows: At least one.
    package init(training: Baseline?, learnedRows: Int = Self.learnedRows) {
        learner = BaselineLearner(training, wanted: max(1, learnedRows))
    }

    /// Goes on over a baseline that this or another replica has.
    package init(_ baseline: MonitorBaseline, series: PaneSeries = PaneSeries()) {
        self.baseline = baseline
        counter = PaneCounter(baseline)
        self.series = series
    }

    /// Rows that were learned from so far, and how many there have to be; `nil` when counting has begun.
    package var learning: (rows: Int, of: Int)? { learner.map { ($0.rows, $0.wanted) } }

    /// Takes over what another replica has learned. Rows that were kept for learning are counted.
    package mutating func adopt(_ other: MonitorBaseline) {
        guard baseline?.fingerprint != other.fingerprint else { return }
        close()
        begin(other, isLearnedHere: false)
    }

    /// - Parameters:
    ///   - rows: How many rows the tensors hold.
    ///   - columns: Values by column. One that is not there is not counted: nothing says that it was missing.
    ///   - outputs: As they were answered.
    package mutating func observe(
        rows: Int, columns: [NamedTensor], outputs: [NamedTensor], at time: Timestamp
    ) {
        guard rows > 0 else { return }
        let batch = BaselineLearner.Batch(
            time: time, rows: rows, columns: columns, answers: MonitoredAnswers(outputs, rowCount: rows))
        if learner != nil {
            if let learned = learner?.add(batch) { begin(learned, isLearnedHere: true) }
        } else {
            count(batch, withInputs: true, withOutputs: true)
        }
    }

    /// Counts an answered prediction; of a column that is kept as a hash, or not at all, nothing, and of one of which only
    /// counts are kept the numbers: texts may be what nobody wants in a list of categories.
    package mutating func observe(_ record: PredictionRecord) {
        guard record.status == .answered, !record.isCut else { return }
        if learner == nil, let counter, let inputs = record.wholeInputs {
            let known =
                if let known, known.fields == record.schema.fields { known } else {
                    FieldPlaces(record.schema.fields, counter)
                }
            self.known = known
            let answers = MonitoredAnswers(record.answers, rowCount: record.rowCount)
            return count(record.rowCount, at: record.time) { pane in
                counter.count(inputs: inputs, rowCount: record.rowCount, known, into: &pane)
                counter.count(outputs: answers, into: &pane)
            }
        }
        var columns = record.columns
        if !record.schema.keepsAll {
            let policies = Dictionary(
                record.schema.fields.map { (Array($0.name.utf8), $0.policy) }, uniquingKeysWith: { one, _ in one })
            columns = columns.filter { column in
                switch policies[Array(column.name.utf8)] {
                case .keep: true
                case .sketch: column.tensor.datatype != .bytes
                default: false
                }
            }
        }
        observe(rows: record.rowCount, columns: columns, outputs: record.answers, at: record.time)
    }

    /// Adds the present pane to ``series``. More rows of its five minutes are added to them later.
    package mutating func close() {
        if let open { series.add(open.pane, at: open.start) }
        open = nil
    }

    /// Rows of the present pane.
    package var openRows: Int { open?.pane.rows ?? 0 }

    /// What was counted since this was last asked, by the start of its five minutes; counting goes on from nothing.
    package mutating func takePanes() -> [(start: Timestamp, pane: MonitorPane)] {
        close()
        defer { series = PaneSeries() }
        return series.panes(.fiveMinutes)
    }

    private mutating func begin(_ baseline: MonitorBaseline, isLearnedHere: Bool) {
        let kept = learner?.batches ?? []
        learner = nil
        self.baseline = baseline
        counter = PaneCounter(baseline)
        known = nil
        // What a profile was made of is not held against it.
        for batch in kept {
            count(
                batch, withInputs: !isLearnedHere || baseline.inputOrigin == .training,
                withOutputs: !isLearnedHere || baseline.outputOrigin == .training)
        }
    }

    private mutating func count(_ batch: BaselineLearner.Batch, withInputs: Bool, withOutputs: Bool) {
        guard let counter, withInputs || withOutputs else { return }
        count(batch.rows, at: batch.time) { pane in
            if withInputs { counter.count(inputs: batch.columns, into: &pane) }
            if withOutputs { counter.count(outputs: batch.answers, into: &pane) }
        }
    }

    private mutating func count(_ rows: Int, at time: Timestamp, _ body: (inout MonitorPane) -> Void) {
        guard let baseline else { return }
        let start = PaneSeries.Length.fiveMinutes.start(of: time)
        if open?.start != start {
            close()
            open = (start, MonitorPane(baseline))
        }
        guard var pane = open?.pane else { return }
        // Held once only while it is counted into.
        open = nil
        pane.rows += rows
        body(&pane)
        open = (start, pane)
    }
}

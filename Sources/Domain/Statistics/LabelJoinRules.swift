// SPDX-License-Identifier: Apache-2.0

/// What is kept under one key of endpoint and prediction id.
package enum LabelJoinEntry<Label: Sendable>: Sendable {
    /// Nothing was heard of it.
    case unknown
    /// A label that came before its prediction.
    case orphan(Label, since: Int)
    /// A prediction without a label.
    case waiting(since: Int)
    /// `labelled` is when the label joined: for an orphan, when its prediction came.
    case joined(Label, predicted: Int, labelled: Int)
}

/// How often something other than one prediction and then one label in time came.
package struct LabelJoinCounts: Sendable, Hashable {
    package var duplicatePredictions = 0
    package var duplicateLabels = 0
    package var lateLabels = 0
    package var expiredOrphans = 0

    package init() {}

    package static func += (sum: inout LabelJoinCounts, other: LabelJoinCounts) {
        sum.duplicatePredictions += other.duplicatePredictions
        sum.duplicateLabels += other.duplicateLabels
        sum.lateLabels += other.lateLabels
        sum.expiredOrphans += other.expiredOrphans
    }
}

/// Which label belongs to which prediction, decided one event after the other, in the order of arrival.
///
/// Times are whole numbers of any one unit. Each function says what is to be kept under a key, given what is kept there;
/// where that is, is not its matter.
package struct LabelJoinRules: Sendable, Hashable {
    /// The longest time from a prediction to its label; a prediction this old is *mature*: it may be judged.
    package let joinWindow: Int
    /// The longest time that a label waits for its prediction.
    package let orphanTimeToLive: Int

    package init(joinWindow: Int, orphanTimeToLive: Int) {
        self.joinWindow = joinWindow
        self.orphanTimeToLive = orphanTimeToLive
    }

    /// A prediction came. The first one of an id counts; a label that waited for it joins now.
    package func received<Label>(
        predictionAt time: Int, given entry: LabelJoinEntry<Label>
    ) -> (entry: LabelJoinEntry<Label>, counts: LabelJoinCounts) {
        var counts = LabelJoinCounts()
        switch expired(entry, at: time, &counts) {
        case .unknown: return (.waiting(since: time), counts)
        case .orphan(let label, _): return (.joined(label, predicted: time, labelled: time), counts)
        case .waiting, .joined:
            counts.duplicatePredictions += 1
            return (entry, counts)
        }
    }

    /// A label came. The last one counts: corrections happen.
    package func received<Label>(
        _ label: Label, at time: Int, given entry: LabelJoinEntry<Label>
    ) -> (entry: LabelJoinEntry<Label>, counts: LabelJoinCounts) {
        var counts = LabelJoinCounts()
        switch expired(entry, at: time, &counts) {
        case .unknown: return (.orphan(label, since: time), counts)
        case .orphan(_, let since):
            counts.duplicateLabels += 1
            return (.orphan(label, since: since), counts)
        case .waiting(let predicted), .joined(_, let predicted, _):
            guard elapsed(from: predicted, to: time) <= joinWindow else {
                counts.lateLabels += 1
                return (entry, counts)
            }
            if case .joined = entry { counts.duplicateLabels += 1 }
            return (.joined(label, predicted: predicted, labelled: time), counts)
        }
    }

    /// Whether an orphan has waited too long.
    package func isExpired(orphanSince since: Int, at time: Int) -> Bool {
        elapsed(from: since, to: time) > orphanTimeToLive
    }

    /// Whether a prediction is old enough to be judged, with a label or without.
    package func isMature(predictedAt predicted: Int, at time: Int) -> Bool {
        elapsed(from: predicted, to: time) >= joinWindow
    }

    private func expired<Label>(
        _ entry: LabelJoinEntry<Label>, at time: Int, _ counts: inout LabelJoinCounts
    ) -> LabelJoinEntry<Label> {
        guard case .orphan(_, let since) = entry, isExpired(orphanSince: since, at: time) else { return entry }
        counts.expiredOrphans += 1
        return .unknown
    }
}

/// What a clock that jumps may make larger than an integer holds is the largest one.
private func elapsed(from earlier: Int, to later: Int) -> Int {
    let (difference, overflow) = later.subtractingReportingOverflow(earlier)
    return overflow ? (later > earlier ? .max : .min) : difference
}

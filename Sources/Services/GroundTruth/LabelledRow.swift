// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a model said of one row, as far as it can turn out right or wrong.
package struct RowAnswer: Sendable, Hashable {
    /// The class that was decided for; `nil` for a number.
    package var decided: String?
    /// The number, or the probability of the positive one of two classes; `nil` where it was none.
    package var score: Double?
    /// The probabilities of several classes.
    package var shares: [Double]?

    package init(decided: String? = nil, score: Double? = nil, shares: [Double]? = nil) {
        self.decided = decided
        self.score = score
        self.shares = shares
    }
}

/// A row of a prediction with what turned out to be true, and all of the prediction that is needed to judge it: the log may
/// have forgotten it by then.
package struct LabelledRow: Sendable, Hashable {
    package let prediction: PredictionID
    package let row: Int
    /// Of the prediction.
    package let rowCount: Int
    package let version: Int
    package let bundle: Digest?
    package let key: String?
    package let predictedAt: Timestamp
    /// When the label became known, or the prediction came that it had waited for.
    package var labelledAt: Timestamp
    /// A class, or a number as text.
    package var truth: String
    package let answer: RowAnswer
    /// How often the label was replaced by another one.
    package var corrections: Int
    package var actor: String
    /// What stands for whom the row is about; such a row has no key.
    package let subject: String?

    package init(
        prediction: PredictionID, row: Int, rowCount: Int, version: Int, bundle: Digest?, key: String?,
        predictedAt: Timestamp,
        labelledAt: Timestamp, truth: String, answer: RowAnswer, corrections: Int = 0, actor: String,
        subject: String? = nil
    ) {
        self.prediction = prediction
        self.row = row
        self.rowCount = rowCount
        self.version = version
        self.bundle = bundle
        self.key = key
        self.predictedAt = predictedAt
        self.labelledAt = labelledAt
        self.truth = truth
        self.answer = answer
        self.corrections = corrections
        self.actor = actor
        self.subject = subject
    }
}

/// A label that was replaced by another one.
package struct FormerLabel: Sendable, Hashable {
    package let prediction: PredictionID
    package let row: Int
    /// How many came before it.
    package let number: Int
    package let truth: String
    package let labelledAt: Timestamp
    package let actor: String
    package let replacedAt: Timestamp

    package init(_ row: LabelledRow, replacedAt: Timestamp) {
        self.init(
            prediction: row.prediction, row: row.row, number: row.corrections, truth: row.truth,
            labelledAt: row.labelledAt, actor: row.actor, replacedAt: replacedAt)
    }

    package init(
        prediction: PredictionID, row: Int, number: Int, truth: String, labelledAt: Timestamp, actor: String,
        replacedAt: Timestamp
    ) {
        self.prediction = prediction
        self.row = row
        self.number = number
        self.truth = truth
        self.labelledAt = labelledAt
        self.actor = actor
        self.replacedAt = replacedAt
    }
}

/// A label that came before its prediction, or for one that nobody knows.
package struct WaitingLabel: Sendable, Hashable {
    package let target: Feedback.Target
    package let row: Int?
    package let label: GivenLabel
    /// When it became known, as it says.
    package let at: Timestamp
    /// When the first one about this row came.
    package let since: Timestamp
    package let actor: String

    package init(
        target: Feedback.Target, row: Int?, label: GivenLabel, at: Timestamp, since: Timestamp, actor: String
    ) {
        self.target = target
        self.row = row
        self.label = label
        self.at = at
        self.since = since
        self.actor = actor
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Statistics

/// Whose quality is asked for, and over which parts of time.
package struct QualityQuestion: Sendable {
    package enum Period: String, Sendable, CaseIterable {
        case hour, day, all

        /// When the period of a moment began, in microseconds; that of all is `start`.
        func beginning(of time: Timestamp, from start: Timestamp) -> Int64 {
            let length: Int64 =
                switch self {
                case .hour: 3_600_000_000
                case .day: 86_400_000_000
                case .all: 0
                }
            guard length > 0 else { return start.microseconds }
            let rest = time.microseconds % length
            return time.microseconds - (rest < 0 ? rest + length : rest)
        }
    }

    package let endpoint: LabelledEndpoint
    package var version: Int?
    /// Predictions from then on.
    package var since: Timestamp
    package var by: Period

    package init(_ endpoint: LabelledEndpoint, version: Int? = nil, since: Timestamp, by: Period = .all) {
        self.endpoint = endpoint
        self.version = version
        self.since = since
        self.by = by
    }
}

/// A figure, and within which limits the truth lies with 95 %.
package struct QualityMetric: Sendable, Hashable {
    package let name: String
    package let value: Double
    package let interval: ConfidenceInterval?

    /// - Returns: `nil` for a figure that is undefined.
    init?(_ name: String, _ value: Double?, _ interval: ConfidenceInterval?) {
        guard let value else { return nil }
        self.name = name
        self.value = value
        self.interval = interval
    }
}

/// How good a version's answers of some time are, once the truth is known.
package struct Quality: Sendable {
    package let kind: AnswerForm.Kind
    package let metrics: [QualityMetric]
    /// By place of ``confusion``.
    package let classes: [String]
    /// Rows of each true and decided class; `nil` where there are no classes.
    package let confusion: ConfusionMatrix?
    /// Rows that the figures are about.
    package let rows: Int
    /// Rows of the class that has the fewest; `nil` where there are no classes.
    package let minority: Int?

    package subscript(name: String) -> QualityMetric? { metrics.first { $0.name == name } }
}

/// How good they are likely to be, as far as the probabilities say. It holds while the world is what it was, and sees no change
/// of that: nothing is rolled back because of it.
package struct QualityEstimate: Sendable {
    /// With the band in which the realised ones are expected.
    package let metrics: [QualityMetric]
    package let rows: Int
    /// How many labels the probabilities were calibrated with; 0 for those that the model gives.
    package let calibratedOn: Int
    /// Whether labels that came so far bear the probabilities out; `nil` where that is not known.
    package let isValid: Bool?
    /// Why, or why that is not known.
    package let because: String
}

/// A version in one period.
package struct QualityGroup: Sendable {
    package let version: Int
    package let from: Timestamp
    package let to: Timestamp
    /// Rows in the log.
    package var predictions = 0
    /// Of those that are old enough to be judged.
    package var mature = 0
    package var labelled = 0
    package var labelledMature = 0
    /// Labels of mature predictions, or all there are while none is mature: then early ones, which are a biased sample.
    package var quality: Quality?
    package var isEarly = false
    package var estimate: QualityEstimate?

    package var coverage: Proportion? { Proportion(labelledMature, of: max(mature, labelledMature)) }
}

package struct QualityReport: Sendable {
    package let question: QualityQuestion
    /// The newest first.
    package let groups: [QualityGroup]
    /// A prediction is mature from this age on, in microseconds.
    package let maturity: Int
    /// Whether that was learned from labels.
    package let isMaturityLearned: Bool
    package let waiting: Int
    package let counts: LabelCounts
    /// Whether there were more predictions than are looked at: the oldest are missing.
    package let isCut: Bool
}

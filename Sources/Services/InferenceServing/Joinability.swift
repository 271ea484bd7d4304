// SPDX-License-Identifier: Apache-2.0

/// Whether rows of several requests may be one call of a version: what was shown when it was loaded.
package enum Joinability: Sendable, Hashable {
    /// So many rows of recorded examples got together the answers that each of them gets alone.
    case shown(rows: Int)
    /// They did not, or nobody could find out.
    case never(Reason)

    package enum Reason: Sendable, Hashable {
        /// A call takes one row, or the model decides how many.
        case oneRowOnly
        /// With fewer than two different rows, whether they influence one another does not show.
        case fewExamples
        /// An example got another answer in company.
        case answersDiffer(String)
        case failed(String)
        /// Nobody has looked.
        case unmeasured
    }

    /// The most rows; 1 where calls are not joined.
    package var rows: Int {
        switch self {
        case .shown(let rows): rows
        case .never: 1
        }
    }
}

extension Joinability.Reason {
    package var text: String {
        switch self {
        case .oneRowOnly: "a call of the model takes one row"
        case .fewExamples: "two different examples are needed to see that rows do not influence one another"
        case .answersDiffer(let difference): "rows influence one another: in company \(difference)"
        case .failed(let reason): "rows that run alone fail together: \(reason)"
        case .unmeasured: "there are no examples to try it with"
        }
    }
}

/// Whether, and why, calls that wait at an endpoint are joined.
package struct BatchingVerdict: Sendable, Hashable {
    /// The most rows of a call at the moment; 1 where none are joined.
    package let rowCap: Int
    /// The most that it may grow to.
    package let most: Int
    package let reason: String

    package var joins: Bool { most > 1 }
}

extension RunCost {
    /// Below this share of a call with one row a further row makes joining worth its copying.
    static let worthwhileShare = 0.75

    /// What a further row costs of what the first one costs.
    package var furtherRowShare: Double {
        oneRowNanoseconds == .max || oneRowNanoseconds == 0
            ? 1 : Double(furtherRowNanoseconds) / Double(oneRowNanoseconds)
    }
}

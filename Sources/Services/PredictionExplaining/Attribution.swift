// SPDX-License-Identifier: Apache-2.0

/// What each column of a row contributed to an answer: together with ``base`` the contributions are ``value``.
package struct Attribution: Sendable {
    package enum Method: String, Sendable {
        /// Shapley values over the training rows that reached each node, exact; of the margin.
        case trees
        /// Exact, because the answer was found to be a sum of functions of one column each.
        case additive
        /// Every coalition of columns was tried, over the background.
        case exact
        case sampled
    }

    /// On what scale the contributions add up.
    package enum Scale: String, Sendable {
        /// The answer's own.
        case output
        /// What trees sum up, before it becomes an answer.
        case margin
        /// Of a probability, the logarithm of its odds.
        case logOdds = "log-odds"
    }

    package let method: Method
    package let scale: Scale
    /// The value that is explained, in an output of several.
    package let position: Int?
    /// What would be answered if nothing were known of the row.
    package let base: Double
    package let value: Double
    /// One for each column of rows.
    package let contributions: [Double]
    /// How far each may be off: one standard error. Zeros where they are exact.
    package let errors: [Double]
}

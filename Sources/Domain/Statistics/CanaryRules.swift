// SPDX-License-Identifier: Apache-2.0

/// What one version answered during a stage of a rollout, warm-up left out.
package struct CanaryCounts: Sendable, Hashable {
    package var requests: Int
    package var errors: Int
    /// Answers slower than the limit that was fixed before the rollout.
    package var slow: Int

    package init(requests: Int = 0, errors: Int = 0, slow: Int = 0) {
        self.requests = requests
        self.errors = errors
        self.slow = slow
    }

    package static func += (sum: inout CanaryCounts, other: CanaryCounts) {
        sum.requests += other.requests
        sum.errors += other.errors
        sum.slow += other.slow
    }
}

/// By what a canary is rolled back or promoted. Times are seconds of the stage.
package struct CanaryRules: Sendable, Hashable {
    /// Of requests that go to the canary, within (0, 1).
    package var share: Double
    /// How many times as often as the baseline a canary may fail, and be slow.
    package var errorRatio = 1.2
    package var slowRatio = 1.5
    /// See ``ConditionalEProcess``.
    package var concentration = 10.0
    /// The probability to roll back a canary that is good, both guardrails together.
    package var rollbackAlpha = 0.01
    /// Of each of the two bounds that promotion rests on.
    package var promotionAlpha = 0.05
    /// From so many requests on, this share of errors is enough by itself.
    package var hardMinimumRequests = 50
    package var hardErrorRate = 0.25
    package var minimumRequests = 1000
    package var minimumSeconds = 600.0
    /// The largest difference of error rates that still counts as equal.
    package var margin = 0.01
    package var deadlineSeconds = 3600.0

    package init(share: Double) { self.share = share }
}

package enum CanaryDecision: Sendable, Hashable {
    package enum Reason: Sendable, Hashable { case hardErrorRate, errorRate, latency }

    case rollBack(Reason)
    case promote
    /// The time is up, and nothing is shown: hold, and ask.
    case inconclusive
    case goOn
}

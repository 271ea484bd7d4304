// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What is to be done with a canary, and the numbers that say so.
///
/// In this order: errors beyond the hard limit; evidence of more errors, or of more slow answers, than tolerated;
/// error rates shown to be within the margin after the least time and traffic; the deadline.
package struct CanaryAssessment: Sendable, Hashable {
    /// Evidence that the canary fails, and is slow, too often: see ``ConditionalEProcess``. A rollback needs
    /// ln(guardrails / α).
    package let logEErrors: Double
    package let logESlow: Double
    /// What the error rate of the canary is at most, and that of the baseline at least, at any time.
    package let canaryErrorsAtMost: Double
    package let baselineErrorsAtLeast: Double
    package let decision: CanaryDecision

    /// The guardrails that share the probability of a false rollback: errors and latency.
    private static let guardrails = 2.0

    /// - Parameters:
    ///   - canary: Of this stage.
    ///   - baseline: At the same time.
    ///   - elapsedSeconds: Since the stage began.
    ///   - earlier: ln E of stages with another share: their evidence multiplies.
    /// - Returns: `nil` for counts or rules outside their range.
    package init?(
        canary: CanaryCounts, baseline: CanaryCounts, elapsedSeconds: Double, rules: CanaryRules,
        earlier: (errors: Double, slow: Double) = (0, 0)
    ) {
        func evidence(_ ratio: Double, _ events: KeyPath<CanaryCounts, Int>) -> Double? {
            ConditionalEProcess(share: rules.share, ratio: ratio, concentration: rules.concentration)?
                .logE(canary: canary[keyPath: events], baseline: baseline[keyPath: events])
        }
        guard let errors = evidence(rules.errorRatio, \.errors), let slow = evidence(rules.slowRatio, \.slow),
            let most = ConfidenceSequence.bernoulli(
                successes: canary.errors, trials: canary.requests, alpha: rules.promotionAlpha),
            let least = ConfidenceSequence.bernoulli(
                successes: baseline.errors, trials: baseline.requests, alpha: rules.promotionAlpha),
            rules.rollbackAlpha > 0
        else { return nil }
        logEErrors = errors + earlier.errors
        logESlow = slow + earlier.slow
        canaryErrorsAtMost = most.upper
        baselineErrorsAtLeast = least.lower
        let enough = log(Self.guardrails / rules.rollbackAlpha)
        let errorRate = Double(canary.errors) / Double(max(canary.requests, 1))
        if canary.requests >= rules.hardMinimumRequests, errorRate >= rules.hardErrorRate {
            decision = .rollBack(.hardErrorRate)
        } else if logEErrors >= enough {
            decision = .rollBack(.errorRate)
        } else if logESlow >= enough {
            decision = .rollBack(.latency)
        } else if canary.requests >= rules.minimumRequests, elapsedSeconds >= rules.minimumSeconds,
            canaryErrorsAtMost - baselineErrorsAtLeast <= rules.margin
        {
            decision = .promote
        } else {
            decision = elapsedSeconds >= rules.deadlineSeconds ? .inconclusive : .goOn
        }
    }
}

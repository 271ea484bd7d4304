// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// Why a prediction was not made.
package enum ServingError: ExplainedError {
    case endpointUnknown(String, closest: String?)
    case versionNotLive(EndpointName, asked: String, live: String)
    case notReady(EndpointName, because: Explanation?)
    /// The version is not in memory: ``InferenceService/awaken(_:terms:completion:)`` has it loaded.
    case cold(EndpointState)
    /// More arrives than can be answered.
    case overloaded(queued: Int, retryAfter: Int)
    /// The turn would not come before the deadline; the wait in nanoseconds.
    case wouldMissDeadline(expectedWait: Int, retryAfter: Int)
    /// The caller has their share of the queue already.
    case overShare(retryAfter: Int)
    /// The caller sends more than their rate.
    case overRate(RequestRate, retryAfter: Int)
    /// The deadline passed before there was an answer.
    case deadlineExceeded
    /// Nobody waited for the answer any more, so that it was not computed.
    case abandoned
    /// It was computed, and its record did not come to be on the disk, at an endpoint that answers nothing else.
    case notKept
    case engine(EngineError)

    package var explanation: Explanation {
        switch self {
        case .endpointUnknown(let name, let closest):
            Explanation(
                .endpointUnknown, .notFound, "No endpoint named “\(name.prefix(100))” is here.",
                hint: closest.map { "Did you mean “\($0)”?" } ?? "List the endpoints with `slipway endpoint list`.")
        case .versionNotLive(let name, let asked, let live):
            Explanation(
                .versionUnknown, .notFound, "“\(name)” does not answer with version “\(asked.prefix(40))”.",
                hint: "It answers with version \(live); leave the version out to take whichever is live.")
        case .notReady(let name, let problem):
            Explanation(
                .endpointNotReady, .unavailable,
                "No proven version answers at “\(name)”" + (problem.map { ": \($0.message)" } ?? "."),
                hint: problem?.hint ?? "See `slipway status`.", details: problem?.details ?? [],
                retryAfterSeconds: problem?.retryAfterSeconds)
        case .cold(let state):
            Explanation(
                .endpointNotReady, .unavailable, "The model of “\(state.record.name)” is not in memory yet.",
                hint: "Send it again: a prediction has it loaded.", retryAfterSeconds: 1)
        case .overloaded(let queued, let seconds):
            Explanation(
                .overloaded, .overloaded, "More requests arrive than can be answered; \(queued) are waiting already.",
                hint: "Try again in \(seconds) s, and send less at a time.", retryAfterSeconds: seconds)
        case .wouldMissDeadline(let wait, let seconds):
            Explanation(
                .overloaded, .overloaded,
                "The request would wait for about \(milliseconds(wait)) ms, which is longer than its deadline allows.",
                hint: "Try again in \(seconds) s, or with a later deadline.", retryAfterSeconds: seconds)
        case .overShare(let seconds):
            Explanation(
                .callerLimited, .callerLimited,
                "As many requests of this caller wait as their share of the queue allows.",
                hint: "Send fewer at once: wait for answers, or put several rows into one request.",
                details: [.init("rule", "share")], retryAfterSeconds: seconds)
        case .overRate(let rate, let seconds):
            Explanation(
                .callerLimited, .callerLimited, "This caller sends more than \(rate).",
                hint: "Try again in \(seconds) s, and send several rows in one request.",
                details: [.init("rule", "rate_per_client"), .init("rate", rate.description)],
                retryAfterSeconds: seconds)
        case .deadlineExceeded:
            Explanation(
                .deadlineExceeded, .deadlineExceeded, "The deadline passed before there was an answer.",
                hint: "Allow more time, or see with `slipway endpoint show` what takes so long.")
        case .abandoned:
            Explanation(
                .callerGone, .overloaded, "The caller had gone before the prediction began.", hint: "Try again.")
        case .notKept:
            Explanation(
                .logFull, .overloaded,
                "The prediction was computed, but its record did not reach the disk, and this endpoint answers only what is kept.",
                hint: "Look at the disk of the data folder. It may be in the log later, marked as answered.")
        case .engine(let error): error.explanation
        }
    }
}

extension ServingError {
    /// Why work was not run.
    ///
    /// - Parameters:
    ///   - waiting: How many wait.
    ///   - expectedWait: How long it would have waited, in nanoseconds.
    init(_ cause: RefusalCause, waiting: Int, expectedWait: Int) {
        let seconds = retrySeconds(after: expectedWait)
        self =
            switch cause {
            case .queueFull, .standingQueue: .overloaded(queued: waiting, retryAfter: seconds)
            case .share: .overShare(retryAfter: seconds)
            case .wouldMissDeadline: .wouldMissDeadline(expectedWait: expectedWait, retryAfter: seconds)
            case .deadline: .deadlineExceeded
            case .abandoned: .abandoned
            // Has a case of its own, which knows the rate.
            case .rate: .overloaded(queued: waiting, retryAfter: seconds)
            }
    }
}

/// When to come back, in whole seconds: not before the queue of this moment is gone, and not all at once.
func retrySeconds(after nanoseconds: Int) -> Int {
    let seconds = min(600, max(0, nanoseconds - 1) / 1_000_000_000 + 1)
    return seconds + Int.random(in: 0...min(seconds, 30))
}

private func milliseconds(_ nanoseconds: Int) -> Int { nanoseconds / 1_000_000 }

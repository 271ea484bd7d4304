// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// Why a prediction was not made.
package enum ServingError: ExplainedError {
    case endpointUnknown(String, closest: String?)
    case versionNotLive(EndpointName, asked: String, live: String)
    case notReady(EndpointName, because: Explanation?)
    case overloaded(queued: Int)
    /// Nobody waited for the answer any more, so that it was not computed.
    case abandoned
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
                hint: problem?.hint ?? "See `slipway status`.", details: problem?.details ?? [])
        case .overloaded(let queued):
            Explanation(
                .overloaded, .overloaded, "\(queued) requests are waiting already; this one was not taken.",
                hint: "Try again shortly.")
        case .abandoned:
            Explanation(
                .overloaded, .overloaded, "The caller had gone before the prediction began.", hint: "Try again.")
        case .engine(let error): error.explanation
        }
    }
}

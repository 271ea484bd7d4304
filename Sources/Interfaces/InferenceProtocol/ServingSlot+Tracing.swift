// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import RequestTracing

extension RequestTrace {
    /// The answer is written.
    ///
    /// - Parameters:
    ///   - call: What was asked; `nil` where it did not come to that.
    ///   - problem: Why there is no answer.
    package func end(_ id: PredictionID, of call: InferenceCall? = nil, problem: Explanation? = nil) {
        note("slipway.prediction_id", .text("\(id)"))
        if let call {
            note("slipway.endpoint", .text(call.endpoint.record.name.rawValue))
            note("slipway.model", .text("\(call.live.version.model)"))
            note("slipway.version", .text(call.live.versionText))
            note("slipway.rows", .number(call.rowCount))
        }
        end(problem: problem?.code.rawValue)
    }
}

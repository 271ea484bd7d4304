// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What cannot be done with a model or a version in its present state.
package enum RegistrationError: ExplainedError, Equatable {
    case modelTaken(ModelReference)
    /// A model or a version that an endpoint answers with, or may go back to.
    case inUse(String, by: EndpointName)
    /// A version is what it is made of, for ever.
    case packedAlready(ModelReference, Int)

    package var explanation: Explanation {
        switch self {
        case .modelTaken(let model):
            Explanation(
                .nameTaken, .conflict, "There is a model “\(model)” already.", hint: "Use it, or choose another name.")
        case .inUse(let what, let endpoint):
            Explanation(
                .versionInUse, .conflict, "“\(what)” is deployed at “\(endpoint)”, or what it can go back to.",
                hint: "Remove the endpoint first: `slipway endpoint delete \(endpoint)`.")
        case .packedAlready(let model, let number):
            Explanation(
                .versionInUse, .conflict, "Version \(number) of “\(model)” has a bundle already, and keeps it.",
                hint: "Register another version.")
        }
    }
}

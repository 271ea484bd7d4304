// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Why a caller may not do what they asked for. It never says how close a token was.
package enum AccessDenial: ExplainedError, Equatable {
    /// No token came with the request.
    case tokenMissing
    /// The token is none of ours.
    case tokenUnknown
    /// The token is known, and not for this.
    case notPermitted(principal: String, needs: Credential.Role)
    /// The token is known, and for another endpoint.
    case otherEndpoint(principal: String)
    /// The request came to this machine under a foreign name, and without a token.
    case hostNotLoopback

    package var explanation: Explanation {
        switch self {
        case .tokenMissing:
            Explanation(
                .tokenMissing, .denied, "This needs a token.",
                hint: "Send `Authorization: Bearer TOKEN`, or set SLIPWAY_TOKEN for the command line.")
        case .tokenUnknown:
            Explanation(
                .tokenRefused, .denied, "The token is not known here.",
                hint: "The administration token is in the file `token` of the data folder.")
        case .notPermitted(let principal, let role):
            Explanation(
                .tokenRefused, .denied, "The token of \(principal) may not do this.",
                hint: "Use a token with the role \(role.rawValue).")
        case .otherEndpoint(let principal):
            Explanation(
                .tokenRefused, .denied, "The token of \(principal) is not for this endpoint.",
                hint: "Use a token whose scope has the endpoint.")
        case .hostNotLoopback:
            Explanation(
                .hostRefused, .denied, "Without a token, this server answers under the name localhost only.",
                hint: "Ask for http://localhost or http://127.0.0.1, or send a token.")
        }
    }
}

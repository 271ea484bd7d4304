// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Why a caller may not do what they asked for. It never says how close a token was, nor what is in other projects.
package enum AccessDenial: ExplainedError, Equatable {
    /// No token came with the request.
    case tokenMissing
    /// The token is none of ours.
    case tokenUnknown
    /// The token has had its time.
    case tokenExpired(principal: PrincipalName, at: Timestamp)
    /// The token is known, and not for this.
    case notPermitted(principal: PrincipalName, roles: [Role], needs: Permission)
    /// The token is for another project, or for endpoints only.
    case otherProject(principal: PrincipalName, scope: Scope, asked: ProjectName)
    /// The token is for another endpoint, or there is none of that name.
    case otherEndpoint(principal: PrincipalName, scope: Scope, asked: String?)
    /// What was asked for spans all projects, and the token does not.
    case spansProjects(principal: PrincipalName, scope: Scope)
    /// A token that could do more than the one it is made with.
    case widerToken(principal: PrincipalName, scope: Scope)
    /// The request came to this machine under a foreign name, and without a token.
    case hostNotLoopback

    package var explanation: Explanation {
        switch self {
        case .tokenMissing:
            Explanation(
                .tokenMissing, .denied, "This needs a token.",
                hint: "Send `Authorization: Bearer TOKEN`, or set SLIPWAY_TOKEN for the command line.")
        case .tokenUnknown:
            refused(
                "The token is not known here.", "The administration token is in the file `token` of the data folder.")
        case .tokenExpired(let principal, let time):
            refused(
                "The token of \(principal) expired at \(time.text).",
                "An admin makes another one with `slipway token rotate` or `slipway token create`.")
        case .notPermitted(let principal, let roles, let permission):
            refused(
                "The token of \(principal) may not do this: its role is \(roles.listed).",
                "This needs the role \(Role.names(having: permission)).",
                [.init("needs", permission.words.joined(separator: " or "))])
        case .otherProject(let principal, let scope, let project):
            refused(
                "The token of \(principal) is for \(scope.words), and not for the models of “\(project)”.",
                "Use a token for the project, or for all of them.")
        case .otherEndpoint(let principal, let scope, let endpoint):
            refused(
                endpoint.map {
                    "The token of \(principal) is for \(scope.words): there is no endpoint “\($0.prefix(100))” for it."
                } ?? "The token of \(principal) is for \(scope.words), and the request names no endpoint.",
                "Use a token for the endpoint, or name another one.")
        case .spansProjects(let principal, let scope):
            refused(
                "This spans all projects, and the token of \(principal) is for \(scope.words).",
                "Use a token without a project.")
        case .widerToken(let principal, let scope):
            refused(
                "The token of \(principal) makes tokens for \(scope.words) only.",
                "Name that project with --project, or use a token without one.")
        case .hostNotLoopback:
            Explanation(
                .hostRefused, .denied, "Without a token, this server answers under the name localhost only.",
                hint: "Ask for http://localhost or http://127.0.0.1, or send a token.")
        }
    }

    /// Whether nobody knows who asks.
    package var isOfStranger: Bool {
        switch self {
        case .tokenMissing, .tokenUnknown, .tokenExpired, .hostNotLoopback: true
        case .notPermitted, .otherProject, .otherEndpoint, .spansProjects, .widerToken: false
        }
    }
}

private func refused(
    _ message: String, _ hint: String, _ details: [Explanation.Detail] = []
) -> Explanation {
    Explanation(.tokenRefused, .denied, message, hint: hint, details: details)
}

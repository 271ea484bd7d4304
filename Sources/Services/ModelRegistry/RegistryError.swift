// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What the registry cannot do, or does not have.
package enum RegistryError: ExplainedError, Equatable {
    case unknownModel(String, closest: String?)
    case unknownVersion(String, of: ModelReference, newest: Int?)
    case unknownEndpoint(EndpointName, closest: String?)
    case unknownAlias(AliasName, of: ModelReference, closest: String?)
    /// No way to name a version.
    case unreadableSelector(String)
    case ambiguousDigest(String, of: ModelReference)
    case nothingToRollBack(EndpointName)
    /// Through another server, since this one looked.
    case endpointChanged(EndpointName)
    case unknownProject(ProjectName, closest: String?)
    case projectNotEmpty(ProjectRecord)
    /// The standard project is never removed.
    case projectAlwaysThere(ProjectName)
    /// An actor or a reason that the ledger cannot hold.
    case unusableText(what: String, limit: Int)

    package var explanation: Explanation {
        switch self {
        case .unknownModel(let name, let closest):
            Explanation(
                .modelUnknown, .notFound, "There is no model “\(name)”.",
                hint: suggestion(closest) ?? "`slipway model list` shows what is there.")
        case .unknownVersion(let version, let model, let newest):
            Explanation(
                .versionUnknown, .notFound, "The model “\(model)” has no version \(version).",
                hint: newest.map { "Its newest version is \($0)." })
        case .unknownEndpoint(let name, let closest):
            Explanation(
                .endpointUnknown, .notFound, "There is no endpoint “\(name)”.",
                hint: suggestion(closest) ?? "`slipway endpoint list` shows what is there.")
        case .unknownAlias(let alias, let model, let closest):
            Explanation(
                .aliasUnknown, .notFound, "The model “\(model)” has no alias “\(alias)”.",
                hint: suggestion(closest) ?? "Set it with `slipway model alias set`.")
        case .unreadableSelector(let text):
            Explanation(
                .versionUnknown, .invalidInput, "“\(text)” names no version.",
                hint: "Write a number, @ALIAS, or sha256: and at least \(VersionSelector.fewestDigits) digits.")
        case .ambiguousDigest(let text, let model):
            Explanation(
                .versionUnknown, .conflict, "Several versions of “\(model)” have a digest that starts with \(text).",
                hint: "Write more digits of it.")
        case .nothingToRollBack(let endpoint):
            Explanation(
                .nothingToRollBack, .conflict, "There is nothing before the present version of “\(endpoint)”.",
                hint: "Deploy the version you want with `slipway deploy`.")
        case .endpointChanged(let endpoint):
            Explanation(
                .endpointChanged, .conflict, "“\(endpoint)” was changed through another server at the same time.",
                hint: "Look at it with `slipway endpoint show \(endpoint)`, and try again if you still want to.")
        case .unknownProject(let name, let closest):
            Explanation(
                .projectUnknown, .notFound, "There is no project “\(name)”.",
                hint: suggestion(closest) ?? "Make it with `slipway project create \(name)`.")
        case .projectNotEmpty(let project):
            Explanation(
                .projectNotEmpty, .conflict, "The project “\(project.name)” is not empty.",
                hint: "Remove its endpoints, and revoke the tokens that are for it; models, experiments and data stay, "
                    + "and their project with them.",
                details: [
                    .init("models", String(project.modelCount)), .init("endpoints", String(project.endpointCount)),
                    .init("tokens", String(project.tokenCount)),
                    .init("experiments", String(project.experimentCount)),
                    .init("data sets", String(project.datasetCount)),
                ])
        case .projectAlwaysThere(let name):
            Explanation(
                .projectNotEmpty, .conflict, "The project “\(name)” is always there.",
                hint: "It is where everything lives that names no project.")
        case .unusableText(let what, let limit):
            Explanation(
                .brokenText, .invalidInput, "The \(what) cannot be kept.",
                hint: "Write at most \(limit) bytes of text without control characters.")
        }
    }

    private func suggestion(_ name: String?) -> String? { name.map { "Did you mean “\($0)”?" } }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct ModelAliasRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take an alias away; the version stays.",
        discussion: "Example: slipway model alias remove breast-cancer champion")

    @OptionGroup var model: ModelOptions

    @Argument(help: "The alias, without @.")
    var alias: AliasName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        try await server.client().removeAlias(alias, of: model.reference)
        let report = AliasReport(
            model: model.name.rawValue, project: model.project.rawValue, alias: alias.rawValue, version: nil)
        try output.write(report, asText: "\(model.reference)@\(alias) is gone")
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct ModelAliasSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Let an alias stand for a version.",
        discussion: "Example: slipway model alias set breast-cancer champion 1")

    @OptionGroup var model: ModelOptions

    @Argument(help: "The alias, without @.")
    var alias: AliasName

    @Argument(help: "The number of the version.")
    var version: Int

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard version >= 1 else { throw ValidationError("Versions count from 1.") }
    }

    mutating func run() async throws {
        try await server.client().setAlias(alias, of: model.reference, to: version)
        let report = AliasReport(
            model: model.name.rawValue, project: model.project.rawValue, alias: alias.rawValue, version: version)
        try output.write(report, asText: "\(model.reference)@\(alias) is version \(version)")
    }
}

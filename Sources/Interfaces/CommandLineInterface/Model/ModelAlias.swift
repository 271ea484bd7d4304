// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ModelAlias: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias",
        abstract: "Give a version of a model a name that can move, as in @champion.",
        discussion: "Example: slipway model alias set breast-cancer champion 1",
        subcommands: [ModelAliasSet.self, ModelAliasRemove.self])
}

/// What became of an alias.
struct AliasReport: Encodable {
    let model: String
    let project: String
    let alias: String
    /// Absent when the alias is gone.
    let version: Int?
}

// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "See the registered models, name their versions, and take them to another server.",
        discussion: "Example: slipway model list",
        subcommands: [ModelList.self, ModelShow.self, ModelAlias.self, ModelExport.self, ModelImport.self])
}

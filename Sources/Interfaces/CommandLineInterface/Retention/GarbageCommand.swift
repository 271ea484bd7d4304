// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Clear away what nothing needs any more; says what it would do unless it is told to do it.",
        discussion: "Example: slipway gc",
        subcommands: [GarbageSweep.self, GarbageTrash.self, GarbageRestore.self, GarbageEmpty.self],
        defaultSubcommand: GarbageSweep.self)
}

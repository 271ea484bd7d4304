// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring what another system has recorded.",
        discussion: "Example: slipway import mlflow mlruns",
        subcommands: [ImportMLflow.self])
}

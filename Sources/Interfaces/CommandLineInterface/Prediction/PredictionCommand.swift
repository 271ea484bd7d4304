// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct PredictionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prediction",
        abstract: "See what was asked and answered: every prediction is kept, as its endpoint's settings say.",
        discussion: "Example: slipway prediction list --endpoint churn",
        subcommands: [PredictionList.self, PredictionShow.self, PredictionExport.self])
}

extension PredictionID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

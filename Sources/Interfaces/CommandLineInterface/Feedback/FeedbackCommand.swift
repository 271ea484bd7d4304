// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct FeedbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback",
        abstract: "Say what turned out to be true of predictions, and find the rows that are worth asking about.",
        discussion: "Example: slipway feedback import labels.csv --endpoint churn",
        subcommands: [FeedbackImport.self, FeedbackSample.self])
}

// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct DatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Keep versions of data: add, look at, compare, check and get them back.",
        discussion: "Example: slipway dataset add data/train.csv --name churn-train",
        subcommands: [
            DatasetAdd.self, DatasetList.self, DatasetShow.self, DatasetDiff.self, DatasetGet.self, DatasetVerify.self,
            DatasetCheck.self, DatasetExpect.self,
        ])
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain

struct DatasetExpect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expect",
        abstract: "Suggest what to expect of further data, from a version that is good.",
        discussion: """
            Prints a file for `dataset check`: send it into one, read it, and change what is not meant.

            Example: slipway dataset expect churn-train@3
            """)

    @Argument(help: ArgumentHelp("The version: \(DatasetVersionArgument.form).", valueName: "version"))
    var version: DatasetVersionArgument

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let record = try await server.client().record(version.selector, of: version.dataset(in: dataset.project))
        let text = Expectations(suggestedBy: record).yaml
        try output.write(ExpectationsText(yaml: text), asText: text.withoutLastLineBreak)
    }
}

/// A file of expectations as JSON.
private struct ExpectationsText: Encodable {
    let yaml: String
}

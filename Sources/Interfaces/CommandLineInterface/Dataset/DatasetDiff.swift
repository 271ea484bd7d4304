// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain

struct DatasetDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say what changed between two versions of data: columns, rows, and what is in them.",
        discussion: """
            Rows are told apart by the key that the data was added with; without one a changed row is one gone and one new. \
            Where only digests are kept, columns and their values are compared, and no rows.

            Example: slipway dataset diff churn-train@2 churn-train@3 --rows 5
            """)

    @Argument(help: ArgumentHelp("The older version: \(DatasetVersionArgument.form).", valueName: "older"))
    var older: DatasetVersionArgument

    @Argument(help: ArgumentHelp("The newer version, or a file; the newest version without it.", valueName: "newer"))
    var newer: String?

    @Option(help: "How many rows to show of those that are new, gone or changed.")
    var rows = 0

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var file: DataFileOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...RowDifference.positionLimit).contains(rows) else {
            throw ValidationError("--rows takes 0 to \(RowDifference.positionLimit).")
        }
    }

    mutating func run() async throws {
        let tools = try Tools.required()
        let client = try await server.client()
        let folder = try tools.temporaryFolder()
        let before = try await ComparedData(
            older, in: dataset.project, from: client, in: folder, data: server.folder.data)
        let after: ComparedData
        if let newer, tools.isThere(newer) {
            after = try ComparedData(file.file(newer, data: server.folder.data), key: before.record.key)
        } else {
            guard let version = DatasetVersionArgument(argument: newer ?? older.name.rawValue) else {
                throw Refusal(
                    .fileMissing, .notFound, "There is no file “\(newer ?? "")”.", hint: "Check the path.")
            }
            after = try await ComparedData(
                version, in: dataset.project, from: client, in: folder, data: server.folder.data)
        }
        let report = try await DatasetDiffReport(from: before, to: after, shown: rows)
        try output.write(report, asText: report.text)
    }
}

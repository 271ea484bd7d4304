// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataVersions
internal import ModelDomain
internal import WireTypes

struct DatasetList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the data sets, or the versions of one.",
        discussion: "Example: slipway dataset list churn-train")

    @Argument(help: "A data set, for its versions; all of them without it, each by its newest version.")
    var name: DatasetName?

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let client = try await server.client()
        let versions =
            if let name {
                try await client.versions(of: DatasetReference(project: dataset.project, name: name))
            } else { try await client.datasets(in: dataset.project) }
        let table = Table(
            header: ["DATA SET", "VERSION", "ROWS", "SIZE", "NEW", "DIGEST", "ADDED", "BY", "NOTE"],
            rows: versions.map { version in
                [
                    version.dataset, String(version.version), String(version.rows), byteText(version.bytes),
                    version.kept ? byteText(version.newBytes) : "not kept",
                    String(version.digest.dropFirst(7).prefix(12)), version.createdAt, version.createdBy,
                    version.note?.printable ?? "",
                ]
            }, numbers: [1, 2])
        try output.write(
            versions, asText: versions.isEmpty ? "No data sets yet. Add one with `slipway dataset add`." : table.text)
    }
}

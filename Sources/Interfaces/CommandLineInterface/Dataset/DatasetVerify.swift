// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import WireTypes

struct DatasetVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a file is the data of a version, as it was added.",
        discussion: """
            Also for versions of which only the digest is kept.

            Example: slipway dataset verify churn-train@3 data/train.csv
            """)

    @Argument(help: ArgumentHelp("The version: \(DatasetVersionArgument.form).", valueName: "version"))
    var version: DatasetVersionArgument

    @Argument(help: "The file.")
    var path: String

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var file: DataFileOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let known = try await KnownDataset(version, in: dataset.project, on: server)
        let (found, record) = (known.version, known.record)
        let tools = try Tools.required()
        let digest = try tools.dataFile(path, format: file.format ?? record.format, data: server.folder.data).digest()
        guard digest == record.data.digest else {
            let other = try await known.client.versions(of: known.reference).first { $0.digest == digest.description }
            if let other {
                throw Refusal(
                    .dataDiffers, .conflict,
                    "“\(path)” is \(found.dataset)@\(other.version), not version \(found.version).",
                    details: [.init("expected", record.data.digest.hex), .init("found", digest.hex)])
            }
            throw DatasetError.differs("“\(path)”", expected: record.data.digest, found: digest)
        }
        try output.write(found, asText: "✓ \(path) is \(found.dataset)@\(found.version), byte for byte")
    }
}

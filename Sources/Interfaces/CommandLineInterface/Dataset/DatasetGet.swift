// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import WireTypes

struct DatasetGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Get the data of a version back, byte for byte.",
        discussion: "Example: slipway dataset get churn-train@3 --out train.csv")

    @Argument(help: ArgumentHelp("The version: \(DatasetVersionArgument.form).", valueName: "version"))
    var version: DatasetVersionArgument

    @Option(help: "The file to write, which is not there yet; NAME-VERSION.FORMAT without it.")
    var out: String?

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let known = try await KnownDataset(version, in: dataset.project, on: server)
        let (found, record) = (known.version, known.record)
        let path = out ?? "\(found.dataset)-\(found.version).\(record.format.fileExtension)"
        var hasher = DigestHasher()
        try await Tools.required().receive(path) { write in
            try await known.client.data(.number(found.version), of: known.reference) { piece in
                hasher.update(piece)
                try write(piece)
            }
            let digest = hasher.finish()
            guard digest == record.data.digest else {
                throw DatasetError.differs(
                    "What came of “\(known.reference)”", expected: record.data.digest, found: digest)
            }
        }
        try output.write(found, asText: "\(path): \(found.dataset)@\(found.version), \(byteText(found.bytes))")
    }
}

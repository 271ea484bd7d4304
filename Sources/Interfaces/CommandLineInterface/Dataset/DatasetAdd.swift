// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import WireTypes

struct DatasetAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make a file of data the next version of a data set.",
        discussion: """
            Takes CSV, JSON lines, Parquet and Arrow; the latter two are read by pyarrow of the Python that is active. Only \
            what the server does not have yet is sent. The same data again is the same version.

            Example: slipway dataset add data/train.csv --name churn-train --key customer_id
            """)

    @Argument(help: "The file.")
    var path: String

    @Option(help: "The data set; the file's own name without it.")
    var name: DatasetName?

    @Option(help: "A column that tells rows apart, so that a changed row is not one gone and one new. May be repeated.")
    var key: [String] = []

    @Flag(help: "Send only digest and profile, where the data may not be copied.")
    var fingerprintOnly = false

    @Option(help: "A file of expectations: the data is added only if it meets them.")
    var expectations: String?

    @Option(help: "What there is to say about this version.")
    var note: String?

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var file: DataFileOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let file = try file.file(path, data: server.folder.data)
        let reference = DatasetReference(project: dataset.project, name: try name ?? ownName)
        if let expectations {
            try requireMet(file.check(Expectations(readFrom: expectations), at: Tools.required().time), of: path)
        }
        Console.current.progress("reading \(path)")
        let read = try ReadDataset(file, key: key, isKept: !fingerprintOnly)
        var said = 0
        let added = try await server.client().add(read, to: reference, note: note) { sent, total in
            // A line for each tenth, and not for each piece.
            guard 10 * (sent - said) >= total else { return }
            said = sent
            Console.current.progress("sent \(byteText(sent)) of \(byteText(total))")
        }
        try output.write(added, asText: added.text)
    }

    /// The file's, as far as it is a name.
    private var ownName: DatasetName {
        get throws {
            let file = path.split(separator: "/").last.map(String.init) ?? path
            guard let name = DatasetName(rawValue: String(file.prefix { $0 != "." })) else {
                throw Refusal(
                    .badName, .invalidInput, "“\(file)” makes no name for a data set.", hint: "Give one with --name.")
            }
            return name
        }
    }
}

extension AddedDatasetV1 {
    fileprivate var text: String {
        let place = "\(version.dataset)@\(version.version)"
        guard new else { return "\(place) is this data already." }
        let size = "\(version.rows) row\(version.rows == 1 ? "" : "s"), \(byteText(version.bytes))"
        guard version.kept else { return "\(place): \(size), of which only digest and profile were sent." }
        let share = version.bytes == 0 ? 0 : 100 * (version.bytes - version.newBytes) / version.bytes
        let shared = version.version == 1 ? "" : "; \(share) % of it as in the version before"
        return "\(place): \(size)\(shared)"
    }
}

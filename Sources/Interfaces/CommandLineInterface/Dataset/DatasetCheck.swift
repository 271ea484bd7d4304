// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain

struct DatasetCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Hold a file, or a version of data, against what is expected of it.",
        discussion: """
            With --like a version says what to expect, with some room around it.

            Example: slipway dataset check data/new.csv --expectations expectations.yaml
            """)

    @Argument(help: ArgumentHelp("A file, or a version: \(DatasetVersionArgument.form).", valueName: "file-or-version"))
    var subject: String

    @Option(help: "The file of expectations; see `dataset expect`.")
    var expectations: String?

    @Option(help: ArgumentHelp("A version to take the expectations from.", valueName: "version"))
    var like: DatasetVersionArgument?

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var file: DataFileOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (expectations == nil) != (like == nil) else {
            throw ValidationError("Give either --expectations FILE or --like VERSION.")
        }
    }

    mutating func run() async throws {
        let tools = try Tools.required()
        let expected =
            if let expectations {
                try Expectations(readFrom: expectations)
            } else if let like {
                Expectations(
                    suggestedBy: try await server.client().record(
                        like.selector, of: like.dataset(in: dataset.project)))
            } else { Expectations() }
        let results: [ExpectationResult]
        if tools.isThere(subject) {
            results = try file.file(subject, data: server.folder.data).check(expected, at: tools.time)
        } else {
            guard let version = DatasetVersionArgument(argument: subject) else {
                throw Refusal(.fileMissing, .notFound, "There is no file “\(subject)”.", hint: "Check the path.")
            }
            let folder = try tools.temporaryFolder()
            let data = try await RemoteData(
                version, in: dataset.project, from: try await server.client(), at: "\(folder.path)/data",
                data: server.folder.data)
            results = try data.check(expected, at: tools.time)
        }
        try output.write(results.map(ExpectationResultV1.init), asText: results.text)
        try requireMet(results, of: subject)
    }
}

/// One expectation as JSON.
private struct ExpectationResultV1: Encodable {
    let subject: String
    let rule: String
    let met: Bool
    let expected: String
    let found: String
    /// The first rows that do not meet it, counted from 1, without the header.
    let rows: [Int]

    init(_ result: ExpectationResult) {
        subject = result.subject
        rule = result.rule
        met = result.isMet
        expected = result.expected
        found = result.found
        rows = result.rows.map { $0 + 1 }
    }
}

extension [ExpectationResult] {
    fileprivate var text: String {
        let table = Table(
            header: ["", "OF", "RULE", "EXPECTED", "FOUND", "ROWS"],
            rows: map { result in
                [
                    result.isMet ? "✓" : "✗", result.subject.printable, result.rule, result.expected.printable,
                    result.found.printable,
                    result.isMet ? "" : result.rows.map { String($0 + 1) }.joined(separator: ", "),
                ]
            })
        return isEmpty ? "Nothing is expected." : table.text
    }
}

/// - Throws: `DAT-005` naming the first that is not met.
func requireMet(_ results: [ExpectationResult], of subject: String) throws {
    let unmet = results.filter { !$0.isMet }
    guard !unmet.isEmpty else { return }
    throw Refusal(
        .expectationsUnmet, .invalidInput,
        "“\(subject)” does not meet \(unmet.count) of \(results.count) expectations.",
        hint: "Mend the data, or change what is expected.",
        details: unmet.prefix(10).map {
            .init("\($0.subject) \($0.rule)", "expected \($0.expected), found \($0.found)")
        }
    )
}

extension Expectations {
    init(readFrom path: String) throws {
        try self.init(Tools.required().configuration(path), file: path)
    }
}

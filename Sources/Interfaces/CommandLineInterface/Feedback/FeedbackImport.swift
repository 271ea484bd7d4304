// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import Tensors

struct FeedbackImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Send the labels of a file: CSV with a header, or JSON lines. What was sent before changes nothing.",
        discussion: """
            Columns: prediction or key, label, and if there are any row and at. Others, and rows without a label, are passed over.

            Example: slipway feedback import labels.csv --endpoint churn
            """)

    @Argument(
        help: "A file ending in .csv, or in .jsonl for JSON lines.", completion: .file(extensions: ["csv", "jsonl"]))
    var file: String

    @Option(help: "The endpoint; JSON lines may name theirs.")
    var endpoint: EndpointName?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private var isCSV: Bool { file.lowercased().hasSuffix(".csv") }

    func validate() throws {
        let isLines = [".jsonl", ".ndjson"].contains { file.lowercased().hasSuffix($0) }
        guard isCSV || isLines else { throw ValidationError("The file ends in .csv or in .jsonl.") }
        guard !isCSV || endpoint != nil else { throw ValidationError("Say whose labels they are, with --endpoint.") }
    }

    mutating func run() async throws {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no file “\(file)” that can be read.",
                hint: "Check the path; it is case-sensitive.")
        }
        let client = try await server.client()
        var parts = FeedbackParts(hasHeader: isCSV)
        var sum = FeedbackSum()
        while true {
            let piece = try handle.read(upToCount: 1 << 20) ?? Data()
            if piece.isEmpty { parts.finish() } else { parts.take(Array(piece)) }
            while let part = parts.next() {
                let answer = try await client.sendFeedback(
                    part, type: isCSV ? "text/csv" : "application/jsonl", endpoint: endpoint)
                sum.add(answer)
            }
            if piece.isEmpty { break }
        }
        try Console.current.line(output.format == .json ? sum.json.text : sum.text)
        if sum["refused"] > 0 { throw ExitCode(2) }
    }
}

/// What became of all parts together.
struct FeedbackSum {
    private static let names = [
        "labels", "accepted", "joined", "corrected", "repeated", "waiting", "late", "refused", "empty",
    ]
    private var counts = [Int64](repeating: 0, count: names.count)
    private var problems: [(position: Int64, code: String, reason: String)] = []

    subscript(name: String) -> Int64 { Self.names.firstIndex(of: name).map { counts[$0] } ?? 0 }

    /// - Parameter answer: Of a part, whose positions count from its own beginning.
    mutating func add(_ answer: JSONValue) {
        let before = self["labels"] + self["empty"]
        for (index, name) in Self.names.enumerated() { counts[index] += answer[name]?.integer ?? 0 }
        for problem in answer["problems"]?.elements ?? [] where problems.count < 100 {
            problems.append(
                (
                    before + (problem["position"]?.integer ?? 0), problem["code"]?.string ?? "",
                    problem["reason"]?.string ?? ""
                ))
        }
    }

    var json: JSONValue {
        .object(
            zip(Self.names, counts).map { (name: $0, value: JSONValue.integer($1)) } + [
                (
                    name: "problems",
                    value: .array(
                        problems.map {
                            .record([
                                ("position", .integer($0.position)), ("code", .string($0.code)),
                                ("reason", .string($0.reason)),
                            ])
                        })
                )
            ])
    }

    var text: String {
        let parts = [
            ("joined", "joined with their predictions"), ("corrected", "took the place of another"),
            ("repeated", "were known"), ("waiting", "wait for their predictions"), ("late", "came too late"),
            ("refused", "were refused"), ("empty", "rows without a label"),
        ].filter { self[$0.0] > 0 }.map { "\(self[$0.0]) \($0.1)" }
        let first = "\(self["labels"]) labels: \(parts.isEmpty ? "none" : parts.joined(separator: ", "))"
        guard !problems.isEmpty else { return first }
        let shown = problems.prefix(10).map { "row \($0.position): \($0.reason) (\($0.code))".printable }
        let more = self["refused"] + self["late"] > 10 ? ["… and more: --format json has the first 100"] : []
        return ([first] + shown + more).joined(separator: "\n")
    }
}

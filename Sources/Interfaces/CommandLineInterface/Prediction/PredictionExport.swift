// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct PredictionExport: AsyncParsableCommand {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case jsonl, csv, parquet
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write predictions, newest first: a line for each, or a row for each of their rows.",
        discussion: "Example: slipway prediction export --endpoint churn --from 2026-03-01 --as csv")

    @OptionGroup var asked: PredictionSearchOptions

    @Option(
        name: .customLong("as"),
        help:
            "jsonl (one prediction a line), csv or parquet (one row of inputs and outputs a line; parquet needs pyarrow)."
    )
    var form = Form.jsonl

    @Option(
        help: ArgumentHelp("The file to write; standard output without it.", valueName: "file"), completion: .file())
    var output: String?

    @Option(help: "The most predictions; all without it.")
    var limit: Int?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit takes 1 or more.") }
        guard form == .jsonl || asked.endpoint != nil else {
            throw ValidationError("A table has one endpoint's columns: say which with --endpoint.")
        }
        guard form != .parquet || output != nil else {
            throw ValidationError("Parquet is no text for a terminal: name the file with --output.")
        }
    }

    mutating func run() async throws {
        let client = try await server.client()
        let tools = try Tools.required()
        switch (form, output) {
        case (.parquet, let file?):
            try await tools.writePredictions(to: file, data: server.folder.data) { write in
                try await writeTable(of: client, write)
            }
        case (_, let file?):
            try await tools.receive(file) { write in
                try await writeText(of: client) { try write(Array(($0 + "\n").utf8)) }
            }
        case (_, nil): try await writeText(of: client) { try Console.current.line($0) }
        }
    }

    private func writeText(of client: SlipwayClient, _ write: (String) throws -> Void) async throws {
        var table = PredictionTable()
        try await forEachPage(of: client) { predictions, _ in
            for prediction in predictions {
                switch form {
                case .csv: for line in try table.lines(of: prediction) { try write(line) }
                case .jsonl, .parquet: try write(prediction.text)
                }
            }
        }
    }

    /// The columns, then each prediction.
    private func writeTable(of client: SlipwayClient, _ write: (String) throws -> Void) async throws {
        var columns: PredictionColumns?
        // Refusals, of which nothing else may be known, say little of the columns.
        if asked.status == nil {
            var answered = asked.search
            answered.status = "answered"
            let types = try await client.predictions(answered, limit: 1, withTypes: true).types
            columns = types.isEmpty ? nil : try PredictionColumns(types)
            if let columns { try write(columns.text) }
        }
        try await forEachPage(of: client, withTypes: true) { predictions, types in
            if let columns {
                try columns.check(types)
            } else {
                let found = try PredictionColumns(types)
                columns = found
                try write(found.text)
            }
            for prediction in predictions { try write(prediction.text) }
        }
    }

    private func forEachPage(
        of client: SlipwayClient, withTypes: Bool = false,
        _ take: (_ predictions: [JSONValue], _ types: [JSONValue]) throws -> Void
    ) async throws {
        var left = limit ?? .max
        var before: String?
        repeat {
            let page = try await client.predictions(
                asked.search, limit: min(left, 1000), before: before, withTypes: withTypes)
            try take(page.predictions, page.types)
            left -= page.predictions.count
            before = page.next
        } while before != nil && left > 0
    }
}

/// Predictions as CSV (RFC 4180). The first one with rows says which columns there are.
struct PredictionTable {
    private static let facts = ["id", "time", "version", "status", "code", "principal", "key", "row"]
    private var columns: (inputs: [String], outputs: [String])?

    /// - Throws: Where a prediction has other columns than those before it.
    mutating func lines(of prediction: JSONValue) throws -> [String] {
        let inputs = prediction["inputs"]?.elements ?? []
        let outputs = prediction["outputs"]?.elements ?? []
        let rows = max(inputs.count, outputs.count)
        guard rows > 0 else { return [] }
        var lines: [String] = []
        let names = { (row: JSONValue?) in (row?.members ?? []).map(\.name) }
        // Of a request that was refused only the inputs are known.
        if columns == nil, !outputs.isEmpty {
            let found = (names(inputs.first), names(outputs.first))
            columns = found
            lines.append(line(Self.facts + found.0.map { "in_" + $0 } + found.1.map { "out_" + $0 }))
        }
        guard let columns else { return [] }
        for row in 0..<rows {
            let input: JSONValue? = inputs.indices.contains(row) ? inputs[row] : Optional.none
            let output: JSONValue? = outputs.indices.contains(row) ? outputs[row] : Optional.none
            let others = (names(input) + names(output)).filter { !(columns.inputs + columns.outputs).contains($0) }
            guard others.isEmpty else {
                throw Refusal(
                    .outOfRange, .conflict, "Predictions of that time have different columns: “\(others[0])” is new.",
                    hint: "Export one version at a time with --version, or use --as jsonl.")
            }
            let facts = Self.facts.dropLast().map { cell(prediction[$0]) } + [String(row)]
            lines.append(
                line(facts + columns.inputs.map { cell(input?[$0]) } + columns.outputs.map { cell(output?[$0]) }))
        }
        return lines
    }

    private func cell(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case let other?: other.text
        }
    }

    private func line(_ cells: [String]) -> String {
        cells.map { cell in
            cell.contains { "\",\n\r".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
        }.joined(separator: ",")
    }
}

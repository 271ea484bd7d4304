// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct PredictionExport: AsyncParsableCommand {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case jsonl, csv
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write predictions to standard output, newest first: a line for each, or for each of its rows.",
        discussion: "Example: slipway prediction export --endpoint churn --from 2026-03-01 --as csv")

    @OptionGroup var asked: PredictionSearchOptions

    @Option(
        name: .customLong("as"), help: "jsonl (one prediction a line) or csv (one row of inputs and outputs a line).")
    var form = Form.jsonl

    @Option(help: "The most predictions; all without it.")
    var limit: Int?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit takes 1 or more.") }
        guard form == .jsonl || asked.endpoint != nil else {
            throw ValidationError("A table has one endpoint's columns: say which with --endpoint.")
        }
    }

    mutating func run() async throws {
        let client = try await server.client()
        var table = PredictionTable()
        var left = limit ?? .max
        var before: String?
        repeat {
            let page = try await client.predictions(asked.search, limit: min(left, 1000), before: before)
            for prediction in page.predictions {
                switch form {
                case .jsonl: try Console.current.line(prediction.text)
                case .csv: for line in try table.lines(of: prediction) { try Console.current.line(line) }
                }
            }
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

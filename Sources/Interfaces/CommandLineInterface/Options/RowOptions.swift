// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// The rows that an endpoint is asked about.
struct RowOptions: ParsableArguments {
    @Option(help: ArgumentHelp("One row, as a JSON object.", valueName: "json"))
    var row: String?

    @Option(
        help: ArgumentHelp("A file of rows (.csv, .json, .jsonl), or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["csv", "json", "jsonl"]))
    var rows: String?

    func validate() throws {
        guard (row == nil) != (rows == nil) else {
            throw ValidationError("Say which rows with either --row or --rows.")
        }
    }

    func read() throws -> Rows {
        if let row { Rows.json(Array(row.utf8)) } else { try Rows(readFrom: rows ?? "-") }
    }
}

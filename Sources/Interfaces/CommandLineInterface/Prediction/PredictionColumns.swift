// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// Which columns a table of predictions has, and of what types.
struct PredictionColumns {
    private var inputs: [Column] = []
    private var outputs: [Column] = []

    private struct Column {
        let json: JSONValue
        let name: String
        /// Without sizes, which differ between rows where the model leaves them open.
        let type: String
    }

    /// - Parameter types: Each way in which predictions of one page have columns.
    init(_ types: [JSONValue]) throws {
        for one in types {
            try Self.check(one["inputs"], against: inputs) { inputs.append($0) }
            try Self.check(one["outputs"], against: outputs) { outputs.append($0) }
        }
    }

    /// - Throws: Where a later page has other columns.
    func check(_ types: [JSONValue]) throws {
        for one in types {
            try Self.check(one["inputs"], against: inputs) { throw Self.refusal("“\($0.name)” is new") }
            try Self.check(one["outputs"], against: outputs) { throw Self.refusal("“\($0.name)” is new") }
        }
    }

    /// As the process reads it that writes the table.
    var text: String {
        JSONValue.record([("inputs", .array(inputs.map(\.json))), ("outputs", .array(outputs.map(\.json)))]).text
    }

    private static func check(
        _ columns: JSONValue?, against known: [Column], new: (Column) throws -> Void
    ) throws {
        for json in columns?.elements ?? [] {
            let column = Column(
                json: json, name: json["name"]?.string ?? "",
                type: (json["datatype"]?.string ?? "")
                    + String(repeating: "[]", count: json["shape"]?.elements?.count ?? 0))
            guard let same = known.first(where: { $0.name == column.name }) else {
                try new(column)
                continue
            }
            guard same.type == column.type else {
                throw refusal("“\(column.name)” is \(column.type), and \(same.type) in others")
            }
        }
    }

    private static func refusal(_ difference: String) -> Refusal {
        Refusal(
            .outOfRange, .conflict, "Predictions of that time have different columns: \(difference).",
            hint: "Export one version at a time with --version, or use --as jsonl.")
    }
}

// SPDX-License-Identifier: Apache-2.0
import DataTables
import ModelDomain
import Statistics
import Tensors

/// A table that was read.
struct ReadTable {
    let columns: [DataColumn]
    let rows: [[CellValue]]
    let profiles: [DataProfile]
}

func table(_ csv: String) throws -> ReadTable {
    var records = CSVRecords()
    var rows: [[CellValue]] = []
    try records.take(Array(csv.utf8)) { rows.append($0) }
    try records.finish { rows.append($0) }
    return table(records.columns, rows)
}

func table(_ names: [String], _ rows: [[CellValue]]) -> ReadTable {
    var schema = SchemaTally()
    for row in rows { schema.take(row) }
    let columns = schema.columns(named: names)
    var tally = ProfileTally(columns)
    for row in rows { tally.take(row) }
    return ReadTable(columns: columns, rows: rows, profiles: tally.profiles)
}

/// Of one column of these cells.
func profiled(_ cells: [CellValue]) -> DataProfile? { table(["c"], cells.map { [$0] }).profiles.first }

/// A record as it would be kept, of a table of some bytes.
func manifest(of profiles: [DataProfile], key: [String] = [], isKept: Bool = true) -> DatasetManifest {
    let count = profiles.first?.count ?? 0
    let width = RowDigest.byteCount * (key.isEmpty ? 1 : 2)
    let content = { (name: String, bytes: Int) in
        ChunkedContent(
            digest: Digest(of: name.utf8), byteCount: bytes,
            chunks: isKept && bytes > 0 ? [.init(digest: Digest(of: name.utf8), byteCount: bytes)] : [])
    }
    return DatasetManifest(
        format: .csv, data: content("data", 1000), rowCount: count, key: key,
        rows: isKept ? content("rows", count * width) : nil, profiles: profiles)
}

extension DataProfile {
    var numbers: NumberSummary? {
        if case .numbers(let numbers) = values { return numbers }
        return nil
    }

    var categories: CategoricalProfile? {
        if case .categories(let categories) = values { return categories }
        return nil
    }
}

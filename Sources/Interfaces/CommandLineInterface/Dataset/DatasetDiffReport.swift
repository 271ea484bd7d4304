// SPDX-License-Identifier: Apache-2.0
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import Statistics

/// What changed between two versions of data, as JSON.
struct DatasetDiffReport: Encodable, Equatable {
    struct Column: Encodable, Equatable {
        /// `added`, `removed` or `retyped`.
        let change: String
        let name: String
        let from: String?
        let to: String?
    }

    struct Rows: Encodable, Equatable {
        let same: Int
        let added: Int
        let removed: Int
        let changed: Int
        let byKey: Bool
        /// The first of them, with what stands in them.
        let shown: [ShownRow]
    }

    struct ShownRow: Encodable, Equatable {
        /// `added`, `removed` or `changed`.
        let change: String
        /// Counted from 1, without the header: in the newer version, of what is gone in the older one.
        let row: Int
        /// Column to value; of a changed row its key, and what is different, as `old → new`.
        let values: [String: String]
    }

    struct Drift: Encodable, Equatable {
        let column: String
        /// `none`, `slight` or `strong`.
        let level: String
        /// Population stability index, less what chance makes of it.
        let stability: Double?
        let kolmogorovSmirnov: Double?
        let missingBefore: Double
        let missingAfter: Double
        let meanBefore: Double?
        let meanAfter: Double?
        let newValues: [String]
        let goneValues: [String]
    }

    let older: String
    let newer: String
    let rowsBefore: Int
    let rowsAfter: Int
    let columns: [Column]
    /// `nil` where the rows are not kept.
    let rows: Rows?
    let drift: [Drift]

    /// - Parameter shown: How many rows to fetch of each kind.
    init(from before: ComparedData, to after: ComparedData, shown: Int) async throws {
        (older, newer) = (before.name, after.name)
        (rowsBefore, rowsAfter) = (before.record.rowCount, after.record.rowCount)
        columns = schemaChanges(from: before.record.columns, to: after.record.columns).map(Column.init)
        drift = DataTables.drift(from: before.record.profiles, to: after.record.profiles).map(Drift.init)
        guard before.record.isKept, after.record.isKept else {
            rows = nil
            return
        }
        let difference = RowDifference(
            older: try await before.rows(beside: after), newer: try await after.rows(beside: before))
        let examples = shown == 0 ? [] : try await shownRows(difference, before, after, limit: shown)
        rows = Rows(
            same: difference.same, added: difference.added, removed: difference.removed, changed: difference.changed,
            byKey: difference.isByKey, shown: examples)
    }
}

private func shownRows(
    _ difference: RowDifference, _ before: ComparedData, _ after: ComparedData, limit: Int
) async throws -> [DatasetDiffReport.ShownRow] {
    let changed = difference.changedRows.prefix(limit)
    let removed = difference.removedRows.prefix(limit)
    let added = difference.addedRows.prefix(limit)
    let old = try await cells(of: before, at: Set(changed.map(\.older) + removed))
    let new = try await cells(of: after, at: Set(changed.map(\.newer) + added))
    let whole = { (cells: [String: String]?) in (cells ?? [:]).filter { !$0.value.isEmpty } }
    return added.map { .init(change: "added", row: $0 + 1, values: whole(new[$0])) }
        + removed.map { .init(change: "removed", row: $0 + 1, values: whole(old[$0])) }
        + changed.map { pair in
            let (one, other) = (old[pair.older] ?? [:], new[pair.newer] ?? [:])
            let values = one.reduce(into: [String: String]()) { values, cell in
                guard let now = other[cell.key] else { return }
                if now != cell.value { values[cell.key] = "\(cell.value) → \(now)" }
            }
            let key = other.filter { after.record.key.contains($0.key) }
            return .init(change: "changed", row: pair.newer + 1, values: values.merging(key) { changed, _ in changed })
        }
}

private func cells(of data: ComparedData, at positions: Set<Int>) async throws -> [Int: [String: String]] {
    guard !positions.isEmpty else { return [:] }
    let names = data.record.columns.map(\.name)
    var found: [Int: [String: String]] = [:]
    var position = 0
    try await data.file().forEachRow { row in
        if positions.contains(position) {
            found[position] = Dictionary(
                uniqueKeysWithValues: zip(names, row).map { ($0, String(decoding: $1.category, as: UTF8.self)) })
        }
        position += 1
    }
    return found
}

extension DatasetDiffReport.Column {
    fileprivate init(_ change: SchemaChange) {
        switch change {
        case .added(let column): self.init(change: "added", name: column.name, from: nil, to: column.type.rawValue)
        case .removed(let column): self.init(change: "removed", name: column.name, from: column.type.rawValue, to: nil)
        case .retyped(let name, let from, let to):
            self.init(change: "retyped", name: name, from: from.rawValue, to: to.rawValue)
        }
    }
}

extension DatasetDiffReport.Drift {
    fileprivate init(_ drift: ColumnDrift) {
        column = drift.name
        level = drift.level.rawValue
        stability = drift.distance?.adjustedStability
        kolmogorovSmirnov = drift.type.isNumeric ? drift.distance?.kolmogorovSmirnov : nil
        missingBefore = drift.missing.before
        missingAfter = drift.missing.after
        meanBefore = drift.mean?.before
        meanAfter = drift.mean?.after
        newValues = drift.newCategories.prefix(20).map { String(decoding: $0, as: UTF8.self) }
        goneValues = drift.goneCategories.prefix(20).map { String(decoding: $0, as: UTF8.self) }
    }
}

// MARK: For people

extension DatasetDiffReport {
    var text: String {
        var parts = ["\(older): \(rowsBefore) rows → \(newer): \(rowsAfter) rows"]
        if let rows {
            parts.append(rows.text)
        } else {
            parts.append("Rows are not compared: of one of them only digest and profile are kept.")
        }
        parts.append(columns.isEmpty ? "Columns are the same." : columns.map(\.text).joined(separator: "\n"))
        let moved = drift.filter { $0.level != "none" || !$0.newValues.isEmpty || !$0.goneValues.isEmpty }
        parts.append(moved.isEmpty ? "No column drifted." : table(of: moved))
        return parts.joined(separator: "\n\n")
    }

    private func table(of drift: [Drift]) -> String {
        Table(
            header: ["COLUMN", "DRIFT", "PSI", "MISSING", "MEAN", "NEW VALUES", "GONE VALUES"],
            rows: drift.map { drift in
                let mean = drift.meanBefore.flatMap { before in
                    drift.meanAfter.map { "\(number(before)) → \(number($0))" }
                }
                return [
                    drift.column.printable, drift.level, drift.stability.map(number) ?? "–",
                    "\(percentText(drift.missingBefore)) → \(percentText(drift.missingAfter))", mean ?? "",
                    list(drift.newValues), list(drift.goneValues),
                ]
            }
        ).text
    }

    private func list(_ values: [String]) -> String {
        values.prefix(5).map { String($0.prefix(30)).printable }.joined(separator: ", ")
            + (values.count > 5 ? ", …" : "")
    }

    private func number(_ value: Double) -> String { numberText(rounded(value)) }
}

extension DatasetDiffReport.Column {
    fileprivate var text: String {
        switch (from, to) {
        case (nil, let to?): "+ column \(name.printable): \(to)"
        case (let from?, nil): "- column \(name.printable): \(from)"
        default: "~ column \(name.printable): \(from ?? "") → \(to ?? "")"
        }
    }
}

extension DatasetDiffReport.Rows {
    fileprivate var text: String {
        let counts = "\(same) rows are the same, \(added) new, \(removed) gone"
        let head = byKey ? "\(counts), \(changed) changed." : "\(counts)."
        return ([head] + shown.map(\.text)).joined(separator: "\n")
    }
}

extension DatasetDiffReport.ShownRow {
    fileprivate var text: String {
        let sign = ["added": "+", "removed": "-"][change] ?? "~"
        let cells = values.sorted { $0.key < $1.key }.map { "\($0.key.printable)=\($0.value.printable)" }
        return "\(sign) row \(row): \(cells.joined(separator: ", "))"
    }
}

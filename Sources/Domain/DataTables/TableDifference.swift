// SPDX-License-Identifier: Apache-2.0
package import Statistics

/// How the columns of one version of a table differ from those of another.
package enum SchemaChange: Sendable, Hashable {
    case added(DataColumn)
    case removed(DataColumn)
    case retyped(String, from: ColumnType, to: ColumnType)
}

package func schemaChanges(from older: [DataColumn], to newer: [DataColumn]) -> [SchemaChange] {
    let before = Dictionary(uniqueKeysWithValues: older.map { ($0.name, $0.type) })
    let names = Set(newer.map(\.name))
    let found = newer.compactMap { column -> SchemaChange? in
        guard let type = before[column.name] else { return .added(column) }
        return type == column.type ? nil : .retyped(column.name, from: type, to: column.type)
    }
    return found + older.filter { !names.contains($0.name) }.map(SchemaChange.removed)
}

/// How far what a column holds has moved between two versions, told from their profiles alone.
package struct ColumnDrift: Sendable, Hashable {
    package enum Level: String, Sendable { case none, slight, strong }

    package let name: String
    package let type: ColumnType
    /// `nil` where one version has no values, or the types are of different kinds.
    package let distance: CountDistance?
    /// Shares of missing cells.
    package let missing: (before: Double, after: Double)
    /// Of numbers, and of times as seconds since 1970.
    package let mean: (before: Double, after: Double)?
    /// Values among the most frequent ones of one version that the other has not, as far as its profile tells.
    package let newCategories: [[UInt8]]
    package let goneCategories: [[UInt8]]

    /// By the stability index, less what chance makes of it, and by the share of missing cells (MONITORING: a tenth and a
    /// quarter; a hundredth and a twentieth).
    package var level: Level {
        let stability = distance?.adjustedStability ?? 0
        let missing = abs(missing.after - missing.before)
        if stability >= 0.25 || missing >= 0.05 { return .strong }
        return stability >= 0.1 || missing >= 0.01 ? .slight : .none
    }

    package init(from older: DataProfile, to newer: DataProfile) {
        name = newer.column.name
        type = newer.column.type
        missing = (older.missingShare, newer.missingShare)
        switch (older.values, newer.values) {
        case (.numbers(let before), .numbers(let after)):
            distance = before.bins.flatMap { bins in
                CountDistance(reference: before.binCounts, current: after.counts(in: bins))
            }
            mean = before.mean.flatMap { before in after.mean.map { (before, $0) } }
            (newCategories, goneCategories) = ([], [])
        case (.categories(let before), .categories(let after)):
            let (reference, current) = before.counts(beside: after)
            distance = CountDistance(reference: reference, current: current)
            mean = nil
            newCategories = after.values(missingIn: before)
            goneCategories = before.values(missingIn: after)
        default:
            distance = nil
            mean = nil
            (newCategories, goneCategories) = ([], [])
        }
    }

    package static func == (one: ColumnDrift, other: ColumnDrift) -> Bool {
        one.name == other.name && one.distance == other.distance && one.missing == other.missing
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(distance)
    }
}

/// Of the columns that both versions have, in the order of the newer one.
package func drift(from older: [DataProfile], to newer: [DataProfile]) -> [ColumnDrift] {
    let before = Dictionary(uniqueKeysWithValues: older.map { ($0.column.name, $0) })
    return newer.compactMap { profile in before[profile.column.name].map { ColumnDrift(from: $0, to: profile) } }
}

extension NumberSummary {
    /// About how many of the sampled values lie in each bin of another profile.
    fileprivate func counts(in bins: NumericBins) -> [Int] {
        guard !percentiles.isEmpty else { return [Int](repeating: 0, count: bins.count) }
        let ends = bins.edges.map { share(upTo: $0) } + [1]
        return zip(ends, [0] + ends).map { Int((Double(sampled) * ($0 - $1)).rounded()) }
    }
}

extension CategoricalProfile {
    /// Rows of each value that one of them lists; of the others together in the last place.
    fileprivate func counts(beside other: CategoricalProfile) -> ([Int], [Int]) {
        let own = Dictionary(uniqueKeysWithValues: categories.map { ($0.bytes, $0.count) })
        let others = Dictionary(uniqueKeysWithValues: other.categories.map { ($0.bytes, $0.count) })
        // A value that only one of them lists may be one of the rare ones of the other.
        let shared = categories.map(\.bytes).filter { others[$0] != nil }
        let lists = { (counts: [[UInt8]: Int], rest: Int) in
            let listed = shared.map { counts[$0] ?? 0 }
            return listed + [rest + counts.values.reduce(0, +) - listed.reduce(0, +)]
        }
        return (lists(own, self.other), lists(others, other.other))
    }

    /// None where the other one does not list all that it has.
    fileprivate func values(missingIn other: CategoricalProfile) -> [[UInt8]] {
        guard other.other == 0 else { return [] }
        let known = Set(other.categories.map(\.bytes))
        return categories.map(\.bytes).filter { !known.contains($0) }
    }
}

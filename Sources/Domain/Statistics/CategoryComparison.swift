// SPDX-License-Identifier: Apache-2.0

/// Two samples of texts or labels side by side, the reference first.
package struct CategoryComparison: Sendable, Hashable {
    /// What each sample has of something.
    package struct Both<Value: Sendable & Hashable>: Sendable, Hashable {
        package let reference: Value
        package let current: Value
    }

    /// Those of the reference, ascending by bytes.
    package let categories: [[UInt8]]
    /// Those that only the current sample has, likewise.
    package let newCategories: [[UInt8]]
    /// Rows of ``categories``, then of ``newCategories``, then of what a profile does not list, where there is such.
    package let referenceCounts: [Int]
    package let currentCounts: [Int]
    package let missing: Both<Int>
    private let rows: Both<Int>

    package init(reference: CategoricalProfile, current: CategoricalProfile) {
        let old = Dictionary(reference.categories.map { ($0.bytes, $0.count) }, uniquingKeysWith: +)
        let new = Dictionary(current.categories.map { ($0.bytes, $0.count) }, uniquingKeysWith: +)
        categories = old.keys.sorted { $0.lexicographicallyPrecedes($1) }
        newCategories = new.keys.filter { old[$0] == nil }.sorted { $0.lexicographicallyPrecedes($1) }
        let rest = reference.other + current.other > 0
        referenceCounts = (categories + newCategories).map { old[$0] ?? 0 } + (rest ? [reference.other] : [])
        currentCounts = (categories + newCategories).map { new[$0] ?? 0 } + (rest ? [current.other] : [])
        missing = Both(reference: reference.missing, current: current.missing)
        rows = Both(reference: reference.count, current: current.count)
    }

    /// Listed categories of the reference that no current row has.
    package var vanishedCategories: [[UInt8]] {
        zip(categories, currentCounts).filter { $0.1 == 0 }.map(\.0)
    }

    /// Share of the current rows with a value whose category is new; `nil` without such rows.
    package var newCategoryRate: Double? {
        let valued = currentCounts.reduce(0, +)
        let new = currentCounts.dropFirst(categories.count).prefix(newCategories.count).reduce(0, +)
        return valued > 0 ? Double(new) / Double(valued) : nil
    }

    /// Shares of rows without a value; `nil` for a sample without rows.
    package var missingRates: Both<Double?> {
        Both(
            reference: Proportion(missing.reference, of: rows.reference)?.rate,
            current: Proportion(missing.current, of: rows.current)?.rate)
    }

    /// By how much the share of rows without a value changed; `nil` when a sample has no rows.
    package var missingDifference: ProportionDifference? {
        guard let one = Proportion(missing.reference, of: rows.reference),
            let other = Proportion(missing.current, of: rows.current)
        else { return nil }
        return ProportionDifference(one, other)
    }
}

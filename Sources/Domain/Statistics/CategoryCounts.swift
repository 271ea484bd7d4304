// SPDX-License-Identifier: Apache-2.0

/// How many values of a column of texts or labels were which, over the categories of its reference.
package struct CategoryCounts: Sendable, Hashable {
    /// Rows of each known category, in the order of ``CategoricalProfile/categories``.
    package var known: [Int]
    /// Rows of all others: new ones, and those that were too rare to be listed.
    package var other = 0
    package var missing = 0
    /// Values of a type that the column does not have.
    package var typeErrors = 0

    package init(categoryCount: Int) { known = [Int](repeating: 0, count: categoryCount) }

    /// Everything that was counted.
    package var rows: Int { known.reduce(0, &+) &+ other &+ missing &+ typeErrors }

    /// What distances are computed of: the known categories, and all others as one more; shape `[categories + 1]`.
    package var distribution: [Int] { known + [other] }

    /// Share of the rows with a value whose category is not a known one; `nil` without such rows.
    package var otherRate: Double? {
        let valued = known.reduce(0, &+) &+ other
        return valued > 0 ? Double(other) / Double(valued) : nil
    }

    /// Adds what was counted elsewhere, in any order.
    ///
    /// - Precondition: Over the same categories.
    package static func += (counts: inout CategoryCounts, more: CategoryCounts) {
        precondition(counts.known.count == more.known.count)
        for place in counts.known.indices { counts.known[place] &+= more.known[place] }
        counts.other &+= more.other
        counts.missing &+= more.missing
        counts.typeErrors &+= more.typeErrors
    }
}

extension CategoricalProfile {
    /// What a window's ``CategoryCounts/distribution`` is held against; shape `[categories + 1]`.
    package var distribution: [Int] { categories.map(\.count) + [other] }

    /// Whether every value of the reference is listed: what is not known then is new.
    package var isComplete: Bool { other == 0 }
}

// SPDX-License-Identifier: Apache-2.0

/// The categories of a column, laid out for counting: a table of their hashes, at most a quarter full, so that most values find
/// their slot, or that there is none, at the first look.
package struct CategoryCounter: Sendable, Hashable {
    /// Hashes and places of categories; place −1 is free. Shape `[a power of two]`.
    private let slots: [Slot]
    /// All categories end to end, and where each ends.
    private let bytes: [UInt8]
    private let ends: [Int]
    package let categoryCount: Int

    private struct Slot: Sendable, Hashable {
        var hash: UInt32 = 0
        var place: Int32 = -1
    }

    package init(_ profile: CategoricalProfile) {
        let categories = profile.categories.map(\.bytes)
        categoryCount = categories.count
        bytes = Array(categories.joined())
        var end = 0
        ends = categories.map { category in
            end += category.count
            return end
        }
        var slots = [Slot](repeating: Slot(), count: 2)
        while slots.count < 4 * categories.count { slots += slots }
        for (place, category) in categories.enumerated() {
            let hash = contentHash(category.span)
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot].place >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Slot(hash: UInt32(hash >> 32), place: Int32(place))
        }
        self.slots = slots
    }

    /// Counts of nothing yet.
    package var empty: CategoryCounts { CategoryCounts(categoryCount: categoryCount) }

    /// - Parameter value: UTF-8, compared byte by byte.
    /// - Complexity: O(bytes); no allocation.
    package func count(_ value: Span<UInt8>, into counts: inout CategoryCounts) {
        if let place = place(of: value) { counts.known[place] &+= 1 } else { counts.other &+= 1 }
    }

    /// The place of a known category in ``CategoricalProfile/categories``.
    package func place(of value: Span<UInt8>) -> Int? {
        let hash = contentHash(value)
        let slots = slots.span
        var slot = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
        while slots[slot].place >= 0 {
            let found = slots[slot]
            if found.hash == UInt32(hash >> 32), equals(value, Int(found.place)) { return Int(found.place) }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }

    private func equals(_ value: Span<UInt8>, _ place: Int) -> Bool {
        let known = bytes.span.extracting((place > 0 ? ends[place - 1] : 0)..<ends[place])
        guard known.count == value.count else { return false }
        guard value.count >= 8 else {
            for place in value.indices where known[place] != value[place] { return false }
            return true
        }
        for place in stride(from: 0, to: value.count &- 8, by: 8) where word(known, at: place) != word(value, at: place)
        {
            return false
        }
        return word(known, at: value.count &- 8) == word(value, at: value.count &- 8)
    }
}

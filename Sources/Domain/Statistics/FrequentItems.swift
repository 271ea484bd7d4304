// SPDX-License-Identifier: Apache-2.0

/// The most frequent values with a fixed number of counters: Space-Saving. A value without a counter takes the smallest one
/// over, with what it counted.
///
/// With k counters, every value that occurred more than N/k times has one, and no count is too large by more than N/k.
/// It holds the values themselves; keep it away from personal ones.
///
/// - SeeAlso: A. Metwally et al., “Efficient computation of frequent and top-k elements in data streams”, 2005; P. K. Agarwal
///   et al., “Mergeable summaries”, 2012.
package struct FrequentItems: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        package let bytes: [UInt8]
        /// At least as often as the value occurred.
        package let count: Int
        /// By how much ``count`` may be too large.
        package let excess: Int
    }

    private let capacity: Int
    private var items: [Item] = []
    private var places: [[UInt8]: Int] = [:]
    /// Places of ``items``, a heap with the smallest count first; and where each stands in it.
    private var heap: [Int] = []
    private var positions: [Int] = []
    /// Values so far.
    package private(set) var count = 0

    /// - Parameter capacity: Counters, at least one.
    package init(capacity: Int = 256) { self.capacity = max(1, capacity) }

    /// - Complexity: O(log k).
    package mutating func add(_ bytes: [UInt8]) {
        count += 1
        if let place = places[bytes] {
            let item = items[place]
            items[place] = Item(bytes: bytes, count: item.count + 1, excess: item.excess)
            sink(positions[place])
        } else if items.count < capacity {
            places[bytes] = items.count
            positions.append(heap.count)
            heap.append(items.count)
            items.append(Item(bytes: bytes, count: 1, excess: 0))
            rise(heap.count - 1)
        } else {
            let place = heap[0]
            places[items[place].bytes] = nil
            places[bytes] = place
            items[place] = Item(bytes: bytes, count: items[place].count + 1, excess: items[place].count)
            sink(0)
        }
    }

    /// Adds what `other` has seen. What only one of both counts may have occurred in the other as often as its smallest.
    package mutating func merge(_ other: FrequentItems) {
        let (own, others) = (leastIfFull, other.leastIfFull)
        let theirs = Dictionary(uniqueKeysWithValues: other.items.map { ($0.bytes, $0) })
        var all = items.map { item in
            let more = theirs[item.bytes]
            return Item(
                bytes: item.bytes, count: item.count + (more?.count ?? others),
                excess: item.excess + (more?.excess ?? others))
        }
        all += other.items.filter { places[$0.bytes] == nil }
            .map { Item(bytes: $0.bytes, count: $0.count + own, excess: $0.excess + own) }
        let kept = Array(ranked(all).prefix(capacity))
        count += other.count
        items = kept.reversed()
        // Ascending counts are a heap already.
        heap = Array(items.indices)
        positions = heap
        places = Dictionary(uniqueKeysWithValues: items.enumerated().map { ($0.element.bytes, $0.offset) })
    }

    /// The most frequent first, ties by bytes.
    package var mostFrequent: [Item] { ranked(items) }

    private var leastIfFull: Int { items.count < capacity ? 0 : items[heap[0]].count }

    private func ranked(_ items: [Item]) -> [Item] {
        items.sorted { $0.count != $1.count ? $0.count > $1.count : $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, items[heap[place]].count < items[heap[(place - 1) / 2]].count {
            swapInHeap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if items[heap[child]].count < items[heap[least]].count { least = child }
            }
            if least == place { return }
            swapInHeap(place, least)
            place = least
        }
    }

    private mutating func swapInHeap(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        positions[heap[one]] = one
        positions[heap[other]] = other
    }
}

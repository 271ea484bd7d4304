// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A fair sample of any number of elements: each that was offered is kept with the same probability.
///
/// Every element draws a number; those with the smallest are kept (Algorithm L, which draws how many elements to pass over
/// instead of a number for each). Because the numbers are kept, two samples merge into one that is as fair.
///
/// - SeeAlso: K.-H. Li, “Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))”, 1994.
package struct Reservoir<Element: Sendable>: Sendable {
    private let capacity: Int
    /// Once it is full, a heap with the largest number first.
    private var kept: [(draw: Double, element: Element)] = []
    /// Elements to pass over before the next one is kept.
    private var passing = 0
    private var random: SplitMix
    /// Elements offered so far.
    package private(set) var count = 0

    /// - Parameters:
    ///   - capacity: Elements to keep, at least one.
    ///   - seed: Where the draws begin; another one for each reservoir that is to be merged.
    package init(capacity: Int, seed: UInt64) {
        self.capacity = max(1, capacity)
        random = SplitMix(seed: seed)
    }

    /// In no particular order.
    package var elements: [Element] { kept.map(\.element) }

    /// - Parameter element: Made only when it is kept.
    package mutating func offer(_ element: @autoclosure () -> Element) {
        count += 1
        if kept.count < capacity {
            kept.append((draw(), element()))
            if kept.count == capacity { heapify() }
        } else if passing > 0 {
            passing -= 1
        } else {
            // Of the draws that are small enough to be kept, each is as likely.
            kept[0] = (draw() * kept[0].draw, element())
            sink(0)
            drawPassing()
        }
    }

    /// Adds what `other` was offered.
    package mutating func merge(_ other: Reservoir) {
        count += other.count
        kept = (kept + other.kept).sorted { $0.draw < $1.draw }
        if kept.count > capacity { kept.removeLast(kept.count - capacity) }
        if kept.count == capacity { heapify() }
    }

    /// Between 0 and 1, neither of them.
    private mutating func draw() -> Double { (Double(random.next() >> 11) + 0.5) / 0x1p53 }

    private mutating func heapify() {
        kept.sort { $0.draw > $1.draw }
        drawPassing()
    }

    private mutating func drawPassing() {
        let skipped = log(draw()) / log1p(-kept[0].draw)
        passing = skipped < 0x1p62 ? Int(skipped) : Int.max
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var largest = place
            for child in [2 * place + 1, 2 * place + 2] where child < kept.count {
                if kept[child].draw > kept[largest].draw { largest = child }
            }
            if largest == place { return }
            kept.swapAt(place, largest)
            place = largest
        }
    }
}

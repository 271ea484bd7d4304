// SPDX-License-Identifier: Apache-2.0

/// First in, first out. What was taken is forgotten at once, so that its memory is given back.
struct Fifo<Element> {
    private var slots: [Element?] = []
    private var head = 0

    var count: Int { slots.count - head }
    var isEmpty: Bool { head == slots.count }

    var first: Element? { isEmpty ? nil : slots[head] }

    mutating func append(_ element: Element) { slots.append(element) }

    mutating func prepend(_ element: Element) {
        guard head > 0 else { return slots.insert(element, at: 0) }
        head -= 1
        slots[head] = element
    }

    /// Adds it behind the last one that `comesBefore` holds for: those that it holds for stand in front of the others.
    mutating func insert(_ element: Element, after comesBefore: (Element) -> Bool) {
        guard !isEmpty, let last = slots[slots.count - 1], !comesBefore(last) else { return slots.append(element) }
        var (low, high) = (head, slots.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if slots[middle].map(comesBefore) ?? true { low = middle + 1 } else { high = middle }
        }
        slots.insert(element, at: low)
    }

    /// - Parameter place: Counted from the first; `nil` where none is.
    func element(at place: Int) -> Element? { head + place < slots.count ? slots[head + place] : nil }

    mutating func remove(at place: Int) {
        if place == 0 { _ = popFirst() } else { slots.remove(at: head + place) }
    }

    mutating func popFirst() -> Element? {
        guard head < slots.count else { return nil }
        defer {
            slots[head] = nil
            head += 1
            // Moving the rest only now and then keeps taking O(1).
            if head == slots.count || head > 32 && head * 2 > slots.count {
                slots.removeFirst(head)
                head = 0
            }
        }
        return slots[head]
    }

    mutating func popLast() -> Element? {
        guard head < slots.count else { return nil }
        return slots.removeLast()
    }

    func contains(where condition: (Element) -> Bool) -> Bool {
        slots[head...].contains { $0.map(condition) ?? false }
    }

    /// Takes out what `condition` holds for, and keeps the order of the rest.
    mutating func removeAll(where condition: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        var kept: [Element?] = []
        for case let element? in slots[head...] {
            if condition(element) { removed.append(element) } else { kept.append(element) }
        }
        slots = kept
        head = 0
        return removed
    }
}

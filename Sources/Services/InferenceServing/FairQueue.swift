// SPDX-License-Identifier: Apache-2.0

/// What waits at one endpoint: in the order of arrival for each caller, and callers take turns.
struct FairQueue<Element> {
    private var lines: [CallerKey: Fifo<Element>] = [:]
    /// Callers with something waiting, in the order of their turns.
    private var turns = Fifo<CallerKey>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// Callers with something waiting.
    var callerCount: Int { lines.count }

    func count(of caller: CallerKey) -> Int { lines[caller]?.count ?? 0 }

    mutating func append(_ element: Element, of caller: CallerKey) {
        count += 1
        if lines[caller] == nil { turns.append(caller) }
        lines[caller, default: Fifo()].append(element)
    }

    /// Puts back what ``next()`` gave out: it is its caller's next one.
    mutating func putBack(_ element: Element, of caller: CallerKey) {
        count += 1
        if lines[caller] == nil { turns.append(caller) }
        lines[caller, default: Fifo()].prepend(element)
    }

    /// The oldest element of the caller whose turn it is.
    var first: Element? { turns.first.flatMap { lines[$0]?.first } }

    /// Takes out ``first``.
    mutating func next() -> Element? {
        guard let caller = turns.popFirst(), let element = lines[caller]?.popFirst() else { return nil }
        count -= 1
        if lines[caller]?.isEmpty ?? true { lines[caller] = nil } else { turns.append(caller) }
        return element
    }

    /// Takes out the newest of each caller until about `length` are left, which callers share evenly.
    ///
    /// - Complexity: O(what waits).
    mutating func trim(to length: Int) -> [Element] {
        guard count > length, !lines.isEmpty else { return [] }
        let share = max(1, length / lines.count)
        var removed: [Element] = []
        for caller in lines.keys {
            while let line = lines[caller], line.count > share, let element = lines[caller]?.popLast() {
                removed.append(element)
            }
        }
        count -= removed.count
        return removed
    }

    /// Takes out what `condition` holds for.
    ///
    /// - Complexity: O(what waits).
    mutating func removeAll(where condition: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for caller in Array(lines.keys) {
            removed += lines[caller]?.removeAll(where: condition) ?? []
            if lines[caller]?.isEmpty ?? true { lines[caller] = nil }
        }
        _ = turns.removeAll { lines[$0] == nil }
        count -= removed.count
        return removed
    }
}

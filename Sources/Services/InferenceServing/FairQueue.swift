// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

/// What is to be done by some moment.
protocol Urgent {
    var deadline: Moment { get }
}

/// What waits at one endpoint with one priority: callers take turns, and of each caller the request whose deadline comes
/// first is next; of equal ones the one that came first.
///
/// A deadline orders what one caller wants. Over all of them it would let those pass who claim to be in a hurry.
struct FairQueue<Element: Urgent> {
    /// What to do with an element that waits.
    enum Choice {
        case take
        case leave
        /// It is no longer worth anything: nobody's turn is used up.
        case remove
        /// Take no more.
        case stop
    }

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
        lines[caller, default: Fifo()].insert(element) { $0.deadline <= element.deadline }
    }

    /// Puts back what ``next()`` gave out: it is its caller's next one.
    mutating func putBack(_ element: Element, of caller: CallerKey) {
        count += 1
        if lines[caller] == nil { turns.append(caller) }
        lines[caller, default: Fifo()].prepend(element)
    }

    /// The next element of the caller whose turn it is.
    var first: Element? { turns.first.flatMap { lines[$0]?.first } }

    /// Takes out ``first``.
    mutating func next() -> Element? {
        guard let caller = turns.popFirst(), let element = lines[caller]?.popFirst() else { return nil }
        count -= 1
        if lines[caller]?.isEmpty ?? true { lines[caller] = nil } else { turns.append(caller) }
        return element
    }

    /// Goes through what waits in the order of turns, and takes out what `choose` says. What stays keeps its place.
    ///
    /// - Parameter looks: The most elements to look at; what is left of them.
    /// - Returns: Whether there may be more to take elsewhere.
    mutating func take(looks: inout Int, _ choose: (Element) -> Choice) -> Bool {
        var passed: [CallerKey] = []
        var places: [CallerKey: Int] = [:]
        var isStopped = false
        while !isStopped, looks > 0, let caller = turns.popFirst() {
            var place = places[caller] ?? 0
            var isServed = false
            search: while looks > 0, let element = lines[caller]?.element(at: place) {
                looks -= 1
                switch choose(element) {
                case .leave: place += 1
                case .remove: remove(at: place, of: caller)
                case .take:
                    remove(at: place, of: caller)
                    isServed = true
                    break search
                case .stop:
                    isStopped = true
                    break search
                }
            }
            places[caller] = place
            guard lines[caller] != nil else { continue }
            if isServed { turns.append(caller) } else { passed.append(caller) }
        }
        for caller in passed.reversed() { turns.prepend(caller) }
        return !isStopped && looks > 0
    }

    private mutating func remove(at place: Int, of caller: CallerKey) {
        lines[caller]?.remove(at: place)
        count -= 1
        if lines[caller]?.isEmpty ?? true { lines[caller] = nil }
    }

    /// Takes out the last of the caller with the most.
    mutating func popLast() -> Element? {
        guard let caller = lines.max(by: { $0.value.count < $1.value.count })?.key,
            let element = lines[caller]?.popLast()
        else { return nil }
        count -= 1
        if lines[caller]?.isEmpty ?? true {
            lines[caller] = nil
            _ = turns.removeAll { $0 == caller }
        }
        return element
    }

    /// Takes out the last of each caller until about `length` are left, which callers share evenly.
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

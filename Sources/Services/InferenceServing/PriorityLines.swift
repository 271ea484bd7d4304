// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution

/// What waits at one endpoint: the more urgent priorities first, and within each a ``FairQueue``.
struct PriorityLines<Element: Urgent> {
    private var lines = RequestPriority.allCases.map { _ in FairQueue<Element>() }

    subscript(priority: RequestPriority) -> FairQueue<Element> {
        get { lines[priority.rawValue] }
        _modify { yield &lines[priority.rawValue] }
    }

    var count: Int { lines.reduce(0) { $0 + $1.count } }
    var isEmpty: Bool { lines.allSatisfy(\.isEmpty) }

    /// What waits with `priority` or a more urgent one.
    func count(upTo priority: RequestPriority) -> Int {
        lines[...priority.rawValue].reduce(0) { $0 + $1.count }
    }

    /// What waits with a more urgent one.
    func count(before priority: RequestPriority) -> Int {
        lines[..<priority.rawValue].reduce(0) { $0 + $1.count }
    }

    func count(of caller: CallerKey, upTo priority: RequestPriority) -> Int {
        lines[...priority.rawValue].reduce(0) { $0 + $1.count(of: caller) }
    }

    /// The most urgent priority with something waiting.
    var firstPriority: RequestPriority? { RequestPriority.allCases.first { !self[$0].isEmpty } }

    /// Goes through what waits, in the order in which it would run. See ``FairQueue/take(looks:_:)``.
    mutating func take(looks: Int, _ choose: (Element) -> FairQueue<Element>.Choice) {
        var looks = looks
        for priority in RequestPriority.allCases where !self[priority].take(looks: &looks, choose) { return }
    }

    /// Takes out what has to make room for `priority`: the last of the least urgent, unless that is as urgent.
    mutating func popLast(below priority: RequestPriority) -> Element? {
        for less in RequestPriority.allCases.reversed() where less > priority && !self[less].isEmpty {
            return self[less].popLast()
        }
        return nil
    }

    mutating func removeAll(where condition: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for priority in RequestPriority.allCases { removed += self[priority].removeAll(where: condition) }
        return removed
    }
}

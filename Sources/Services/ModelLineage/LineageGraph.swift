// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// One thing of a lineage, with what is known of it.
package struct LineageNode: Sendable, Hashable {
    package let key: LineageKey
    /// As people call it: `churn@3`.
    package var label: String
    /// In an order that reads well.
    package var facts: [Fact] = []
    package var time: Timestamp?
    package var by: String?
    /// It is in a project that whoever asks does not see: no more is said.
    package var isHidden = false

    package struct Fact: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package init(_ key: LineageKey, label: String) {
        self.key = key
        self.label = label
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { facts.append(Fact(name: name, value: value)) }
    }
}

/// What one thing has to do with another that came of it.
package struct LineageEdge: Sendable, Hashable {
    /// What was there before.
    package let from: LineageKey
    /// What came of it.
    package let to: LineageKey
    /// What `from` was for `to`: `trained on`, `made by`, `deployed as`.
    package let verb: String

    package init(from: LineageKey, to: LineageKey, verb: String) {
        self.from = from
        self.to = to
        self.verb = verb
    }
}

/// Everything that one thing came of, and all that came of it.
package struct LineageGraph: Sendable, Hashable {
    package let root: LineageKey
    /// In the order in which they were found, the root first.
    package var nodes: [LineageNode] = []
    package var edges: [LineageEdge] = []
    /// Whether there is more than could be followed.
    package var isTruncated = false

    package init(root: LineageKey) { self.root = root }
}

package enum LineageDirection: String, Sendable, CaseIterable {
    /// What it came of.
    case up
    /// What came of it.
    case down
    case both
}

// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Compares every entry of a ledger with its leaf and with the chain, as the entries come by; wherever they lie.
///
/// An edit, a gap and a change of order are found without anything else, and the entry and its field named. Entries cut
/// off at the end, and a ledger that was written anew from some entry on, are found against a head that was kept
/// elsewhere. It goes on behind a fault, with what the next entry is chained to.
package struct LedgerAudit: Sendable {
    /// More are only counted.
    package static let faultLimit = 20

    package private(set) var faults: [LedgerFault] = []
    package private(set) var faultCount = 0
    /// Over the leaves; of an entry whose leaf was changed, over what the chain has.
    package private(set) var tree = MerkleTree()
    /// The newest chain value.
    package private(set) var chain: Digest?

    private let head: LedgerHead?
    private var isHeadPassed = false
    private var expected = 0
    /// What the next entry may be chained to: the value that was computed, and the one that stood there. `nil` when
    /// nothing is known of it.
    private var links: [Digest?]? = [nil]

    /// - Parameter head: What the ledger came to earlier.
    package init(extending head: LedgerHead? = nil) {
        self.head = head
        compareWithHead()
    }

    /// - Returns: The hash of the leaf, as the tree has it.
    @discardableResult
    package mutating func take(_ row: LedgerRow) -> Digest {
        if row.sequence != expected {
            note(
                row.sequence > expected
                    ? .gone(expected...(row.sequence - 1)) : .outOfOrder(sequence: row.sequence, expected: expected))
            links = nil
        }
        let canonical = canonicalLeaf(sequence: row.sequence, time: row.time, change: row.change)
        let stored = Digest(row.chain)
        var leafHash = merkleLeaf(row.leaf)
        var link = link(leafHash, as: stored)
        if canonical != row.leaf {
            let canonicalHash = merkleLeaf(canonical)
            let rowLink = self.link(canonicalHash, as: stored)
            // The chain tells which of the two is what was written.
            let isLeaf = links != nil && link != stored && rowLink == stored
            if isLeaf { (leafHash, link) = (canonicalHash, rowLink) }
            noteDifferences(of: row, isLeaf: isLeaf)
        } else if links != nil, link != stored {
            note(.unchained(sequence: row.sequence, computed: link, row: row.chain))
        }
        links =
            links == nil ? [stored ?? link] : link == stored && canonical == row.leaf ? [link] : following(link, stored)
        chain = stored ?? link
        // Behind an entry that came too late things go on where they were.
        expected = row.sequence < expected ? expected : row.sequence + 1
        tree.append(leafHash)
        compareWithHead()
        return leafHash
    }

    /// When all entries have come by.
    package mutating func finish() {
        guard let head, !isHeadPassed else { return }
        note(.cutOff(size: tree.size, head: head))
    }

    /// Compares what came by with the head that stands at its end.
    package mutating func compare(withEnd end: LedgerHead) {
        if tree.size < end.size { return note(.cutOff(size: tree.size, head: end)) }
        let root = tree.root
        if root != end.root { note(.rewritten(head: end, root: root)) }
    }

    /// The head of what came by so far.
    package func head(at time: Timestamp?) -> LedgerHead {
        LedgerHead(size: tree.size, root: tree.root, chain: chain, time: time)
    }

    private mutating func compareWithHead() {
        guard let head, tree.size == head.size else { return }
        isHeadPassed = true
        let root = tree.root
        if root != head.root { note(.rewritten(head: head, root: root)) }
    }

    /// What the entry behind a fault may be chained to: what was computed, what stood there, and what stood before, where
    /// an entry was put in between or changed its place.
    private func following(_ link: Digest, _ stored: Digest?) -> [Digest?] {
        Array(([link] + (stored.map { [$0] } ?? []) + (links ?? [])).prefix(8))
    }

    /// The link that an entry has behind one of those that it may be chained to: `stored` where that is one of them.
    private func link(_ leafHash: Digest, as stored: Digest?) -> Digest {
        let possible = (links ?? []).map { chainLink(after: $0, leafHash: leafHash) }
        return possible.first { $0 == stored } ?? possible.first ?? stored ?? chainLink(after: nil, leafHash: leafHash)
    }

    private mutating func noteDifferences(of row: LedgerRow, isLeaf: Bool) {
        guard let leaf = try? JSONValue.parse(row.leaf), leaf["sequence"] != nil, leaf["actor"] != nil else {
            return note(.unreadableLeaf(sequence: row.sequence))
        }
        var isExplained = false
        for (name, value) in row.fields where leaf[name]?.shown != value {
            isExplained = true
            note(
                .differs(sequence: row.sequence, field: name, leaf: leaf[name]?.shown, row: value, isLeaf: isLeaf))
        }
        // Other members, or another spelling of the same ones.
        if !isExplained { note(.unreadableLeaf(sequence: row.sequence)) }
    }

    private mutating func note(_ fault: LedgerFault) {
        faultCount += 1
        if faults.count < Self.faultLimit { faults.append(fault) }
    }
}

extension LedgerRow {
    fileprivate var fields: [(name: String, value: String?)] {
        [
            ("sequence", String(sequence)), ("time", String(time.microseconds)), ("actor", change.actor),
            ("action", change.action), ("object", change.object), ("before", change.before), ("after", change.after),
            ("reason", change.reason), ("evidence", change.evidence),
        ]
    }
}

extension JSONValue {
    fileprivate var shown: String? { string ?? integer.map { String($0) } ?? (isNull ? nil : "") }
}

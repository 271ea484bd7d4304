// SPDX-License-Identifier: Apache-2.0

/// Where a ledger is not what was written, and what tells so.
package enum LedgerFault: Sendable, Hashable {
    /// Entries that are not there, although later ones are.
    case gone(ClosedRange<Int>)
    /// An entry that stands behind a later one, or twice.
    case outOfOrder(sequence: Int, expected: Int)
    /// A column says something else than the leaf. `isLeaf` where it is the leaf that was changed, as the chain shows.
    case differs(sequence: Int, field: String, leaf: String?, row: String?, isLeaf: Bool)
    /// A leaf that is no record any more.
    case unreadableLeaf(sequence: Int)
    /// The leaf says what the row says, and yet does not follow from the entry before.
    case unchained(sequence: Int, computed: Digest, row: String)
    /// The ledger has fewer entries than it had.
    case cutOff(size: Int, head: LedgerHead)
    /// Its first entries are others than they were.
    case rewritten(head: LedgerHead, root: Digest)

    /// The first entry that is concerned.
    package var sequence: Int {
        switch self {
        case .gone(let range): range.lowerBound
        case .outOfOrder(let sequence, _), .differs(let sequence, _, _, _, _), .unreadableLeaf(let sequence),
            .unchained(let sequence, _, _):
            sequence
        case .cutOff(let size, _): size
        case .rewritten(let head, _): max(0, head.size - 1)
        }
    }

    /// The column; `entry` where all of it is concerned, `root` where many are.
    package var field: String {
        switch self {
        case .gone, .outOfOrder, .cutOff: "entry"
        case .differs(_, let field, _, _, _): field
        case .unreadableLeaf: "leaf"
        case .unchained: "chain"
        case .rewritten: "root"
        }
    }

    /// What leaf, chain or head say, and what is there instead.
    package var said: (written: String?, found: String?) {
        switch self {
        case .gone, .outOfOrder, .unreadableLeaf: (nil, nil)
        case .differs(_, _, let leaf, let row, _): (leaf, row)
        case .unchained(_, let computed, let row): (computed.hex, row)
        case .cutOff(let size, let head): (String(head.size), String(size))
        case .rewritten(let head, let root): (head.root.hex, root.hex)
        }
    }

    /// `entry 5: …`
    package var line: String {
        switch self {
        case .gone(let range) where range.count == 1: "entry \(range.lowerBound): it is not there"
        case .gone(let range): "entry \(range.lowerBound) and those up to \(range.upperBound): they are not there"
        case .outOfOrder(let sequence, let expected):
            "entry \(sequence): it stands where entry \(expected) belongs"
        case .differs(let sequence, let field, let leaf, let row, let isLeaf):
            "entry \(sequence): the leaf says \(quoted(leaf)) as its \(field), the row says \(quoted(row))"
                + (isLeaf ? "; the chain has what the row says, so that it is the leaf that was changed" : "")
        case .unreadableLeaf(let sequence): "entry \(sequence): its leaf is no record"
        case .unchained(let sequence, let computed, let row):
            "entry \(sequence): its chain value is \(row.prefix(64)), and \(computed.hex) follows from the entry before; "
                + "leaf and row agree, so that both were written anew, or the chain value was"
        case .cutOff(let size, let head):
            "entry \(size): the ledger ends before it, and had \(head.size) entries when its head was taken"
        case .rewritten(let head, let root):
            "entry \(max(0, head.size - 1)): up to it the ledger has the root \(root.hex), and had \(head.root.hex) "
                + "when its head was taken"
        }
    }
}

private func quoted(_ value: String?) -> String { value.map { "“\($0.prefix(200))”" } ?? "nothing" }

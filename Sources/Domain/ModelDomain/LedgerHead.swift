// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// What the whole ledger comes to at some moment: kept where the server cannot write, it shows later that nothing of what
/// was there then was changed or cut off.
package struct LedgerHead: Sendable, Hashable {
    /// How many entries there were.
    package let size: Int
    /// Of the tree of RFC 6962 over their leaves.
    package let root: Digest
    /// The newest chain value; `nil` of an empty ledger, and where only size and root were kept.
    package let chain: Digest?
    /// When it was taken, where that was kept.
    package let time: Timestamp?

    package init(size: Int, root: Digest, chain: Digest? = nil, time: Timestamp? = nil) {
        self.size = size
        self.root = root
        self.chain = chain
        self.time = time
    }

    /// `SIZE:ROOT`
    package var text: String { "\(size):\(root.hex)" }

    /// - Returns: `nil` for what is not `SIZE:ROOT`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let size = Int(parts[0]), size >= 0, String(size) == parts[0],
            let root = Digest(String(parts[1]))
        else { return nil }
        self.init(size: size, root: root)
    }

    /// What somebody kept: the JSON that `slipway ledger head` prints, or any text in which `SIZE:ROOT` stands.
    ///
    /// - Throws: `IN-006` when there is no head in it.
    package init(kept bytes: [UInt8]) throws(Refusal) {
        if let value = try? JSONValue.parse(bytes), let size = value["size"]?.integer.flatMap(Int.init(exactly:)),
            size >= 0, let root = value["root"]?.string.flatMap({ Digest($0) })
        {
            self.init(
                size: size, root: root, chain: value["chain"]?.string.flatMap { Digest($0) },
                time: value["time"]?.string.flatMap { Timestamp($0) })
            return
        }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let head = words.lazy.compactMap({ LedgerHead($0) }).first else { throw Self.unreadable }
        self = head
    }

    package static let unreadable = Refusal(
        .outOfRange, .invalidInput, "There is no head of a ledger in it.",
        hint: "Give SIZE:ROOT, or a file with what `slipway ledger head` printed.", details: [.init("field", "head")])
}

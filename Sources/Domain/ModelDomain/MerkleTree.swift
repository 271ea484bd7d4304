// SPDX-License-Identifier: Apache-2.0

/// The tree of RFC 6962 over leaves that come one after the other.
///
/// A leaf is hashed as SHA-256(0x00 ‖ leaf), a node as SHA-256(0x01 ‖ left ‖ right); n leaves are split at the largest
/// power of two below n. Kept are only the roots of the complete subtrees: as many as ``size`` has bits.
package struct MerkleTree: Sendable, Hashable {
    /// The largest first.
    private var subtrees: [Digest] = []
    /// How many leaves there are.
    package private(set) var size = 0

    package init() {}

    /// - Parameter leafHash: ``merkleLeaf(_:)`` of the next leaf.
    package mutating func append(_ leafHash: Digest) {
        var hash = leafHash
        var completed = size
        while completed & 1 == 1 {
            hash = merkleNode(subtrees.removeLast(), hash)
            completed >>= 1
        }
        subtrees.append(hash)
        size += 1
    }

    /// Of an empty tree the SHA-256 of nothing.
    package var root: Digest {
        guard let last = subtrees.last else { return Digest(of: []) }
        return subtrees.dropLast().reversed().reduce(last) { right, left in merkleNode(left, right) }
    }
}

package func merkleLeaf(_ leaf: [UInt8]) -> Digest { Digest(of: [0] + leaf) }

func merkleNode(_ left: Digest, _ right: Digest) -> Digest { pairHash(1, left, right) }

/// SHA-256 of a byte and two digests.
func pairHash(_ kind: UInt8, _ first: Digest?, _ second: Digest) -> Digest {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(65)
    bytes.append(kind)
    if let first { first.append(to: &bytes) } else { bytes += [UInt8](repeating: 0, count: 32) }
    second.append(to: &bytes)
    return Digest(of: bytes)
}

/// Roots of the trees over ranges of the leaves, which is what proofs consist of, as the leaves come by.
package struct RangeRoots: Sendable {
    private var trees: [(range: Range<Int>, tree: MerkleTree)]

    package init(_ ranges: [Range<Int>]) { trees = ranges.map { (range: $0, tree: MerkleTree()) } }

    /// - Parameter index: Of the leaf; they come in order.
    package mutating func take(_ leafHash: Digest, at index: Int) {
        for place in trees.indices where trees[place].range.contains(index) { trees[place].tree.append(leafHash) }
    }

    /// In the order of the ranges, once all leaves in them have come by.
    package var roots: [Digest] { trees.map(\.tree.root) }
}

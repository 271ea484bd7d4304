// SPDX-License-Identifier: Apache-2.0

/// Proofs about trees of RFC 6962, sections 2.1.1 and 2.1.2: which roots they consist of, and how they are checked.
///
/// Whoever checks has nothing but the proof and roots that were kept elsewhere.
package enum MerkleProof {
    /// The ranges of leaves whose roots show that a leaf is in a tree, from the leaf upwards.
    ///
    /// - Parameter index: Less than `size`.
    package static func inclusionRanges(of index: Int, size: Int) -> [Range<Int>] {
        precondition((0..<size).contains(index))
        return inclusionRanges(of: index, in: 0..<size)
    }

    private static func inclusionRanges(of index: Int, in range: Range<Int>) -> [Range<Int>] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + split(range.count)
        return index < middle
            ? inclusionRanges(of: index, in: range.lowerBound..<middle) + [middle..<range.upperBound]
            : inclusionRanges(of: index, in: middle..<range.upperBound) + [range.lowerBound..<middle]
    }

    /// The ranges of leaves whose roots show that a tree begins with the leaves of an older one.
    ///
    /// - Parameter oldSize: At most `size`. From an empty tree, and from the same one, nothing has to be shown.
    package static func consistencyRanges(from oldSize: Int, to size: Int) -> [Range<Int>] {
        precondition((0...size).contains(oldSize))
        guard oldSize > 0 else { return [] }
        return consistencyRanges(from: oldSize, in: 0..<size, isWhole: true)
    }

    private static func consistencyRanges(
        from oldSize: Int, in range: Range<Int>, isWhole: Bool
    ) -> [Range<Int>] {
        guard oldSize < range.count else { return isWhole ? [] : [range] }
        let half = split(range.count)
        let middle = range.lowerBound + half
        return oldSize <= half
            ? consistencyRanges(from: oldSize, in: range.lowerBound..<middle, isWhole: isWhole)
                + [middle..<range.upperBound]
            : consistencyRanges(from: oldSize - half, in: middle..<range.upperBound, isWhole: false)
                + [range.lowerBound..<middle]
    }

    /// The largest power of two below `count`, which is at least 2.
    private static func split(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

    // MARK: Checking

    /// Whether `path` shows that the leaf at `index` of the tree with this root is `leafHash`.
    package static func holds(
        leafHash: Digest, at index: Int, size: Int, root: Digest, path: [Digest]
    ) -> Bool {
        guard size > 0, (0..<size).contains(index) else { return false }
        var (place, last) = (index, size - 1)
        var hash = leafHash
        for sibling in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = merkleNode(sibling, hash)
                rise(&place, &last)
            } else {
                hash = merkleNode(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether `path` shows that the tree of `size` leaves begins with those of the older one.
    package static func holds(
        oldSize: Int, oldRoot: Digest, size: Int, root: Digest, path: [Digest]
    ) -> Bool {
        guard oldSize > 0 else { return oldSize == 0 && path.isEmpty && oldRoot == MerkleTree().root }
        guard oldSize < size else { return oldSize == size && path.isEmpty && oldRoot == root }
        // The root of an older tree that is complete is a part of the newer one, and not sent again.
        let isComplete = oldSize & (oldSize - 1) == 0
        var rest = (isComplete ? [oldRoot] : []) + path
        guard !path.isEmpty else { return false }
        var (place, last) = (oldSize - 1, size - 1)
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        var old = rest.removeFirst()
        var new = old
        for hash in rest {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                old = merkleNode(hash, old)
                new = merkleNode(hash, new)
                rise(&place, &last)
            } else {
                new = merkleNode(new, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == root
    }

    /// Passes over the levels at which a last node has no sibling.
    private static func rise(_ place: inout Int, _ last: inout Int) {
        while place & 1 == 0, place > 0 {
            place >>= 1
            last >>= 1
        }
    }
}

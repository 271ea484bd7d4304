// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import TestSupport
import Testing

/// Proofs of small and of random trees; that roots and paths are those of others is for the vectors to say.
struct MerkleTreeTests {
    /// All sizes up to 70, all leaves, and all older trees: 60,000 proofs.
    @Test func everyProofOfASmallTreeHolds() {
        let hashes = (0..<70).map { merkleLeaf([UInt8($0)]) }
        var whole = [MerkleTree()]
        for hash in hashes {
            var next = whole[whole.count - 1]
            next.append(hash)
            whole.append(next)
        }
        for size in 1...70 {
            let root = whole[size].root
            for index in 0..<size {
                let path = roots(MerkleProof.inclusionRanges(of: index, size: size), hashes: hashes)
                #expect(
                    MerkleProof.holds(leafHash: hashes[index], at: index, size: size, root: root, path: path),
                    "\(index) of \(size)")
            }
            for old in 0...size {
                let path = roots(MerkleProof.consistencyRanges(from: old, to: size), hashes: hashes)
                #expect(
                    MerkleProof.holds(oldSize: old, oldRoot: whole[old].root, size: size, root: root, path: path),
                    "\(old) of \(size)")
            }
        }
    }

    /// In a random tree a random leaf is changed: no proof of before holds, and no proof of the changed tree shows that it
    /// is the old one.
    @Test func aChangedLeafIsNoticed() {
        var random = SeededGenerator(seed: 6962)
        for _ in 0..<400 {
            let size = Int.random(in: 1...200, using: &random)
            let leaves = (0..<size).map { number in
                [UInt8(number)] + (0..<number % 6).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            let place = Int.random(in: 0..<size, using: &random)
            var changed = leaves
            changed[place] += [UInt8.random(in: 0...255, using: &random)]
            let (root, other) = (tree(leaves).root, tree(changed).root)
            #expect(root != other)

            let path = roots(MerkleProof.inclusionRanges(of: place, size: size), leaves)
            #expect(hold(leaves[place], place, size, root, path))
            #expect(!hold(changed[place], place, size, root, path))
            #expect(!hold(leaves[place], place, size, other, path))
            if size > 1 { #expect(!hold(leaves[place], (place + 1) % size, size, root, path)) }
            if !path.isEmpty {
                var bent = path
                bent[Int.random(in: 0..<path.count, using: &random)] = Digest(of: [1])
                #expect(!hold(leaves[place], place, size, root, bent))
                #expect(!hold(leaves[place], place, size, root, Array(path.dropLast())))
            }
            #expect(!hold(leaves[place], place, size, root, path + [root]))

            // Whoever kept the root of the first leaves sees that one of them is another now.
            let old = Int.random(in: (place + 1)...size, using: &random)
            let oldRoot = tree(Array(leaves.prefix(old))).root
            let shown = roots(MerkleProof.consistencyRanges(from: old, to: size), changed)
            #expect(!MerkleProof.holds(oldSize: old, oldRoot: oldRoot, size: size, root: other, path: shown))
            let honest = roots(MerkleProof.consistencyRanges(from: old, to: size), leaves)
            #expect(MerkleProof.holds(oldSize: old, oldRoot: oldRoot, size: size, root: root, path: honest))
            #expect(!MerkleProof.holds(oldSize: old, oldRoot: oldRoot, size: size, root: other, path: honest))
        }
    }

    @Test func proofsOfNonsenseDoNotHold() {
        let root = tree([[1], [2]]).root
        #expect(!hold([1], 0, 0, root, []))
        #expect(!hold([1], -1, 2, root, [merkleLeaf([2])]))
        #expect(!hold([1], 2, 2, root, [merkleLeaf([2])]))
        #expect(!MerkleProof.holds(oldSize: -1, oldRoot: root, size: 2, root: root, path: []))
        #expect(!MerkleProof.holds(oldSize: 3, oldRoot: root, size: 2, root: root, path: []))
        #expect(!MerkleProof.holds(oldSize: 1, oldRoot: merkleLeaf([1]), size: 2, root: root, path: []))
        #expect(!MerkleProof.holds(oldSize: 0, oldRoot: root, size: 2, root: root, path: []))
    }

    private func hold(_ leaf: [UInt8], _ index: Int, _ size: Int, _ root: Digest, _ path: [Digest]) -> Bool {
        MerkleProof.holds(leafHash: merkleLeaf(leaf), at: index, size: size, root: root, path: path)
    }
}

private func tree(_ leaves: [[UInt8]]) -> MerkleTree {
    leaves.reduce(into: MerkleTree()) { $0.append(merkleLeaf($1)) }
}

private func roots(_ ranges: [Range<Int>], _ leaves: [[UInt8]]) -> [Digest] {
    roots(ranges, hashes: leaves.map(merkleLeaf))
}

private func roots(_ ranges: [Range<Int>], hashes: [Digest]) -> [Digest] {
    var roots = RangeRoots(ranges)
    for (index, hash) in hashes.enumerated() { roots.take(hash, at: index) }
    return roots.roots
}

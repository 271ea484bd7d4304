// SPDX-License-Identifier: Apache-2.0

/// Trees in which every node of a level asks the same question, so that the answers are the leaf's number.
struct SymmetricTrees: Sendable {
    private struct Tree {
        let firstSplit: Int
        let depth: Int
        let firstLeaf: Int
    }

    /// Rows whose ranks lie beside one another.
    static let lanes = 64
    /// Rows whose ranks are compared at once.
    private typealias Part = SIMD16<UInt8>

    let sumCount: Int
    private var splits: [RankedSplit] = []
    private var leaves: [Double] = []
    private var trees: [Tree] = []

    init(sumCount: Int) { self.sumCount = sumCount }

    /// - Parameters:
    ///   - splits: The first decides the lowest bit of the leaf's number.
    ///   - leaves: ``sumCount`` numbers for each of 2^depth leaves.
    /// - Throws: ``ForestFault``.
    mutating func add(_ splits: [RankedSplit], leaves: [Double]) throws(ForestFault) {
        guard splits.count <= 16, leaves.count == sumCount << splits.count else {
            throw ForestFault("a tree of depth \(splits.count) has \(leaves.count) values of leaves")
        }
        guard !leaves.contains(where: \.isNaN) else { throw ForestFault("a leaf is no number") }
        trees.append(Tree(firstSplit: self.splits.count, depth: splits.count, firstLeaf: self.leaves.count))
        self.splits += splits
        self.leaves += leaves
    }

    /// Adds the leaves of one row, whose ranks lie side by side.
    func addOne(_ ranks: UnsafePointer<UInt8>, to sums: UnsafeMutablePointer<Double>) {
        unsafe splits.withUnsafeBufferPointer { splits in
            unsafe leaves.withUnsafeBufferPointer { leaves in
                for tree in trees {
                    var leaf = 0
                    var index = tree.firstSplit &+ tree.depth
                    // The last question first, which is the highest bit: doubling needs no count of places.
                    while index > tree.firstSplit {
                        index &-= 1
                        let split = unsafe splits[index]
                        // The sign of the difference: a jump would be guessed wrong half the time.
                        let difference = unsafe UInt(split.rank) &- 1 &- UInt(ranks[Int(split.place)])
                        leaf = leaf &+ leaf &+ Int(bitPattern: difference &>> 63)
                    }
                    let start = tree.firstLeaf + leaf * sumCount
                    for sum in 0..<sumCount { unsafe sums[sum] += leaves[start + sum] }
                }
            }
        }
    }

    /// Adds the leaves of up to ``lanes`` rows, whose ranks lie in as many lanes for each place.
    func addMany(_ ranks: UnsafePointer<UInt8>, count: Int, to sums: UnsafeMutablePointer<Double>) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4 * Self.lanes) { numbers in
            unsafe splits.withUnsafeBufferPointer { splits in
                unsafe leaves.withUnsafeBufferPointer { leaves in
                    guard let numbers = numbers.baseAddress, let leaves = leaves.baseAddress else { return }
                    var tree = 0
                    while tree < trees.count {
                        if areFour(from: tree) {
                            unsafe addFour(tree, ranks, count, splits, leaves, numbers, to: sums)
                            tree += 4
                        } else {
                            unsafe add(trees[tree], ranks, count, splits, leaves, numbers, to: sums)
                            tree += 1
                        }
                    }
                }
            }
        }
    }

    /// Whether there are four trees whose leaves have a number of one byte, and one value.
    private func areFour(from tree: Int) -> Bool {
        guard sumCount == 1, tree + 4 <= trees.count else { return false }
        return trees[tree..<tree + 4].allSatisfy { $0.depth <= 8 }
    }

    /// Four trees' leaves are added to a row's sum at a time, in their order: fewer sums are read and written.
    @inline(__always)
    private func addFour(
        _ first: Int, _ ranks: UnsafePointer<UInt8>, _ count: Int, _ splits: UnsafeBufferPointer<RankedSplit>,
        _ leaves: UnsafePointer<Double>, _ numbers: UnsafeMutablePointer<UInt8>, to sums: UnsafeMutablePointer<Double>
    ) {
        for index in 0..<4 {
            let tree = trees[first + index]
            unsafe number(
                tree.firstSplit..<tree.firstSplit + tree.depth, ranks, count, splits, numbers + index * Self.lanes)
        }
        let (one, two) = unsafe (leaves + trees[first].firstLeaf, leaves + trees[first + 1].firstLeaf)
        let (three, four) = unsafe (leaves + trees[first + 2].firstLeaf, leaves + trees[first + 3].firstLeaf)
        for row in 0..<count {
            let number = unsafe numbers + row
            let sum = unsafe sums[row] + one[Int(number[0])] + two[Int(number[Self.lanes])]
            unsafe sums[row] = sum + three[Int(number[2 * Self.lanes])] + four[Int(number[3 * Self.lanes])]
        }
    }

    private func add(
        _ tree: Tree, _ ranks: UnsafePointer<UInt8>, _ count: Int, _ splits: UnsafeBufferPointer<RankedSplit>,
        _ leaves: UnsafePointer<Double>, _ numbers: UnsafeMutablePointer<UInt8>, to sums: UnsafeMutablePointer<Double>
    ) {
        let (start, middle) = (tree.firstSplit, tree.firstSplit + min(tree.depth, 8))
        let high = unsafe numbers + Self.lanes
        unsafe number(start..<middle, ranks, count, splits, numbers)
        unsafe number(middle..<start + tree.depth, ranks, count, splits, high)
        for row in 0..<count {
            let leaf = unsafe Int(numbers[row]) | Int(high[row]) << 8
            let values = unsafe leaves + tree.firstLeaf + leaf * sumCount
            for sum in 0..<sumCount { unsafe sums[row * sumCount + sum] += values[sum] }
        }
    }

    /// Writes the answers to up to eight questions as bits, the first as the lowest, for each row.
    @inline(__always)
    private func number(
        _ asked: Range<Int>, _ ranks: UnsafePointer<UInt8>, _ count: Int, _ splits: UnsafeBufferPointer<RankedSplit>,
        _ numbers: UnsafeMutablePointer<UInt8>
    ) {
        if count > Self.lanes - Part.scalarCount {
            // All lanes at once, which is what batches are mostly made of.
            var (one, two, three, four) = (Part(), Part(), Part(), Part())
            var bit = Part(repeating: 1)
            for index in asked {
                let split = unsafe splits[index]
                let place = unsafe UnsafeRawPointer(ranks + Int(split.place) * Self.lanes)
                let rank = Part(repeating: split.rank)
                unsafe one.replace(with: one | bit, where: place.loadUnaligned(as: Part.self) .>= rank)
                unsafe two.replace(
                    with: two | bit, where: place.loadUnaligned(fromByteOffset: 16, as: Part.self) .>= rank)
                unsafe three.replace(
                    with: three | bit, where: place.loadUnaligned(fromByteOffset: 32, as: Part.self) .>= rank)
                unsafe four.replace(
                    with: four | bit, where: place.loadUnaligned(fromByteOffset: 48, as: Part.self) .>= rank)
                bit = bit &+ bit
            }
            let target = UnsafeMutableRawPointer(numbers)
            unsafe target.storeBytes(of: one, as: Part.self)
            unsafe target.storeBytes(of: two, toByteOffset: 16, as: Part.self)
            unsafe target.storeBytes(of: three, toByteOffset: 32, as: Part.self)
            unsafe target.storeBytes(of: four, toByteOffset: 48, as: Part.self)
            return
        }
        for first in stride(from: 0, to: count, by: Part.scalarCount) {
            var part = Part()
            var bit = Part(repeating: 1)
            for index in asked {
                let split = unsafe splits[index]
                let place = unsafe UnsafeRawPointer(ranks + Int(split.place) * Self.lanes + first)
                unsafe part.replace(
                    with: part | bit, where: place.loadUnaligned(as: Part.self) .>= Part(repeating: split.rank))
                bit = bit &+ bit
            }
            unsafe UnsafeMutableRawPointer(numbers + first).storeBytes(of: part, as: Part.self)
        }
    }
}

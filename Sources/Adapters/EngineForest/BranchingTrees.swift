// SPDX-License-Identifier: Apache-2.0

/// CatBoost's trees that are not symmetric: each node asks a question of its own.
struct BranchingTrees: Sendable {
    /// A node of a tree. At a leaf no rank is high enough, so that whoever arrives early waits there for others.
    private struct Node {
        var place: UInt32
        /// The child of those who answer no; the other one stands behind it. At a leaf, itself.
        var child: UInt32
        var rank: UInt16
    }

    /// A node as a file has it; children by their positions there.
    enum Source {
        /// Who answers no goes to the child at `no`, others to the one behind it.
        case split(RankedQuestion, no: Int)
        case leaf([Double])
    }

    let sumCount: Int
    private var nodes: [Node] = []
    /// The first of ``sumCount`` values of each node that is a leaf.
    private var firstValues: [UInt32] = []
    private var values: [Double] = []
    private var roots: [UInt32] = []

    init(sumCount: Int) { self.sumCount = sumCount }

    /// - Parameters:
    ///   - tree: The root first, then level by level, the children of a node side by side.
    ///   - splits: How questions are asked.
    /// - Throws: ``ForestFault``.
    mutating func add(_ tree: [Source], _ splits: [RankedQuestion: RankedSplit]) throws(ForestFault) {
        let start = nodes.count
        guard start + tree.count < Int(Int32.max), values.count + tree.count * sumCount < Int(Int32.max) else {
            throw ForestFault("it has too many nodes")
        }
        for source in tree {
            switch source {
            case .split(let question, let no):
                guard let split = splits[question] else { throw ForestFault("a split asks what nothing answers") }
                nodes.append(Node(place: split.place, child: UInt32(start + no), rank: UInt16(split.rank)))
                firstValues.append(0)
            case .leaf(let leaf):
                guard leaf.count == sumCount else { throw ForestFault("a leaf has \(leaf.count) values") }
                guard !leaf.contains(where: \.isNaN) else { throw ForestFault("a leaf is no number") }
                nodes.append(Node(place: 0, child: UInt32(nodes.count), rank: .max))
                firstValues.append(UInt32(values.count))
                values += leaf
            }
        }
        roots.append(UInt32(start))
    }

    /// Adds the leaves of one row, whose ranks lie side by side: several trees at a time, their leaves one by one.
    func addOne(_ ranks: UnsafePointer<UInt8>, to sums: UnsafeMutablePointer<Double>) {
        unsafe nodes.withUnsafeBufferPointer { nodes in
            guard let nodes = nodes.baseAddress else { return }
            var tree = 0
            while tree < roots.count {
                let end = min(tree + 4, roots.count)
                let starts = (
                    roots[tree], roots[min(tree + 1, end - 1)], roots[min(tree + 2, end - 1)],
                    roots[min(tree + 3, end - 1)]
                )
                let found = unsafe leaves(of: starts, (ranks, ranks, ranks, ranks), lanes: 1, nodes)
                unsafe add(found.0, to: sums)
                if tree + 1 < end { unsafe add(found.1, to: sums) }
                if tree + 2 < end { unsafe add(found.2, to: sums) }
                if tree + 3 < end { unsafe add(found.3, to: sums) }
                tree = end
            }
        }
    }

    /// Adds the leaves of rows whose ranks lie in `lanes` lanes for each place: several rows of a tree at a time.
    func addMany(_ ranks: UnsafePointer<UInt8>, lanes: Int, count: Int, to sums: UnsafeMutablePointer<Double>) {
        unsafe nodes.withUnsafeBufferPointer { nodes in
            guard let nodes = nodes.baseAddress else { return }
            for root in roots {
                for row in stride(from: 0, to: count, by: 4) {
                    let rows = (row, min(row + 1, count - 1), min(row + 2, count - 1), min(row + 3, count - 1))
                    let found = unsafe leaves(
                        of: (root, root, root, root),
                        (ranks + rows.0, ranks + rows.1, ranks + rows.2, ranks + rows.3), lanes: lanes, nodes)
                    unsafe add(found.0, to: sums + row * sumCount)
                    if row + 1 < count { unsafe add(found.1, to: sums + (row + 1) * sumCount) }
                    if row + 2 < count { unsafe add(found.2, to: sums + (row + 2) * sumCount) }
                    if row + 3 < count { unsafe add(found.3, to: sums + (row + 3) * sumCount) }
                }
            }
        }
    }

    private typealias Four = (UInt32, UInt32, UInt32, UInt32)
    private typealias Rows = (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>)

    @inline(__always)
    private func leaves(of roots: Four, _ rows: Rows, lanes: Int, _ nodes: UnsafePointer<Node>) -> Four {
        var (one, two, three, four) = roots
        while true {
            let after = unsafe (
                step(one, rows.0, lanes, nodes), step(two, rows.1, lanes, nodes), step(three, rows.2, lanes, nodes),
                step(four, rows.3, lanes, nodes)
            )
            let moved = (after.0 ^ one) | (after.1 ^ two) | (after.2 ^ three) | (after.3 ^ four)
            (one, two, three, four) = after
            if moved == 0 { return after }
        }
    }

    @inline(__always)
    private func step(
        _ index: UInt32, _ ranks: UnsafePointer<UInt8>, _ lanes: Int, _ nodes: UnsafePointer<Node>
    ) -> UInt32 {
        let node = unsafe nodes[Int(index)]
        return unsafe node.child &+ (UInt16(ranks[Int(node.place) * lanes]) >= node.rank ? 1 : 0)
    }

    @inline(__always)
    private func add(_ leaf: UInt32, to sums: UnsafeMutablePointer<Double>) {
        let first = Int(firstValues[Int(leaf)])
        for sum in 0..<sumCount { unsafe sums[sum] += values[first + sum] }
    }
}

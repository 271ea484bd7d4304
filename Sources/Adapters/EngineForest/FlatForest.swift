// SPDX-License-Identifier: Apache-2.0

/// Trees of nodes in one array. Each adds one number to one of the sums.
struct FlatForest<Rule: SplitRule>: ForestSums {
    typealias Input = Rule.Scalar
    typealias Sum = Rule.Scalar
    typealias Node = ForestNode<Rule.Scalar>

    private(set) var columnCount: Int
    let sumCount: Int
    private var nodes: [Node] = []
    /// How much of the training data came to each node, and the most steps to a leaf: for explanations.
    private var covers: [Float] = []
    private var deepest = 0
    private var roots: [(node: UInt32, sum: Int)] = []
    private(set) var sets = CategorySets()
    /// Whether that holds for any node.
    private var zeroIsMissing = false

    init(columnCount: Int, sumCount: Int) {
        self.columnCount = columnCount
        self.sumCount = sumCount
    }

    var treeCount: Int { roots.count }

    /// A node as a file has it: children by their positions there.
    struct Source {
        var node: Node
        var left = 0
        var right = 0
        /// How much of the training data came here; 0 where the file does not say.
        var cover: Float = 0
        var isLeaf: Bool { node.has(.leaf) }
    }

    mutating func addSet(_ categories: [Int]) throws(ForestFault) -> Rule.Scalar {
        Rule.Scalar(try sets.add(categories))
    }

    mutating func addSet(words: [UInt32]) throws(ForestFault) -> Rule.Scalar { Rule.Scalar(try sets.add(words: words)) }

    /// Adds a tree whose root is the first node.
    ///
    /// - Throws: ``ForestFault`` when it is none: a child that is not there, or that two nodes lead to.
    mutating func add(_ tree: [Source], to sum: Int) throws(ForestFault) {
        guard !tree.isEmpty else { throw ForestFault("a tree has no nodes") }
        guard (0..<sumCount).contains(sum) else { throw ForestFault("a tree adds to output \(sum) of \(sumCount)") }
        guard nodes.count + tree.count < Int(Int32.max) else { throw ForestFault("it has too many nodes") }
        let start = nodes.count
        var isReached = [Bool](repeating: false, count: tree.count)
        // Positions in the file, in the order of the nodes here.
        var order = [0]
        isReached[0] = true
        var depths = [0]
        var next = 0
        while next < order.count {
            let source = tree[order[next]]
            var node = source.node
            guard !node.threshold.isNaN else { throw ForestFault("a threshold or leaf is no number") }
            if source.isLeaf {
                node.child = UInt32(start + next)
            } else {
                guard node.column < columnCount else {
                    throw ForestFault("a node asks for column \(node.column) of \(columnCount)")
                }
                node.child = UInt32(start + order.count)
                for child in [source.left, source.right] {
                    guard tree.indices.contains(child) else {
                        throw ForestFault("a node's child \(child) is not there")
                    }
                    guard !isReached[child] else { throw ForestFault("two ways lead to node \(child)") }
                    isReached[child] = true
                    order.append(child)
                    depths.append(depths[next] + 1)
                }
            }
            zeroIsMissing = zeroIsMissing || (!source.isLeaf && node.has(.zeroIsMissing))
            nodes.append(node)
            covers.append(source.cover)
            next += 1
        }
        deepest = max(deepest, depths.last ?? 0)
        roots.append((UInt32(start), sum))
    }

    /// What steps have to look at. Walks are compiled once for each: most forests have no categories, and most rows
    /// nothing that is missing.
    private enum Walk { case usual, numbers, categories }

    /// Rows that go through a tree before the next tree is read.
    private static var block: Int { 64 }

    func add(_ rows: UnsafePointer<Input>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Sum>) {
        unsafe nodes.withUnsafeBufferPointer { nodes in
            guard let base = nodes.baseAddress else { return }
            for first in Swift.stride(from: 0, to: count, by: Self.block) {
                let (part, target) = unsafe (rows + first * stride, sums + first * sumCount)
                let size = min(Self.block, count - first)
                if !sets.isEmpty {
                    unsafe add(part, size, stride, base, to: target, .categories)
                } else if unsafe areUsual(part, size, stride) {
                    unsafe add(part, size, stride, base, to: target, .usual)
                } else {
                    unsafe add(part, size, stride, base, to: target, .numbers)
                }
            }
        }
    }

    /// Whether no value needs a closer look; not looked for where that would take longer than the trees do.
    private func areUsual(_ rows: UnsafePointer<Input>, _ count: Int, _ stride: Int) -> Bool {
        guard nodes.count > 16 * columnCount else { return false }
        for row in 0..<count {
            var areUsual = true
            for column in 0..<columnCount {
                let isUsual = unsafe Rule.isUsual(rows[row * stride + column], zeroIsMissing: zeroIsMissing)
                areUsual = areUsual && isUsual
            }
            if !areUsual { return false }
        }
        return true
    }

    @inline(__always)
    private func add(
        _ rows: UnsafePointer<Input>, _ count: Int, _ stride: Int, _ nodes: UnsafePointer<Node>,
        to sums: UnsafeMutablePointer<Sum>, _ walk: Walk
    ) {
        if count < 4 {
            for row in 0..<count {
                unsafe addOne(rows + row * stride, nodes, to: sums + row * sumCount, walk)
            }
        } else {
            unsafe addMany(rows, count, stride, nodes, to: sums, walk)
        }
    }

    private typealias Four = (UInt32, UInt32, UInt32, UInt32)
    private typealias Rows = (UnsafePointer<Input>, UnsafePointer<Input>, UnsafePointer<Input>, UnsafePointer<Input>)

    /// Eight trees side by side, so that one waits for memory while others step; their leaves are added one by one.
    @inline(__always)
    private func addOne(
        _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, to sums: UnsafeMutablePointer<Sum>, _ walk: Walk
    ) {
        let rows = unsafe (row, row, row, row)
        var tree = 0
        while tree + 8 <= roots.count {
            var (first, second) = (fourRoots(tree), fourRoots(tree + 4))
            while true {
                let moved = unsafe step(&first, rows, nodes, walk)
                let alsoMoved = unsafe step(&second, rows, nodes, walk)
                if moved | alsoMoved == 0 { break }
            }
            unsafe addLeaves(first, of: tree, nodes, to: sums)
            unsafe addLeaves(second, of: tree + 4, nodes, to: sums)
            tree += 8
        }
        for rest in tree..<roots.count {
            unsafe sums[roots[rest].sum] += leaf(of: roots[rest].node, row, nodes, walk)
        }
    }

    @inline(__always)
    private func fourRoots(_ tree: Int) -> Four {
        (roots[tree].node, roots[tree + 1].node, roots[tree + 2].node, roots[tree + 3].node)
    }

    @inline(__always)
    private func addLeaves(
        _ leaves: Four, of tree: Int, _ nodes: UnsafePointer<Node>, to sums: UnsafeMutablePointer<Sum>
    ) {
        unsafe sums[roots[tree].sum] += nodes[Int(leaves.0)].threshold
        unsafe sums[roots[tree + 1].sum] += nodes[Int(leaves.1)].threshold
        unsafe sums[roots[tree + 2].sum] += nodes[Int(leaves.2)].threshold
        unsafe sums[roots[tree + 3].sum] += nodes[Int(leaves.3)].threshold
    }

    /// One step each. - Returns: 0 when all have arrived.
    @inline(__always)
    private func step(
        _ four: inout Four, _ rows: Rows, _ nodes: UnsafePointer<Node>, _ walk: Walk
    ) -> UInt32 {
        let after = unsafe (
            step(four.0, rows.0, nodes, walk), step(four.1, rows.1, nodes, walk), step(four.2, rows.2, nodes, walk),
            step(four.3, rows.3, nodes, walk)
        )
        let moved = (after.0 ^ four.0) | (after.1 ^ four.1) | (after.2 ^ four.2) | (after.3 ^ four.3)
        four = after
        return moved
    }

    private func leaf(
        of root: UInt32, _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, _ walk: Walk
    ) -> Sum {
        var index = root
        while true {
            let next = unsafe step(index, row, nodes, walk)
            if next == index { return unsafe nodes[Int(index)].threshold }
            index = next
        }
    }

    @inline(__always)
    private func step(
        _ index: UInt32, _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, _ walk: Walk
    ) -> UInt32 {
        let node = unsafe nodes[Int(index)]
        if node.has(.leaf) { return index }
        let value = unsafe row[node.column]
        if walk == .categories, node.has(.categories) {
            return node.child &+ (Rule.goesRight(value, at: node, sets) ? 1 : 0)
        }
        if walk == .usual { return node.child &+ (Rule.usualGoesRight(value, at: node) ? 1 : 0) }
        return node.child &+ (Rule.goesRight(value, at: node) ? 1 : 0)
    }

    /// Four rows side by side through a tree, and all rows through it before the next one: it is read from near memory.
    @inline(__always)
    private func addMany(
        _ rows: UnsafePointer<Input>, _ count: Int, _ stride: Int, _ nodes: UnsafePointer<Node>,
        to sums: UnsafeMutablePointer<Sum>, _ walk: Walk
    ) {
        for (root, sum) in roots {
            var row = 0
            while row + 4 <= count {
                let start = unsafe rows + row * stride
                let four = unsafe (start, start + stride, start + 2 * stride, start + 3 * stride)
                var found = (root, root, root, root)
                while unsafe step(&found, four, nodes, walk) != 0 {}
                let target = unsafe sums + row * sumCount + sum
                unsafe target[0] += nodes[Int(found.0)].threshold
                unsafe target[sumCount] += nodes[Int(found.1)].threshold
                unsafe target[2 * sumCount] += nodes[Int(found.2)].threshold
                unsafe target[3 * sumCount] += nodes[Int(found.3)].threshold
                row += 4
            }
            for row in row..<count {
                unsafe sums[row * sumCount + sum] += leaf(of: root, rows + row * stride, nodes, walk)
            }
        }
    }
}

extension FlatForest {
    /// Explaining a tree takes a stack of its depth, and the square of it in time.
    private static var depthLimit: Int { 200 }

    var explains: Bool { deepest <= Self.depthLimit && covers.allSatisfy { $0 > 0 } }

    func contribute(
        _ rows: UnsafePointer<Input>, count: Int, stride: Int, columns: Int,
        to contributions: UnsafeMutablePointer<Double>
    ) {
        let expected = roots.map { expectation(of: $0.node) }
        var shap = TreeShap(self)
        for row in 0..<count {
            for (tree, root) in roots.enumerated() {
                let target = unsafe contributions + (row * sumCount + root.sum) * (columns + 1)
                unsafe target[columns] += expected[tree]
                unsafe shap.add(tree: root.node, row: rows + row * stride, to: target)
            }
        }
    }

    /// The mean of the leaves below, by how much of the training data came to each.
    private func expectation(of index: UInt32) -> Double {
        guard let child = child(of: index) else { return leaf(index) }
        let (left, right) = (Double(cover(child)), Double(cover(child + 1)))
        return (expectation(of: child) * left + expectation(of: child + 1) * right) / (left + right)
    }

    /// The left child; `nil` of a leaf.
    private func child(of index: UInt32) -> UInt32? {
        nodes[Int(index)].has(.leaf) ? nil : nodes[Int(index)].child
    }

    func leaf(_ index: UInt32) -> Double { Double(nodes[Int(index)].threshold) }
    func column(_ index: UInt32) -> Int { nodes[Int(index)].column }
    func cover(_ index: UInt32) -> Double { Double(covers[Int(index)]) }

    /// The child that the row goes to, and the other one; `nil` at a leaf.
    func ways(on index: UInt32, _ row: UnsafePointer<Input>) -> (hot: UInt32, cold: UInt32)? {
        guard let child = child(of: index) else { return nil }
        let next = unsafe nodes.withUnsafeBufferPointer { nodes in
            unsafe nodes.baseAddress.map { unsafe step(index, row, $0, .categories) }
        }
        return next == child ? (child, child + 1) : (child + 1, child)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// What may stand in a node: what a library compares its inputs as.
protocol ForestScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    static func exponential(_ value: Self) -> Self
    /// log(1 + x).
    static func logarithm(onePlus value: Self) -> Self
}

extension Float: ForestScalar {
    static func exponential(_ value: Float) -> Float { exp(value) }
    static func logarithm(onePlus value: Float) -> Float { log1p(value) }
}

extension Double: ForestScalar {
    static func exponential(_ value: Double) -> Double { exp(value) }
    static func logarithm(onePlus value: Double) -> Double { log1p(value) }
}

/// A node of a tree. A leaf points at itself, so that whoever arrives early waits there for others.
struct ForestNode<Scalar: ForestScalar>: BitwiseCopyable {
    /// What a value is compared with; at a leaf, what the leaf adds; where categories split, the number of their set.
    var threshold: Scalar
    private var columnAndTraits: UInt32
    /// The left child; the right one stands behind it.
    var child: UInt32

    struct Traits: OptionSet {
        let rawValue: UInt32
        static var leaf: Traits { Traits(rawValue: 1 << 31) }
        static var categories: Traits { Traits(rawValue: 1 << 30) }
        /// Where missing values go.
        static var missingLeft: Traits { Traits(rawValue: 1 << 29) }
        /// Zero stands for missing.
        static var zeroIsMissing: Traits { Traits(rawValue: 1 << 28) }
        /// NaN stands for zero.
        static var missingIsZero: Traits { Traits(rawValue: 1 << 27) }
    }

    /// Columns are numbered below this.
    static var columnLimit: Int { 1 << 27 }

    init(_ threshold: Scalar, column: Int, _ traits: Traits, child: Int = 0) {
        self.threshold = threshold
        columnAndTraits = UInt32(column) | traits.rawValue
        self.child = UInt32(child)
    }

    var column: Int { Int(columnAndTraits & (1 << 27 - 1)) }
    func has(_ trait: Traits) -> Bool { columnAndTraits & trait.rawValue != 0 }
}

/// Sets of categories, as bits.
struct CategorySets: Sendable {
    private var words: [UInt32] = []
    private var starts: [Int] = [0]

    /// Of all sets together: a file of few bytes must not ask for all memory.
    private static let limit = 1 << 24

    /// - Returns: The set's number.
    mutating func add(words more: [UInt32]) throws(ForestFault) -> Int {
        guard words.count + more.count <= Self.limit else { throw ForestFault("its categories are too many") }
        words += more
        starts.append(words.count)
        return starts.count - 2
    }

    mutating func add(_ categories: [Int]) throws(ForestFault) -> Int {
        var more = [UInt32](repeating: 0, count: (categories.max() ?? -1) / 32 + 1)
        for category in categories { more[category / 32] |= 1 << UInt32(category % 32) }
        return try add(words: more)
    }

    var isEmpty: Bool { starts.count == 1 }

    func set<Scalar: ForestScalar>(_ number: Scalar, contains category: Scalar) -> Bool {
        guard category >= 0, category < 16_777_216 else { return false }
        let (set, bit) = (Int(number), Int(category))
        let word = starts[set] + bit / 32
        return word < starts[set + 1] && words[word] >> UInt32(bit % 32) & 1 == 1
    }
}

/// How a library sends a row to the one or the other side.
protocol SplitRule: Sendable {
    associatedtype Scalar: ForestScalar
    /// Where numbers split.
    static func goesRight(_ value: Scalar, at node: ForestNode<Scalar>) -> Bool
    /// Where categories split.
    static func goesRight(_ value: Scalar, at node: ForestNode<Scalar>, _ sets: CategorySets) -> Bool
}

/// XGBoost's: in single precision, to the left what is smaller, or in none of the node's categories.
enum XGBoostRule: SplitRule {
    @inline(__always)
    static func goesRight(_ value: Float, at node: ForestNode<Float>) -> Bool {
        value.isNaN ? !node.has(.missingLeft) : !(value < node.threshold)
    }

    static func goesRight(_ value: Float, at node: ForestNode<Float>, _ sets: CategorySets) -> Bool {
        value.isNaN ? !node.has(.missingLeft) : sets.set(node.threshold, contains: value)
    }
}

/// LightGBM's: in double precision, to the left what is not larger, or in one of the node's categories.
enum LightGBMRule: SplitRule {
    /// The library's constant, of single precision.
    private static let zero = Double(Float(1e-35))

    static func goesRight(_ value: Double, at node: ForestNode<Double>, _ sets: CategorySets) -> Bool {
        value.isNaN || !sets.set(node.threshold, contains: value.rounded(.towardZero))
    }

    @inline(__always)
    static func goesRight(_ value: Double, at node: ForestNode<Double>) -> Bool {
        var value = value
        if value.isNaN {
            guard node.has(.missingIsZero) else { return !node.has(.missingLeft) }
            value = 0
        }
        // The library reads rows as sparse ones: so small a number is not there.
        if abs(value) <= zero {
            if node.has(.zeroIsMissing) { return !node.has(.missingLeft) }
            value = 0
        }
        return !(value <= node.threshold)
    }
}

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
            nodes.append(node)
            covers.append(source.cover)
            next += 1
        }
        deepest = max(deepest, depths.last ?? 0)
        roots.append((UInt32(start), sum))
    }

    func add(_ rows: UnsafePointer<Input>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Sum>) {
        unsafe nodes.withUnsafeBufferPointer { nodes in
            guard let base = nodes.baseAddress else { return }
            // Compiled twice: most forests have no categories, and do not ask at every node.
            if sets.isEmpty {
                unsafe add(rows, count, stride, base, to: sums, categories: false)
            } else {
                unsafe add(rows, count, stride, base, to: sums, categories: true)
            }
        }
    }

    @inline(__always)
    private func add(
        _ rows: UnsafePointer<Input>, _ count: Int, _ stride: Int, _ nodes: UnsafePointer<Node>,
        to sums: UnsafeMutablePointer<Sum>, categories: Bool
    ) {
        if count < 4 {
            for row in 0..<count {
                unsafe addOne(rows + row * stride, nodes, to: sums + row * sumCount, categories: categories)
            }
        } else {
            unsafe addMany(rows, count, stride, nodes, to: sums, categories: categories)
        }
    }

    /// Several trees side by side; their leaves are added one after the other.
    @inline(__always)
    private func addOne(
        _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, to sums: UnsafeMutablePointer<Sum>, categories: Bool
    ) {
        var tree = 0
        while tree + 4 <= roots.count {
            var (one, two, three, four) = (
                roots[tree].node, roots[tree + 1].node, roots[tree + 2].node, roots[tree + 3].node
            )
            while true {
                let after = unsafe (
                    step(one, row, nodes, categories: categories), step(two, row, nodes, categories: categories),
                    step(three, row, nodes, categories: categories), step(four, row, nodes, categories: categories)
                )
                let moved = (after.0 ^ one) | (after.1 ^ two) | (after.2 ^ three) | (after.3 ^ four)
                (one, two, three, four) = after
                if moved == 0 { break }
            }
            unsafe sums[roots[tree].sum] += nodes[Int(one)].threshold
            unsafe sums[roots[tree + 1].sum] += nodes[Int(two)].threshold
            unsafe sums[roots[tree + 2].sum] += nodes[Int(three)].threshold
            unsafe sums[roots[tree + 3].sum] += nodes[Int(four)].threshold
            tree += 4
        }
        for rest in tree..<roots.count {
            unsafe sums[roots[rest].sum] += leaf(of: roots[rest].node, row, nodes, categories: categories)
        }
    }

    private func leaf(
        of root: UInt32, _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, categories: Bool
    ) -> Sum {
        var index = root
        while true {
            let next = unsafe step(index, row, nodes, categories: categories)
            if next == index { return unsafe nodes[Int(index)].threshold }
            index = next
        }
    }

    @inline(__always)
    private func step(
        _ index: UInt32, _ row: UnsafePointer<Input>, _ nodes: UnsafePointer<Node>, categories: Bool
    ) -> UInt32 {
        let node = unsafe nodes[Int(index)]
        if node.has(.leaf) { return index }
        let value = unsafe row[node.column]
        if categories, node.has(.categories) {
            return node.child &+ (Rule.goesRight(value, at: node, sets) ? 1 : 0)
        }
        return node.child &+ (Rule.goesRight(value, at: node) ? 1 : 0)
    }

    /// In blocks of rows, each through all trees, so that a tree is read from near memory.
    @inline(__always)
    private func addMany(
        _ rows: UnsafePointer<Input>, _ count: Int, _ stride: Int, _ nodes: UnsafePointer<Node>,
        to sums: UnsafeMutablePointer<Sum>, categories: Bool
    ) {
        var first = 0
        while first < count {
            let end = min(first + 64, count)
            for (root, sum) in roots {
                var row = first
                while row + 4 <= end {
                    let start = unsafe rows + row * stride
                    var (one, two, three, four) = (root, root, root, root)
                    while true {
                        let after = unsafe (
                            step(one, start, nodes, categories: categories),
                            step(two, start + stride, nodes, categories: categories),
                            step(three, start + 2 * stride, nodes, categories: categories),
                            step(four, start + 3 * stride, nodes, categories: categories)
                        )
                        let moved = (after.0 ^ one) | (after.1 ^ two) | (after.2 ^ three) | (after.3 ^ four)
                        (one, two, three, four) = after
                        if moved == 0 { break }
                    }
                    let target = unsafe sums + row * sumCount + sum
                    unsafe target[0] += nodes[Int(one)].threshold
                    unsafe target[sumCount] += nodes[Int(two)].threshold
                    unsafe target[2 * sumCount] += nodes[Int(three)].threshold
                    unsafe target[3 * sumCount] += nodes[Int(four)].threshold
                    row += 4
                }
                for row in row..<end {
                    unsafe sums[row * sumCount + sum] += leaf(
                        of: root, rows + row * stride, nodes, categories: categories)
                }
            }
            first = end
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
            unsafe nodes.baseAddress.map { unsafe step(index, row, $0, categories: true) }
        }
        return next == child ? (child, child + 1) : (child + 1, child)
    }
}

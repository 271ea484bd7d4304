// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// What may stand in a node: what a library compares its inputs as.
protocol ForestScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    static func exponential(_ value: Self) -> Self
    /// log(1 + x).
    static func logarithm(onePlus value: Self) -> Self
    /// What carries the number of a category in a row. It is moved, and not calculated with.
    init(category hash: UInt32)
}

extension Float: ForestScalar {
    static func exponential(_ value: Float) -> Float { exp(value) }
    static func logarithm(onePlus value: Float) -> Float { log1p(value) }
    init(category hash: UInt32) { self.init(bitPattern: hash) }
}

extension Double: ForestScalar {
    static func exponential(_ value: Double) -> Double { exp(value) }
    static func logarithm(onePlus value: Double) -> Double { log1p(value) }
    init(category hash: UInt32) { self.init(hash) }
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
    /// Whether numbers split this value as ``usualGoesRight(_:at:)`` says, at any node.
    ///
    /// - Parameter zeroIsMissing: Whether that holds for any node.
    static func isUsual(_ value: Scalar, zeroIsMissing: Bool) -> Bool
    /// Where numbers split, of a value that is neither missing nor stands for another one.
    static func usualGoesRight(_ value: Scalar, at node: ForestNode<Scalar>) -> Bool
}

/// XGBoost's: in single precision, to the left what is smaller, or in none of the node's categories.
enum XGBoostRule: SplitRule {
    @inline(__always)
    static func goesRight(_ value: Float, at node: ForestNode<Float>) -> Bool {
        value.isNaN ? !node.has(.missingLeft) : !(value < node.threshold)
    }

    @inline(__always)
    static func isUsual(_ value: Float, zeroIsMissing _: Bool) -> Bool { !value.isNaN }

    @inline(__always)
    static func usualGoesRight(_ value: Float, at node: ForestNode<Float>) -> Bool { value >= node.threshold }

    static func goesRight(_ value: Float, at node: ForestNode<Float>, _ sets: CategorySets) -> Bool {
        value.isNaN ? !node.has(.missingLeft) : sets.set(node.threshold, contains: value)
    }
}

/// LightGBM's: in double precision, to the left what is not larger, or in one of the node's categories.
enum LightGBMRule: SplitRule {
    /// The library's constant, of single precision. Calculated, so that the compiler does it, and no row asks whether it
    /// was done already.
    private static var zero: Double { Double(Float(1e-35)) }

    @inline(__always)
    static func isUsual(_ value: Double, zeroIsMissing: Bool) -> Bool {
        abs(value) > zero || (value == 0 && !zeroIsMissing)
    }

    @inline(__always)
    static func usualGoesRight(_ value: Double, at node: ForestNode<Double>) -> Bool { value > node.threshold }

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

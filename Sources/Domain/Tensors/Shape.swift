// SPDX-License-Identifier: Apache-2.0

/// One dimension that a model declares.
package enum Dimension: Sendable, Hashable, CustomStringConvertible {
    case fixed(Int)
    /// Decided by each request. The name, which may be empty, ties dimensions of the same size together.
    case symbolic(String)

    /// The size, or `nil` where each request decides.
    package var size: Int? {
        if case .fixed(let size) = self { size } else { nil }
    }

    package var description: String {
        switch self {
        case .fixed(let size): "\(size)"
        case .symbolic(let name): name.isEmpty ? "?" : name
        }
    }
}

/// Sizes of a tensor, outermost first. `[]` is a scalar; a 0 anywhere means no elements.
package typealias Shape = [Int]

/// The number of elements of `shape`.
///
/// - Returns: `nil` when a dimension is negative, or the product does not fit `Int`.
package func elementCount(of shape: some Collection<Int>) -> Int? {
    // A zero anywhere makes the product zero, but must not hide a negative dimension or an overflow before it.
    var product = 1
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
        guard !overflow else { return nil }
        product = next
    }
    return shape.contains(0) ? 0 : product
}

/// What a model says of one of its inputs or outputs.
package struct TensorSpec: Sendable, Hashable {
    package let name: String
    package let datatype: Datatype
    package let shape: [Dimension]

    package init(name: String, datatype: Datatype, shape: [Dimension]) {
        self.name = name
        self.datatype = datatype
        self.shape = shape
    }

    /// Whether a tensor of `concrete` shape fits, dimension by dimension; a symbolic one takes any size.
    package func accepts(_ concrete: Shape) -> Bool {
        guard concrete.count == shape.count else { return false }
        return zip(shape, concrete).allSatisfy { declared, size in declared.size == nil || declared.size == size }
    }

    /// `[batch, 30]`, as people write it.
    package var shapeDescription: String {
        "[" + shape.map(\.description).joined(separator: ", ") + "]"
    }
}

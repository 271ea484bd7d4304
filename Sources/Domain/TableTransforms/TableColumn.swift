// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// A column of a table: one value a row, or several side by side.
package struct TableColumn: Sendable, Hashable {
    /// The most values that a row of a table may have.
    package static let widthLimit = 1 << 16

    package var name: String
    package var datatype: Datatype
    /// `nil` for `[rows]`, else the second dimension of `[rows, width]`.
    package var width: Int?
    /// What each of several values is called, where more is known of them than their positions.
    package var labels: [String]?

    package init(_ name: String, _ datatype: Datatype, width: Int? = nil, labels: [String]? = nil) {
        self.name = name
        self.datatype = datatype
        self.width = width
        self.labels = labels
    }

    /// - Returns: `nil` for what is no column: a scalar, an image, a size that each request decides.
    package init?(_ spec: TensorSpec) {
        guard (1...2).contains(spec.shape.count), spec.shape[0].size == nil else { return nil }
        name = spec.name
        datatype = spec.datatype
        guard spec.shape.count == 2 else { return }
        guard let width = spec.shape[1].size, (1...Self.widthLimit).contains(width) else { return nil }
        self.width = width
    }

    package var valueCount: Int { width ?? 1 }

    /// A name for each of its values: `plan_gold` where a category is known, else `features_3`.
    package var valueNames: [String] {
        labels ?? width.map { (0..<$0).map { "\(name)_\($0)" } } ?? [name]
    }

    package var spec: TensorSpec {
        TensorSpec(
            name: name, datatype: datatype, shape: [.symbolic("rows")] + (width.map { [.fixed($0)] } ?? []))
    }

    /// `age FP64 [rows]`, for errors.
    package var description: String { "“\(name.prefix(100))” \(datatype.rawValue) \(spec.shapeDescription)" }
}

/// What is wrong with an operation, or with a value that it met.
package struct TableFault: Error, Equatable {
    package let reason: String
    /// The row that holds the value; `nil` where the operation itself is wrong.
    package let row: Int?

    package init(_ reason: String, row: Int? = nil) {
        self.reason = reason
        self.row = row
    }
}

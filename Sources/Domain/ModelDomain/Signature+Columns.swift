// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension Signature {
    /// The inputs that the named tensors of a request make, which are inputs themselves or columns of one.
    ///
    /// A table has one tensor for each column, `[rows]` or `[rows, 1]`, and its numbers may be of another type than the
    /// model's. Without saying so, a request is a table when it names columns that are no inputs.
    ///
    /// - Parameter decoder: The one of this signature's layout.
    /// - Returns: One tensor for each input, and how many rows they have.
    /// - Throws: ``CodecError`` that names the tensor and the rule.
    package func arrange(
        _ named: [NamedTensor], asTable isTable: Bool, by decoder: @autoclosure () -> RowDecoder
    ) throws(CodecError) -> (inputs: [Tensor], rowCount: Int) {
        if isTable || namesColumns(named) {
            let rows = try decoder().decode(columns: named)
            return (rows.inputs, rows.rowCount)
        }
        let inputs = try arrange(named)
        return (inputs, isBatched ? inputs.first?.shape.first ?? 1 : 1)
    }

    private func namesColumns(_ named: [NamedTensor]) -> Bool {
        guard let first = named.first?.name, inputs.first?.name != first else { return false }
        return !inputs.contains { $0.name == first } && layout.fields.contains { $0.name == first }
    }
}

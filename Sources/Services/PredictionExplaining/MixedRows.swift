// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// Rows that take some columns of one row and all others of another: what an explanation asks a model about.
struct MixedRows {
    private let fields: [RowField]
    /// One tensor for each input, of one row.
    private let row: [Tensor]

    /// - Returns: `nil` for rows with sizes of their own, which cannot be mixed.
    init?(_ row: [Tensor], of signature: Signature) {
        guard signature.isBatched, signature.layout.fields.allSatisfy({ $0.shape.allSatisfy { $0.size != nil } }) else {
            return nil
        }
        fields = signature.layout.fields
        self.row = row
    }

    var columnCount: Int { fields.count }

    /// - Parameters:
    ///   - other: One tensor for each input, of one row.
    ///   - choices: For each wanted row, which columns are those of the row that is explained.
    func tensors(with other: [Tensor], _ choices: [[Bool]]) -> [Tensor] {
        row.indices.map { input in
            let own = fields.enumerated().filter { $0.element.input == input }
            let (one, two) = (row[input], other[input])
            let inner = Array(one.shape.dropFirst())
            let size = inner.reduce(1, *)
            let shape = [choices.count] + inner
            // Of each element of a row, the column that it belongs to.
            var columns = [Int](repeating: 0, count: size)
            for (column, field) in own {
                let count = field.shape.reduce(1) { $0 * ($1.size ?? 1) }
                for element in field.offset..<min(field.offset + count, size) { columns[element] = column }
            }
            guard let width = one.datatype.byteWidth else {
                return texts(one, two, columns, choices, shape)
            }
            let storage = TensorStorage(byteCount: choices.count * size * width)
            unsafe storage.withUnsafeMutableBytes { target in
                unsafe one.storage.withUnsafeBytes { ones in
                    unsafe two.storage.withUnsafeBytes { twos in
                        for (index, choice) in choices.enumerated() {
                            for (element, column) in columns.enumerated() {
                                let source = unsafe choice[column] ? ones : twos
                                let first = (index * size + element) * width
                                for byte in 0..<width {
                                    unsafe target[first + byte] = source[element * width + byte]
                                }
                            }
                        }
                    }
                }
            }
            return Tensor(one.datatype, shape: shape, storage: storage)
        }
    }

    private func texts(
        _ one: Tensor, _ two: Tensor, _ columns: [Int], _ choices: [[Bool]], _ shape: Shape
    ) -> Tensor {
        var bytes: [UInt8] = []
        var offsets = [0]
        for choice in choices {
            for (element, column) in columns.enumerated() {
                let source = choice[column] ? one : two
                unsafe source.withBytes(at: element) { unsafe bytes.append(contentsOf: $0) }
                offsets.append(bytes.count)
            }
        }
        let storage = TensorStorage(byteCount: bytes.count)
        unsafe storage.withUnsafeMutableBytes { target in unsafe target.copyBytes(from: bytes) }
        return Tensor(bytes: storage, offsets: offsets, shape: shape)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

extension ProvenModel {
    /// Inputs of recorded rows, without those that were made to lie at edges, for explanations to replace columns from.
    var realRows: [[Tensor]] {
        let count = (manifest.proof?.count ?? 0) - (manifest.proof?.edgeCount ?? 0)
        return examples.prefix(max(0, count)).map(\.inputs)
    }

    /// The inputs of the first recorded example as a JSON row; `nil` without examples, and for a huge one.
    var firstRow: String? {
        guard let example = examples.first, example.inputs.reduce(0, { $0 + $1.storage.byteCount }) <= 16_384 else {
            return nil
        }
        let writer = ByteWriter()
        let fields = manifest.signature.layout.fieldTensors(of: example.inputs)
        guard (try? encodeRows(outputs: fields, rowCount: 1, into: writer)) != nil else { return nil }
        // One row, without the brackets around all of them.
        return String(decoding: writer.bytes.dropFirst().dropLast(), as: UTF8.self)
    }
}

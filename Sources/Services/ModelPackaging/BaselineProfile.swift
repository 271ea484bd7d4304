// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Statistics
internal import Tensors

/// The profile of the training data that travels with a bundle: types, ranges, missing shares, fixed bins. Never a row.
struct BaselineProfile {
    /// Canonical JSON; `docs/formats/bundle.md` describes it.
    let bytes: [UInt8]
    let notes: [String]

    init(of path: String, in folder: any ProjectFolder, as signature: Signature) throws {
        let rows = try trainingRows(path, in: folder, as: signature)
        let columns = signature.layout.fields.map { Baseline.Column($0.name, profile(of: $0, in: rows)) }
        bytes = Baseline(rows: rows.rowCount, columns: columns).json.canonical
        notes =
            rows.rowCount < NumericProfile.weakBelow
            ? ["the training data has \(rows.rowCount) rows: a weak baseline for rare values"] : []
    }
}

private func profile(of field: RowField, in rows: DecodedRows) -> Baseline.Profile {
    let tensor = rows.inputs[field.input]
    let width = tensor.elementCount / max(rows.rowCount, 1)
    let fieldWidth = field.shape.isEmpty ? 1 : field.shape.reduce(1) { $0 * ($1.size ?? 0) }
    // Sizes that rows decide are only allowed where the field fills its input.
    let count = fieldWidth == 0 ? width : fieldWidth
    let positions = (0..<rows.rowCount).flatMap { row in
        (0..<count).map { row * width + field.offset + $0 }
    }
    guard let numbers = tensor.doubles else {
        let values = positions.map { index -> [UInt8]? in
            let bytes = unsafe tensor.withBytes(at: index) { unsafe Array($0) }
            return bytes.isEmpty ? nil : bytes
        }
        return .categorical(CategoricalProfile(of: values))
    }
    return .numeric(NumericProfile(of: positions.map { numbers[$0] }))
}

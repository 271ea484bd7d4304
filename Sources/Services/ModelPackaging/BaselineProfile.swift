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
        let columns = signature.layout.fields.map { field in
            JSONValue.record([("name", .string(field.name))] + profile(of: field, in: rows))
        }
        let json = JSONValue.record([
            ("schema", .string("slipway.baseline/1")), ("rows", .integer(Int64(rows.rowCount))),
            ("columns", .array(columns)),
        ])
        bytes = json.canonical
        notes =
            rows.rowCount < NumericProfile.weakBelow
            ? ["the training data has \(rows.rowCount) rows: a weak baseline for rare values"] : []
    }
}

private func profile(of field: RowField, in rows: DecodedRows) -> [(String, JSONValue?)] {
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
        return json(of: CategoricalProfile(of: values))
    }
    return json(of: NumericProfile(of: positions.map { numbers[$0] }))
}

private func json(of profile: NumericProfile) -> [(String, JSONValue?)] {
    [
        ("kind", .string("numeric")), ("count", .integer(Int64(profile.count))),
        ("missing", .integer(Int64(profile.missing))),
        ("positive_infinities", .integer(Int64(profile.positiveInfinities))),
        ("negative_infinities", .integer(Int64(profile.negativeInfinities))),
        ("minimum", profile.minimum.map(JSONValue.double)), ("maximum", profile.maximum.map(JSONValue.double)),
        ("mean", profile.mean.map(JSONValue.double)),
        ("standard_deviation", profile.standardDeviation.map(JSONValue.double)),
        ("distinct", .integer(Int64(profile.distinct))),
        ("edges", .array((profile.bins?.edges ?? []).map(JSONValue.double))),
        ("bin_counts", .array(profile.binCounts.map { .integer(Int64($0)) })),
    ]
}

private func json(of profile: CategoricalProfile) -> [(String, JSONValue?)] {
    [
        ("kind", .string("categorical")), ("count", .integer(Int64(profile.count))),
        ("missing", .integer(Int64(profile.missing))), ("other", .integer(Int64(profile.other))),
        (
            "categories",
            .array(
                profile.categories.map { category in
                    .record([
                        ("value", .string(String(decoding: category.bytes, as: UTF8.self))),
                        ("count", .integer(Int64(category.count))),
                    ])
                })
        ),
    ]
}

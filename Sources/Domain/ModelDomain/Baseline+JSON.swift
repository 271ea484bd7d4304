// SPDX-License-Identifier: Apache-2.0
internal import Statistics
package import Tensors

/// As `baseline.json` of a bundle has it; `docs/formats/bundle.md` describes it.
extension Baseline {
    private static let schema = "slipway.baseline/1"

    package var json: JSONValue {
        .record([
            ("schema", .string(Self.schema)), ("rows", .integer(Int64(rows))),
            ("columns", .array(columns.map { .record([("name", .string($0.name))] + $0.profile.fields) })),
        ])
    }

    /// - Throws: `PRJ-009` for what is no baseline.
    package init(document bytes: [UInt8]) throws {
        try self.init(FieldReader(document: bytes, what: "baseline"))
    }

    package init(_ reader: FieldReader) throws {
        guard try reader.text("schema") == Self.schema else {
            throw FieldReader.damaged("its baseline is of a schema that this version does not know")
        }
        rows = try reader.count("rows")
        columns = try reader.list("columns").map { Column(try $0.text("name"), try Profile($0)) }
    }
}

extension Baseline.Profile {
    fileprivate var fields: [(String, JSONValue?)] {
        switch self {
        case .numeric(let profile):
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
        case .categorical(let profile):
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
    }

    fileprivate init(_ reader: FieldReader) throws {
        switch try reader.text("kind") {
        case "numeric":
            guard
                let profile = NumericProfile(
                    count: try reader.count("count"), missing: try reader.count("missing"),
                    positiveInfinities: try reader.count("positive_infinities"),
                    negativeInfinities: try reader.count("negative_infinities"),
                    minimum: try reader.optionalNumber("minimum"), maximum: try reader.optionalNumber("maximum"),
                    mean: reader.anyNumber("mean"), standardDeviation: reader.anyNumber("standard_deviation"),
                    distinct: try reader.count("distinct"), edges: try reader.numbers("edges"),
                    binCounts: try reader.integers("bin_counts").map { Int($0) })
            else { throw FieldReader.damaged("the bins of “\(try reader.text("name"))” do not fit together") }
            self = .numeric(profile)
        case "categorical":
            let categories = try reader.list("categories").map {
                CategoricalProfile.Category(bytes: Array(try $0.text("value").utf8), count: try $0.count("count"))
            }
            self = .categorical(
                CategoricalProfile(
                    count: try reader.count("count"), missing: try reader.count("missing"), categories: categories,
                    other: try reader.count("other")))
        default: throw FieldReader.damaged("“\(try reader.text("name"))” is neither numeric nor categorical")
        }
    }
}

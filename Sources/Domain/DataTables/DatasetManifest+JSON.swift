// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Statistics
internal import Tensors

extension DatasetManifest {
    package var canonicalBytes: [UInt8] {
        JSONValue.record([
            ("schema", .string(Self.schema)), ("format", .string(format.rawValue)), ("data", data.json),
            ("row_count", .integer(Int64(rowCount))), ("key", .array(key.map(JSONValue.string))),
            ("rows", rows?.json), ("columns", .array(profiles.map(\.json))),
        ]).canonical
    }

    /// - Throws: `DAT-002` for what is no such record, and for one that contradicts itself.
    package init(manifest bytes: [UInt8]) throws(Refusal) {
        let fields = try FieldReader(document: bytes, what: "record", of: .dataset)
        guard try fields.text("schema") == Self.schema else { throw damaged("it is of another schema") }
        guard let format = DataFormat(rawValue: try fields.text("format")) else {
            throw damaged("its format is unknown")
        }
        let rows = try fields.optionalFields("rows").map { fields throws(Refusal) in try ChunkedContent(fields) }
        let key = try fields.texts("key")
        let profiles = try fields.list("columns").map { fields throws(Refusal) in try DataProfile(fields) }
        let data = try ChunkedContent(fields.fields("data"))
        self.init(
            format: format, data: data, rowCount: try fields.count("row_count"), key: key, rows: rows,
            profiles: profiles)
        guard rowCount <= Self.countLimit, data.byteCount <= Self.countLimit else {
            throw damaged("it counts further than anybody can")
        }
        let names = profiles.map(\.column.name)
        guard !names.isEmpty, Set(names).count == names.count, Set(key).isSubset(of: names), Set(key).count == key.count
        else {
            throw damaged("its columns are not what its key says")
        }
        guard profiles.allSatisfy({ $0.count == rowCount && $0.missing <= rowCount }) else {
            throw damaged("its columns have other counts than its rows")
        }
        if let rows {
            guard rows.byteCount == rowCount * rowWidth, rows.isWhole, data.isWhole else {
                throw damaged("what it keeps of the rows is not what it says")
            }
        } else {
            guard data.chunks.isEmpty else { throw damaged("it keeps data without its rows") }
        }
        guard canonicalBytes == bytes else { throw damaged("it is not canonical") }
    }
}

extension ChunkedContent {
    /// Whether all of it is in its pieces.
    fileprivate var isWhole: Bool { byteCount == 0 || !chunks.isEmpty }
}

/// `nil` when it is more than a number can be.
private func total(_ counts: [Int]) -> Int? {
    var sum = 0
    for count in counts {
        let (next, overflows) = sum.addingReportingOverflow(count)
        guard !overflows else { return nil }
        sum = next
    }
    return sum
}

private func damaged(_ reason: String) -> Refusal { FieldReader.Subject.dataset.damaged(reason) }

extension ChunkedContent {
    fileprivate var json: JSONValue {
        .record([
            ("sha256", .string(digest.hex)), ("bytes", .integer(Int64(byteCount))),
            (
                "chunks",
                chunks.isEmpty
                    ? nil
                    : .array(chunks.map { .array([.string($0.digest.hex), .integer(Int64($0.byteCount))]) })
            ),
        ])
    }

    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        guard let digest = Digest(try fields.text("sha256")) else { throw damaged("a digest is none") }
        let chunks = try fields.optionalPairs("chunks").map { pair throws(Refusal) -> Chunk in
            guard let digest = Digest(pair.0), (1...Chunk.largest).contains(pair.1) else {
                throw damaged("a piece has no digest, or a size that no piece has")
            }
            return Chunk(digest: digest, byteCount: pair.1)
        }
        self.init(digest: digest, byteCount: try fields.count("bytes"), chunks: chunks)
        guard chunks.isEmpty || total(chunks.map(\.byteCount)) == byteCount else {
            throw damaged("its pieces are not its bytes")
        }
    }
}

extension DataProfile {
    fileprivate var json: JSONValue {
        var fields: [(String, JSONValue?)] = [
            ("name", .string(column.name)), ("type", .string(column.type.rawValue)), ("count", count.json),
            ("missing", missing.json), ("distinct", distinct.json),
        ]
        switch values {
        case .numbers(let numbers):
            fields += [
                ("finite", numbers.finite.json), ("positive_infinities", numbers.positiveInfinities.json),
                ("negative_infinities", numbers.negativeInfinities.json),
                ("minimum", numbers.minimum.map(JSONValue.double)),
                ("maximum", numbers.maximum.map(JSONValue.double)), ("mean", numbers.mean.map(JSONValue.double)),
                ("standard_deviation", numbers.standardDeviation.map(JSONValue.double)),
                ("percentiles", .array(numbers.percentiles.map(JSONValue.double))), ("sampled", numbers.sampled.json),
                ("edges", .array((numbers.bins?.edges ?? []).map(JSONValue.double))),
                ("bin_counts", .array(numbers.binCounts.map(\.json))),
            ]
        case .categories(let categories):
            fields += [
                ("other", categories.other.json),
                (
                    "categories",
                    .array(
                        categories.categories.map { category in
                            .array([.string(String(decoding: category.bytes, as: UTF8.self)), category.count.json])
                        })
                ),
            ]
        }
        return .record(fields)
    }

    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        guard let type = ColumnType(rawValue: try fields.text("type")) else { throw damaged("a column has no type") }
        let count = try fields.count("count")
        let missing = try fields.count("missing")
        self.init(
            column: DataColumn(try fields.text("name"), type), count: count, missing: missing,
            distinct: try fields.count("distinct"),
            values: type.isNumeric
                ? .numbers(try NumberSummary(fields)) : .categories(try categories(fields, count, missing)))
    }
}

extension NumberSummary {
    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        let counts = try fields.integers("bin_counts").map(Int.init)
        let edges = try fields.numbers("edges")
        self.init(
            finite: try fields.count("finite"), positiveInfinities: try fields.count("positive_infinities"),
            negativeInfinities: try fields.count("negative_infinities"),
            minimum: try fields.optionalNumber("minimum"), maximum: try fields.optionalNumber("maximum"),
            mean: try fields.optionalNumber("mean"),
            standardDeviation: try fields.optionalNumber("standard_deviation"),
            percentiles: try fields.numbers("percentiles"), sampled: try fields.count("sampled"),
            bins: counts.isEmpty ? nil : NumericBins(edges: edges), binCounts: counts)
        let isInOrder = { (values: [Double]) in zip(values, values.dropFirst()).allSatisfy { $0 <= $1 } }
        let present = try total([finite, positiveInfinities, negativeInfinities, fields.count("missing")])
        guard isInOrder(edges), isInOrder(percentiles), percentiles.count == (sampled == 0 ? 0 : 101),
            counts.count == (sampled == 0 ? 0 : edges.count + 1), counts.allSatisfy({ $0 >= 0 }),
            total(counts) == sampled, sampled <= min(finite, NumberTally.sampleLimit),
            let present, present <= (try fields.count("count"))
        else { throw damaged("the numbers of a column contradict each other") }
    }
}

private func categories(_ fields: FieldReader, _ count: Int, _ missing: Int) throws(Refusal) -> CategoricalProfile {
    let pairs = try fields.optionalPairs("categories")
    let categories = pairs.map { CategoricalProfile.Category(bytes: Array($0.0.utf8), count: $0.1) }
    let other = try fields.count("other")
    guard categories.count <= 100, Set(categories.map(\.bytes)).count == categories.count,
        total(categories.map(\.count) + [other, missing]) == count
    else { throw damaged("the values of a column contradict each other") }
    return CategoricalProfile(count: count, missing: missing, categories: categories, other: other)
}

extension Int {
    fileprivate var json: JSONValue { .integer(Int64(self)) }
}

// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension Signature {
    package var json: JSONValue {
        .record([
            ("inputs", .array(inputs.map(\.json))), ("outputs", .array(outputs.map(\.json))),
            ("columns", .array(layout.fields.map(\.json))),
        ])
    }

    init(_ fields: FieldReader) throws(Refusal) {
        let inputs = try fields.tensorSpecs("inputs")
        let columns = try fields.list("columns").map(RowField.init)
        guard columns.allSatisfy({ inputs.indices.contains($0.input) && $0.offset >= 0 }) else {
            throw FieldReader.damaged("a column belongs to no input")
        }
        self.init(inputs: inputs, outputs: try fields.tensorSpecs("outputs"), fields: columns)
    }
}

extension FieldReader {
    /// `[{name, datatype, shape}]`.
    package func tensorSpecs(_ key: String) throws(Refusal) -> [TensorSpec] {
        try list(key).map(TensorSpec.init)
    }
}

extension TensorSpec {
    fileprivate var json: JSONValue {
        .record([
            ("name", .string(name)), ("datatype", .string(datatype.rawValue)), ("shape", shapeJSON(shape)),
        ])
    }

    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        guard let datatype = Datatype(rawValue: try fields.text("datatype")) else {
            throw FieldReader.damaged("a datatype is not known")
        }
        self.init(name: try fields.text("name"), datatype: datatype, shape: try fields.shape("shape"))
    }
}

extension RowField {
    fileprivate var json: JSONValue {
        .record([
            ("name", .string(name)), ("input", .integer(Int64(input))), ("offset", .integer(Int64(offset))),
            ("shape", shapeJSON(shape)), ("nullable", isNullable ? .bool(true) : nil),
            ("range", range.map { .array([.double($0.lowerBound), .double($0.upperBound)]) }),
        ])
    }

    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        self.init(
            name: try fields.text("name"), input: try fields.count("input"), offset: try fields.count("offset"),
            shape: try fields.shape("shape"), isNullable: try fields.optionalFlag("nullable") ?? false,
            range: try fields.optionalRange("range"))
    }
}

/// Sizes as numbers, symbolic dimensions as their names.
private func shapeJSON(_ shape: [Dimension]) -> JSONValue {
    .array(
        shape.map { dimension in
            switch dimension {
            case .fixed(let size): .integer(Int64(size))
            case .symbolic(let name): .string(name)
            }
        })
}

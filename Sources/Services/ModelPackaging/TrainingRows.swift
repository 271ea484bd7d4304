// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// The rows of a file of training data, read leniently: a missing value is a fact there, not a mistake.
func trainingRows(
    _ path: String, in folder: any ProjectFolder, as signature: Signature
) throws -> DecodedRows {
    let content = try folder.read(path, limit: ExampleFormat.byteLimit)
    let form = try RowFileForm(of: path)
    do throws(CodecError) {
        let fields = signature.layout.fields.map { field in
            field.asProfiled(signature.inputs[field.input].datatype)
        }
        let lenient = RowLayout(inputs: signature.inputs, fields: fields)
        let decoder = try RowDecoder(layout: lenient, extra: .ignore, limits: .examples)
        return switch form {
        case .table: try decoder.decode(csv: content)
        case .lines: try decoder.decode(json: joinedLines(content))
        }
    } catch {
        throw unusableExamples(
            "the training data “\(path)”, " + (error.row.map { "row \($0): " } ?? "") + error.message)
    }
}

/// JSON lines as one array.
private func joinedLines(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.first != UInt8(ascii: "[") else { return bytes }
    return [UInt8(ascii: "[")] + Array(bytes.split(separator: 0x0A).joined(separator: [UInt8(ascii: ",")]))
        + [UInt8(ascii: "]")]
}

extension RowField {
    /// Without the rules that requests must keep: the profile says how the data is, not how it should be. Only
    /// floating-point numbers and texts have a value that says “missing”.
    fileprivate func asProfiled(_ datatype: Datatype) -> RowField {
        RowField(
            name: name, input: input, offset: offset, shape: shape, isNullable: datatype.canBeMissing, range: nil)
    }
}

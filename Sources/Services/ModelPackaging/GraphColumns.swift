// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// What a graph takes: the columns that the project declares, or those that its rows have.
struct GraphColumns {
    /// In the order of rows; every one has a datatype.
    let columns: [ProjectFile.Column]

    /// - Parameter outputs: Names of the graph's outputs, whose columns in the examples are no inputs.
    init(of project: ProjectFile, in folder: any ProjectFolder, outputs: [String]) throws {
        let source = project.baseline ?? project.examples?.data
        let found = try source.map { try Self.columns(of: $0, in: folder) } ?? []
        if let declared = project.columns {
            columns = try declared.map { column in
                guard column.datatype == nil else { return column }
                guard let known = found.first(where: { $0.name == column.name })?.datatype else {
                    throw Refusal(
                        .wrongValue, .invalidInput,
                        "The column “\(column.name)” of the graph has no type, and no rows show one.",
                        hint: "Write `type` for it in model.signature.columns, such as float64 or string.")
                }
                return ProjectFile.Column(
                    name: column.name, datatype: known, isNullable: column.isNullable, range: column.range)
            }
            return
        }
        columns = found.filter { column in
            column.name != project.target
                && !outputs.contains { column.name == $0 || column.name.hasPrefix($0 + "[") }
        }
        guard !columns.isEmpty else {
            throw Refusal(
                .wrongValue, .invalidInput, "Nothing says which columns the graph takes.",
                hint: "Declare them as model.signature.columns, or name rows as proof.examples.data or baseline.data.")
        }
    }

    var inputs: [TensorSpec] {
        columns.map { TensorSpec(name: $0.name, datatype: $0.datatype ?? .float64, shape: [.symbolic("rows")]) }
    }

    /// The columns of a file of rows, with the types that its values have.
    private static func columns(of path: String, in folder: any ProjectFolder) throws -> [ProjectFile.Column] {
        let bytes = try folder.read(path, limit: ExampleFormat.byteLimit)
        do throws(CodecError) {
            switch try? RowFileForm(of: path) {
            case .table?: return try columns(ofTable: bytes)
            default: return try columns(ofLines: bytes)
            }
        } catch {
            throw unusableExamples("“\(path)”: \(error.message)")
        }
    }

    private static func columns(ofTable bytes: [UInt8]) throws(CodecError) -> [ProjectFile.Column] {
        try csvColumns(of: bytes, sampleRows: 10_000).map { name, kind in
            let datatype: Datatype =
                switch kind {
                case .integer, .float, .empty: .float64
                case .boolean: .bool
                case .text: .bytes
                }
            return ProjectFile.Column(name: name, datatype: datatype, isNullable: datatype.canBeMissing, range: nil)
        }
    }

    private static func columns(ofLines bytes: [UInt8]) throws(CodecError) -> [ProjectFile.Column] {
        var found: [(name: String, datatype: Datatype?)] = []
        for line in bytes.split(separator: 0x0A).prefix(10_000) {
            let value = try JSONValue.parse(Array(line), limits: .examples)
            for (name, value) in (value["inputs"] ?? value).members ?? [] {
                let datatype: Datatype? =
                    switch value {
                    case .bool: .bool
                    case .string(let text): value.double == nil || text.isEmpty ? .bytes : .float64
                    case .null: nil
                    default: .float64
                    }
                guard let index = found.firstIndex(where: { $0.name == name }) else {
                    found.append((name, datatype))
                    continue
                }
                found[index].datatype = found[index].datatype ?? datatype
            }
        }
        return found.map { name, datatype in
            let datatype = datatype ?? .float64
            return ProjectFile.Column(name: name, datatype: datatype, isNullable: datatype.canBeMissing, range: nil)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import DataTables
internal import Foundation
internal import ModelDomain
package import ModelExecution
internal import Tensors

/// Has Parquet and Arrow read by pyarrow of the active Python, in a process that sees nothing but the open file.
package struct TableConversion: Sendable {
    private let interpreter: PythonInterpreter
    private let environments: PythonEnvironments
    private let confinement: any ProcessConfinement

    package init(
        interpreter: PythonInterpreter, environments: PythonEnvironments, confinement: any ProcessConfinement
    ) {
        self.interpreter = interpreter
        self.environments = environments
        self.confinement = confinement
    }

    /// Writes what the columns are and the rows as CSV.
    ///
    /// - Parameters:
    ///   - path: The file to read.
    ///   - output: A file to write, which is not there yet.
    ///   - byteLimit: Of the output.
    /// - Returns: The columns, and how many bytes of the output come before the CSV.
    /// - Throws: `ENG-009` for a Python without pyarrow; `DAT-003` when the file is not of its format.
    package func convert(
        _ path: String, format: DataFormat, to output: String, byteLimit: Int
    ) throws -> (columns: [DataColumn], headerByteCount: Int) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let input = FileHandle(forReadingAtPath: path) else {
            throw Refusal(.fileMissing, .notFound, "There is no file “\(path)”.", hint: "Check the path.")
        }
        defer { try? input.close() }
        guard FileManager.default.createFile(atPath: output, contents: nil, attributes: [.posixPermissions: 0o600]),
            let rows = FileHandle(forWritingAtPath: output)
        else {
            throw Refusal(.notWritable, .unavailable, "“\(name)” cannot be converted.", hint: "Check the data folder.")
        }
        defer { try? rows.close() }
        let helper = try HelperProcess(
            "slipway._data.tables", [format.rawValue, String(byteLimit)], of: interpreter, in: environments,
            by: confinement, input: input, output: rows)
        if let last = helper.end() { throw refusal(name, last) }
        return try columns(in: output, name: name)
    }

    private func refusal(_ name: String, _ said: String) -> Refusal {
        guard let fields = try? JSONValue.parse(said), let problem = fields["problem"]?.string else {
            return Refusal(
                .dataUnreadable, .invalidInput, "“\(name)” cannot be read: the process that was to do it ended.",
                hint: "See below what it said last.", details: [.init("last line", String(said.prefix(500)))])
        }
        let hint = fields["hint"]?.string
        guard fields["code"]?.string == "missing" else {
            return Refusal(
                .dataUnreadable, .invalidInput, "“\(name)” cannot be read as a table: \(problem).", hint: hint)
        }
        return Refusal(
            .environmentMissing, .unavailable,
            "“\(name)” needs pyarrow, which \(interpreter.path) does not have.", hint: hint)
    }

    private func columns(in output: String, name: String) throws -> (columns: [DataColumn], headerByteCount: Int) {
        let head = try FileHandle(forReadingAtPath: output)?.read(upToCount: 16 << 20) ?? Data()
        let damaged = Refusal(.dataUnreadable, .invalidInput, "“\(name)” cannot be read: it has no columns.")
        guard let end = head.firstIndex(of: 0x0A),
            let described = (try? JSONValue.parse(Array(head[..<end])))?["columns"]?.elements
        else { throw damaged }
        let columns = try described.map { column in
            guard let name = column["name"]?.string,
                let type = column["type"]?.string.flatMap(ColumnType.init(rawValue:))
            else { throw damaged }
            return DataColumn(name, type)
        }
        guard !columns.isEmpty else { throw damaged }
        guard Set(columns.map(\.name)).count == columns.count else {
            throw Refusal(
                .dataUnreadable, .invalidInput, "“\(name)” cannot be read as a table: two columns have one name.",
                hint: "Give every column a name of its own.")
        }
        return (columns, end + 1)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import DataTables
package import Tensors

/// A file of data, read from its start as often as asked, a piece at a time.
package protocol DataFile: Sendable {
    /// For errors and notes.
    var name: String { get }
    var format: DataFormat { get }
    /// Each call gives the next piece of its bytes, `nil` at the end.
    func pieces() throws -> @Sendable () throws -> [UInt8]?
    /// The same rows as CSV, where the format is read by another program.
    ///
    /// - Throws: `ENG-009` when that program is not there, `DAT-003` for a file that is not of its format.
    func converted() throws -> ConvertedTable
}

/// The rows of a file in the form of CSV.
package struct ConvertedTable: Sendable {
    /// As the file declares them.
    package let columns: [DataColumn]
    package let pieces: @Sendable () throws -> [UInt8]?

    package init(columns: [DataColumn], pieces: @escaping @Sendable () throws -> [UInt8]?) {
        self.columns = columns
        self.pieces = pieces
    }
}

extension DataFile {
    /// Hands out row after row.
    ///
    /// - Parameters:
    ///   - columns: As a first reading found them; `nil` for that one.
    ///   - bytes: Is given the pieces of the file as they are read, where it is read here.
    /// - Returns: The names of the columns.
    /// - Throws: `DAT-003` for what is no table; what `row` and `bytes` throw.
    func readRows(
        columns: [DataColumn]? = nil, bytes: ([UInt8]) throws -> Void = { _ in }, _ row: ([CellValue]) throws -> Void
    ) throws -> [String] {
        do {
            switch format {
            case .csv:
                return try read(CSVRecords(limits: .data), from: pieces(), bytes: bytes, row)
            case .jsonl:
                let records = JSONRecords(columns: columns?.map(\.name) ?? [], limits: .data)
                return try read(records, from: pieces(), bytes: bytes, row)
            case .parquet, .arrow:
                let table = try converted()
                let texts = Set(table.columns.filter { $0.type == .text }.map(\.name))
                return try read(
                    CSVRecords(textColumns: texts, limits: .data), from: table.pieces, bytes: { _ in }, row)
            }
        } catch let error as CodecError {
            let place = error.row.map { "row \($0 + 1): " } ?? ""
            throw DatasetError.unreadable(name, reason: place + error.message)
        }
    }

    /// Hands out row after row.
    ///
    /// - Throws: `DAT-003` for what is no table; what `row` throws.
    package func forEachRow(_ row: ([CellValue]) throws -> Void) throws {
        _ = try readRows(columns: format == .jsonl ? surveyed() : nil, row)
    }

    /// What its columns hold: as it declares them, or as all of its cells say.
    package func surveyed(bytes: ([UInt8]) throws -> Void = { _ in }) throws -> [DataColumn] {
        switch format {
        case .parquet, .arrow:
            let next = try pieces()
            while let piece = try next() { try bytes(piece) }
            return try converted().columns
        case .csv, .jsonl:
            var tally = SchemaTally()
            let names = try readRows(bytes: bytes) { tally.take($0) }
            return tally.columns(named: names)
        }
    }
}

extension CodecLimits {
    /// Of one record at a time: a file as a whole may be as large as it is.
    fileprivate static var data: CodecLimits {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = .max
        return limits
    }
}

/// What makes rows of bytes that come in pieces.
private protocol RecordReader {
    var columns: [String] { get }
    mutating func take(_ piece: [UInt8], _ row: ([CellValue]) throws -> Void) throws
    mutating func finish(_ row: ([CellValue]) throws -> Void) throws
}

extension CSVRecords: RecordReader {}
extension JSONRecords: RecordReader {}

/// - Returns: The names of the columns.
private func read(
    _ reader: some RecordReader, from next: () throws -> [UInt8]?, bytes: ([UInt8]) throws -> Void,
    _ row: ([CellValue]) throws -> Void
) throws -> [String] {
    var reader = reader
    while let piece = try next() {
        try bytes(piece)
        try reader.take(piece, row)
    }
    try reader.finish(row)
    return reader.columns
}

// SPDX-License-Identifier: Apache-2.0
import Tensors
import TestSupport
import Testing

/// A CSV file that comes in pieces.
struct CSVRecordsTests {
    @Test func aCellSaysWhatItIs() throws {
        let (columns, rows) = try read(["a,b\n1,x\n-2,\n1.5,\"\"\ntrue,01\nnan,+3\n1e400,9223372036854775808\n"])
        #expect(columns == ["a", "b"])
        #expect(
            rows.map { $0.map(text) } == [
                ["integer 1", "text x"], ["integer -2", "missing"], ["float 1.5", "text "],
                ["boolean true", "text 01"],
                ["float nan", "integer 3"], ["text 1e400", "float 9.223372036854776e+18"],
            ])
    }

    @Test func columnsOfTextsStayTexts() throws {
        let (_, rows) = try read(["a,b\n1,1\n"], textColumns: ["b"])
        #expect(rows == [[.integer(1), .text(Array("1".utf8))]])
    }

    @Test(arguments: [
        "a,b\n1,2\n3,4\n", "a,b\r\n1,\"x\r\ny\"\r\n3,\"4\"\"5\"\r\n", "\u{FEFF}a,b\n\u{FEFF}1,2\n3,4", "a\n\n1\n\n",
        "a,b\n\n1,2\n\n\n3,4\n\n", "\"a,\"\"\n\",b\n\"\n\n\",\"\"\"\"\n", "ä,😀\n\"ö\",\u{0}\n",
    ])
    func piecesAreTheWhole(_ text: String) throws {
        let whole = try read([text])
        let bytes = Array(text.utf8)
        for seed in 0..<50 as Range<UInt64> {
            var numbers = SeededGenerator(seed: seed)
            var parts: [[UInt8]] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 0...5, using: &numbers))
                parts.append(Array(bytes[start..<end]))
                start = end
            }
            let found = try read(parts)
            #expect(found.columns == whole.columns && found.rows == whole.rows)
        }
    }

    @Test(arguments: [
        ("", CodecError.Rule.syntax), ("a,b\n1\n", .shape), ("a,b\n1,2,3\n", .shape), ("a,a\n1,2\n", .duplicate),
        ("a\n\"1\n", .syntax), ("a\nx\"y\n", .syntax), ("a\n\"x\"y\n", .syntax),
    ])
    func whatIsNoTableIsRefused(_ text: String, _ rule: CodecError.Rule) throws {
        #expect(throws: CodecError.self) { try read([text]) }
        do { _ = try read([text]) } catch let error as CodecError { #expect(error.rule == rule) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: CodecError.self) { try read([[0x61, 0x0A, 0xFF, 0x0A]]) }
    }

    @Test func aRecordWithoutEndIsRefusedEarly() {
        var limits = CodecLimits.standard
        limits.maxStringBytes = 1000
        var records = CSVRecords(limits: limits)
        #expect(throws: CodecError.self) {
            for _ in 0..<20 {
                try records.take(Array("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".utf8)) { _ in }
            }
        }
    }

    /// Random tables, written as RFC 4180 has it, come back.
    @Test func whatWasWrittenIsRead() throws {
        var numbers = SeededGenerator(seed: 9)
        let letters = Array("ab,\"\n\r é😀;'")
        for _ in 0..<200 {
            let width = Int.random(in: 2...4, using: &numbers)
            let table = (0..<Int.random(in: 0...6, using: &numbers)).map { _ in
                (0..<width).map { _ in
                    String(
                        (0..<Int.random(in: 0...6, using: &numbers)).map { _ in
                            letters.randomElement(using: &numbers) ?? "a"
                        })
                }
            }
            let header = (0..<width).map { "c\($0)" }.joined(separator: ",")
            let lines = table.map { row in
                row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
            }
            let (_, rows) = try read(
                [([header] + lines).joined(separator: "\n") + "\n"], textColumns: Set((0..<width).map { "c\($0)" }))
            #expect(rows == table.map { $0.map { .text(Array($0.utf8)) } })
        }
    }
}

private func text(_ cell: CellValue) -> String {
    switch cell {
    case .missing: "missing"
    case .boolean(let value): "boolean \(value)"
    case .integer(let value): "integer \(value)"
    case .float(let value): "float \(value)"
    case .text(let bytes): "text \(String(decoding: bytes, as: UTF8.self))"
    }
}

private func read(_ parts: [String], textColumns: Set<String> = []) throws -> (columns: [String], rows: [[CellValue]]) {
    try read(parts.map { Array($0.utf8) }, textColumns: textColumns)
}

private func read(_ parts: [[UInt8]], textColumns: Set<String> = []) throws -> (columns: [String], rows: [[CellValue]])
{
    var records = CSVRecords(textColumns: textColumns)
    var rows: [[CellValue]] = []
    for part in parts { try records.take(part) { rows.append($0) } }
    try records.finish { rows.append($0) }
    return (records.columns, rows)
}

// SPDX-License-Identifier: Apache-2.0
import DataTables
import Tensors
import TestSupport
import Testing

/// JSON lines that come in pieces.
struct JSONRecordsTests {
    private let lines =
        "{\"a\": 1, \"b\": \"x\\ny\"}\r\n\n  {\"b\": null, \"c\": [1, {\"z\": 1, \"y\": \"é\"}]}\n{\"a\": -1.5e3, \"c\": true}"

    @Test func columnsComeInTheOrderInWhichTheyAreSeen() throws {
        let (columns, rows) = try read([lines])
        #expect(columns == ["a", "b", "c"])
        #expect(
            rows == [
                [.integer(1), .text(Array("x\ny".utf8))],
                [.missing, .missing, .text(Array("[1,{\"y\":\"é\",\"z\":1}]".utf8))],
                [.float(-1500), .missing, .boolean(true)],
            ])
    }

    @Test func aSecondReadingKnowsTheColumns() throws {
        let (columns, rows) = try read([lines], columns: ["a", "b", "c"])
        #expect(columns == ["a", "b", "c"] && rows.allSatisfy { $0.count == 3 })
    }

    @Test func piecesAreTheWhole() throws {
        let whole = try read([lines])
        let bytes = Array(lines.utf8)
        for size in 1...17 {
            let parts = stride(from: 0, to: bytes.count, by: size).map {
                String(decoding: bytes[$0...].prefix(size), as: UTF8.self)
            }
            guard parts.joined() == lines else { continue }
            let found = try read(parts)
            #expect(found.columns == whole.columns && found.rows == whole.rows)
        }
    }

    @Test(arguments: [
        "", "\n\n", "[1]", "1", "{\"a\":1", "{\"a\":1}{\"a\":2}", "{\"a\":1}\nnull\n",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsNoObjectIsRefused(_ text: String) {
        #expect(throws: CodecError.self) { try read([text]) }
    }

    @Test func theRowIsNamed() {
        do {
            _ = try read(["{\"a\":1}\n{\"a\":2}\n{\"a\":}\n"])
            Issue.record("nothing was thrown")
        } catch {
            #expect((error as? CodecError)?.row == 2)
        }
    }

    @Test func moreColumnsThanThereMayBeAreRefused() {
        var limits = CodecLimits.standard
        limits.maxTensors = 3
        var records = JSONRecords(limits: limits)
        #expect(throws: CodecError.self) {
            try records.take(Array("{\"a\":1,\"b\":1,\"c\":1,\"d\":1}\n".utf8)) { _ in }
        }
    }
}

private func read(_ parts: [String], columns: [String] = []) throws -> (columns: [String], rows: [[CellValue]]) {
    var records = JSONRecords(columns: columns)
    var rows: [[CellValue]] = []
    for part in parts { try records.take(Array(part.utf8)) { rows.append($0) } }
    try records.finish { rows.append($0) }
    return (records.columns, rows)
}

// SPDX-License-Identifier: Apache-2.0
import DataTables
import Tensors
import TestSupport
import Testing

/// What tells rows apart, and what does not.
struct RowDigestTests {
    private let digester = RowDigester(columns: ["b", "a"])

    private func digest(_ b: CellValue, _ a: CellValue = .missing) -> RowDigest { digester.digest(of: [b, a]) }

    @Test func theSpellingOfANumberDoesNotMatter() {
        #expect(digest(.integer(1)) == digest(.float(1)))
        #expect(digest(.float(0)) == digest(.float(-0.0)))
        #expect(digest(.integer(1 << 60)) == digest(.float(0x1p60)))
        #expect(digest(.missing) == digest(.float(.nan)))
    }

    @Test func theSpellingOfAMomentDoesNotMatter() {
        let moments = ["2026-03-01", "2026-03-01 00:00", "2026-03-01T00:00:00.000000Z", "2026-03-01T01:00:00+01:00"]
        #expect(Set(moments.map { digest(.text(Array($0.utf8))) }).count == 1)
    }

    @Test func whatIsDifferentHasAnotherDigest() {
        let cells: [CellValue] = [
            .missing, .boolean(true), .boolean(false), .integer(0), .integer(1), .integer(.max), .integer(.max - 1),
            .float(0.1), .float(.infinity), .float(-.infinity), .float(0x1p63), .text([]), .text([0]), .text([0, 0]),
            text("1"), text("true"), text("2026-03-01"), text("2026-03-02"), text("2026-02-30"), text("é"),
            text("e\u{301}"),
        ]
        var found: [RowDigest: Int] = [:]
        for (one, first) in cells.enumerated() {
            for (other, second) in cells.enumerated() {
                let place = one * cells.count + other
                #expect(found.updateValue(place, forKey: digest(first, second)) == nil, "\(first), \(second)")
            }
        }
    }

    @Test func theOrderOfColumnsDoesNotMatter() {
        var numbers = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let names = (0..<5).map { "column \($0)" }
            let row = names.map { _ in cell(&numbers) }
            let order = names.indices.shuffled(using: &numbers)
            let shuffled = RowDigester(columns: order.map { names[$0] }).digest(of: order.map { row[$0] })
            #expect(RowDigester(columns: names).digest(of: row) == shuffled)
        }
    }

    @Test func otherColumnsDoNotCount() {
        let some = RowDigester(columns: ["a", "b", "c"], of: ["a", "c"])
        let all = RowDigester(columns: ["a", "c"])
        #expect(
            some.digest(of: [.integer(1), .integer(2), .integer(3)]) == all.digest(of: [.integer(1), .integer(3)]))
        #expect(some.digest(of: [.integer(1)]) == all.digest(of: [.integer(1), .missing]))
    }

    /// As docs/formats/dataset.md says, computed by another program.
    @Test func theDigestIsTheOneOfThePage() {
        let digester = RowDigester(columns: ["name", "age", "member", "since", "score"])
        let row: [CellValue] = [text("Ada"), .integer(36), .boolean(true), text("2026-03-01"), .missing]
        #expect(hex(digester.digest(of: row).bytes) == "f75eefd159c057261eb968845c3d5d55")
    }

    @Test func bytesComeBack() {
        let one = digest(.integer(5))
        #expect(RowDigest(one.bytes) == one && one.bytes.count == RowDigest.byteCount)
    }
}

private func text(_ text: String) -> CellValue { .text(Array(text.utf8)) }

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { (String($0 >> 4, radix: 16)) + String($0 & 15, radix: 16) }.joined()
}

private func cell(_ numbers: inout SeededGenerator) -> CellValue {
    switch Int.random(in: 0..<5, using: &numbers) {
    case 0: .missing
    case 1: .boolean(Bool.random(using: &numbers))
    case 2: .integer(Int64(truncatingIfNeeded: numbers.next()))
    case 3: .float(Double(bitPattern: numbers.next()))
    default:
        .text((0..<Int.random(in: 0..<20, using: &numbers)).map { _ in UInt8.random(in: 0x20..<0x7F, using: &numbers) })
    }
}

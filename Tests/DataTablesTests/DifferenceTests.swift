// SPDX-License-Identifier: Apache-2.0
import DataTables
import Statistics
import Tensors
import TestSupport
import Testing

/// What changed between two versions.
struct DifferenceTests {
    // MARK: Columns

    @Test func columnsComeAndGoAndChange() {
        let older = [DataColumn("a", .integer), DataColumn("b", .text), DataColumn("c", .time)]
        let newer = [DataColumn("d", .number), DataColumn("b", .boolean), DataColumn("a", .integer)]
        #expect(
            schemaChanges(from: older, to: newer) == [
                .added(DataColumn("d", .number)), .retyped("b", from: .text, to: .boolean),
                .removed(DataColumn("c", .time)),
            ])
        #expect(schemaChanges(from: older, to: older).isEmpty)
    }

    // MARK: Drift

    @Test func theSameDataDoesNotDrift() throws {
        let profiles = table(["n", "t"], rows(2000, seed: 1, shift: 0)).profiles
        for found in drift(from: profiles, to: profiles) {
            #expect(found.level == .none && found.newCategories.isEmpty && found.goneCategories.isEmpty)
        }
    }

    @Test func anotherSampleOfTheSameDoesNotDrift() throws {
        for seed in 2..<12 as Range<UInt64> {
            let found = drift(
                from: table(["n", "t"], rows(500, seed: 1, shift: 0)).profiles,
                to: table(["n", "t"], rows(500, seed: seed, shift: 0)).profiles)
            #expect(found.map(\.level) == [.none, .none], "seed \(seed)")
        }
    }

    @Test func whatIsShiftedDriftsStrongly() throws {
        let found = drift(
            from: table(["n", "t"], rows(2000, seed: 1, shift: 0)).profiles,
            to: table(["n", "t"], rows(2000, seed: 2, shift: 1)).profiles)
        #expect(found.map(\.level) == [.strong, .strong])
        #expect(try #require(found[0].distance).kolmogorovSmirnov > 0.3)
        #expect(try isNear(#require(found[0].mean).after - #require(found[0].mean).before, 1))
    }

    @Test func moreMissingCellsAreDrift() throws {
        let whole = (0..<100).map { CellValue.integer($0) }
        let holes = whole.enumerated().map { $0.offset % 10 == 0 ? .missing : $0.element }
        let found = try drift(from: [#require(profiled(whole))], to: [#require(profiled(holes))])
        #expect(found[0].level == .strong && found[0].missing == (0, 0.1))
    }

    @Test func newAndGoneValuesAreNamed() throws {
        let texts = { (values: [String]) in profiled(values.map { .text(Array($0.utf8)) }) }
        let found = try drift(from: [#require(texts(["a", "b"]))], to: [#require(texts(["b", "c"]))])
        #expect(found[0].newCategories == [Array("c".utf8)] && found[0].goneCategories == [Array("a".utf8)])
    }

    @Test func columnsOfOtherKindsAreNotCompared() throws {
        let found = try drift(
            from: [#require(profiled([.integer(1)]))], to: [#require(profiled([.text([0x61])]))])
        #expect(found[0].distance == nil && found[0].level == .none)
    }

    // MARK: Rows

    @Test func rowsAreHeldAgainstEachOtherByTheirKey() {
        let older = [row(1, "a"), row(2, "b"), row(3, "c")]
        let newer = [row(3, "c"), row(2, "B"), row(4, "d")]
        let found = RowDifference(older: older, newer: newer)
        #expect(found.isByKey && found.same == 1 && found.added == 1 && found.removed == 1 && found.changed == 1)
        #expect(found.addedRows == [2] && found.removedRows == [0])
        #expect(found.changedRows.count == 1 && found.changedRows[0] == (older: 1, newer: 1))
    }

    @Test func aKeyThatIsThereTwiceIsNone() {
        let found = RowDifference(older: [row(1, "a"), row(1, "b")], newer: [row(1, "a")])
        #expect(!found.isByKey && found.same == 1 && found.removed == 1 && found.changed == 0)
    }

    @Test func rowsOfEachKindAreCountedLikeAModelCountsThem() {
        for seed in 0..<300 as Range<UInt64> {
            var numbers = SeededGenerator(seed: seed)
            let values = Int.random(in: 1...12, using: &numbers)
            let make = { (numbers: inout SeededGenerator) in
                (0..<Int.random(in: 0...15, using: &numbers)).map { _ in Int.random(in: 0..<values, using: &numbers) }
            }
            let (older, newer) = (make(&numbers), make(&numbers))
            let found = RowDifference(older: older.map { row(nil, "\($0)") }, newer: newer.map { row(nil, "\($0)") })
            // One row after the other is struck out of a list.
            var left = newer
            var same = 0
            for value in older {
                if let place = left.firstIndex(of: value) {
                    left.remove(at: place)
                    same += 1
                }
            }
            #expect(found.same == same && found.added == left.count && found.removed == older.count - same)
            #expect(found.addedRows.map { newer[$0] }.sorted() == left.sorted())
        }
    }

    @Test func keyedRowsAreCountedLikeAModelCountsThem() {
        for seed in 0..<300 as Range<UInt64> {
            var numbers = SeededGenerator(seed: seed)
            let make = { (numbers: inout SeededGenerator) -> [Int: Int] in
                var table: [Int: Int] = [:]
                for _ in 0..<Int.random(in: 1...20, using: &numbers) {
                    table[Int.random(in: 0..<25, using: &numbers)] = Int.random(in: 0..<3, using: &numbers)
                }
                return table
            }
            let (older, newer) = (make(&numbers), make(&numbers))
            let found = RowDifference(
                older: older.shuffled(using: &numbers).map { row($0.key, "\($0.value)") },
                newer: newer.shuffled(using: &numbers).map { row($0.key, "\($0.value)") })
            let shared = Set(older.keys).intersection(newer.keys)
            #expect(found.isByKey && found.same == shared.count { older[$0] == newer[$0] })
            #expect(found.changed == shared.count { older[$0] != newer[$0] })
            #expect(found.added == newer.count - shared.count && found.removed == older.count - shared.count)
        }
    }

    @Test func digestsComeOutOfTheirBytes() {
        let rows = [row(1, "a"), row(2, "b")]
        let bytes = rows.flatMap { ($0.key?.bytes ?? []) + $0.digest.bytes }
        let profiles = table(["k"], [[.integer(1)], [.integer(2)]]).profiles
        #expect(manifest(of: profiles, key: ["k"]).digests(bytes) == rows)
        #expect(manifest(of: profiles, key: ["k"]).digests(Array(bytes.dropLast())) == [rows[0]])
        #expect(manifest(of: profiles).digests([]).isEmpty)
    }
}

private func row(_ key: Int?, _ value: String) -> RowDifference.Row {
    let digester = RowDigester(columns: ["c"])
    return RowDifference.Row(
        key: key.map { digester.digest(of: [.integer(Int64($0))]) },
        digest: digester.digest(of: [.text(Array("v\(value)".utf8))]))
}

/// Numbers around 0 of a spread of 1, and three texts of which the first gets rarer.
private func rows(_ count: Int, seed: UInt64, shift: Double) -> [[CellValue]] {
    var numbers = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let value = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &numbers) }
        let isFirst = Double.random(in: 0..<1, using: &numbers) < (shift == 0 ? 0.8 : 0.3)
        return [.float(value + shift), .text(Array((isFirst ? "a" : Bool.random(using: &numbers) ? "b" : "c").utf8))]
    }
}

private func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) < 0.15 }

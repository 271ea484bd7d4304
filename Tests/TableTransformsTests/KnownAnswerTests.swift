// SPDX-License-Identifier: Apache-2.0
import TableTransforms
import Tensors
import Testing

/// What NumPy, pandas, SciPy and scikit-learn made of the same values: `Tests/Fixtures/tables/make.py`.
struct KnownAnswerTests {
    @Test func operationsAnswerAsTheLibrariesDo() throws {
        let cases = try #require(try fixture("operations").elements)
        #expect(cases.count > 150)
        for test in cases {
            let name = try #require(test["name"]?.string)
            let tolerance = try #require(test["tolerance"]?.double)
            let given = try SmallTable(try #require(test["columns"]))
            let expected = try SmallTable(try #require(test["expected"]))
            let operations = try #require(test["operations"]?.elements)
            let found: SmallTable
            do {
                found = try given.after(operations)
            } catch {
                Issue.record("\(name): \(error)")
                continue
            }
            #expect(found.columns.map(\.name) == expected.columns.map(\.name), "\(name)")
            for (column, (cells, wanted)) in zip(expected.columns, zip(found.cells, expected.cells)) {
                guard cells.count == wanted.count else {
                    Issue.record("\(name): \(column.description) has \(cells.count) values, not \(wanted.count)")
                    continue
                }
                for (place, (cell, answer)) in zip(cells, wanted).enumerated()
                where !agree(cell, answer, tolerance, isNumber: column.datatype.isFloatingPoint) {
                    Issue.record("\(name): \(column.name), value \(place) is \(cell), not \(answer)")
                }
            }
        }
    }

    /// A row gets the same answer alone as among others, to the bit.
    @Test func aRowIsAnsweredAloneAsInCompany() throws {
        for test in try #require(try fixture("operations").elements) {
            let given = try SmallTable(try #require(test["columns"]))
            let operations = try #require(test["operations"]?.elements)
            guard let together = try? given.after(operations) else { continue }
            for index in 0..<given.rowCount {
                let alone = try given.row(index).after(operations)
                #expect(alone.cells == together.row(index).cells, "\(test["name"]?.string ?? ""), row \(index)")
            }
        }
    }

    @Test func noRowsBecomeNoRows() throws {
        for test in try #require(try fixture("operations").elements) {
            var given = try SmallTable(try #require(test["columns"]))
            given.cells = given.cells.map { _ in [] }
            let found = try given.after(try #require(test["operations"]?.elements))
            #expect(found.cells.allSatisfy { $0.isEmpty })
        }
    }

    /// Relative to the expected value; whole numbers and texts have to be the same.
    private func agree(_ cell: Cell, _ expected: Cell, _ tolerance: Double, isNumber: Bool) -> Bool {
        if cell == expected { return true }
        guard isNumber, tolerance > 0 else { return false }
        let difference = abs(cell.double - expected.double)
        return difference <= tolerance * abs(expected.double) || difference <= tolerance * 1e-3
    }
}

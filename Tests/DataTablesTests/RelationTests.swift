// SPDX-License-Identifier: Apache-2.0
import DataTables
import TestSupport
import Testing

/// What has to hold between columns.
struct RelationTests {
    private let values: [String: Double] = [
        "a": 1, "b": 2, "c": 3, "unit price": 2.5, "inf": .infinity, "nan": .nan, "x.y": 7, "größe": 4,
    ]

    @Test(arguments: [
        ("a < b", true), ("a <= a", true), ("b>a", true), ("a >= b", false), ("c = a + b", true), ("c == a+b", true),
        ("c - b = a", true), ("-a + b = 1", true), ("a != b", true), ("a != 1", false), ("0.1 + 0.2 = 0.3", true),
        ("\"unit price\" > 2", true), ("`unit price` = 2.5", true), ("x.y = 7", true), ("größe = 4", true),
        ("inf > a", true), ("inf = 5", false), ("inf = inf", true), ("inf != 5", true), ("1e3 > 999", true),
    ])
    func itHoldsOrNot(_ text: String, _ holds: Bool) throws {
        let relation = try #require(Relation(text))
        #expect(relation.holds { values[$0] } == holds)
    }

    @Test(arguments: ["a < missing", "nan = 1", "nan != nan"])
    func aRowWithoutTheNumberSaysNothing(_ text: String) throws {
        #expect(try #require(Relation(text)).holds { values[$0] } == nil)
    }

    @Test(arguments: [
        "", "a", "a <", "< a", "a < b < c", "a ++ b = c", "a b = c", "a = b -", "a * b = c", "\"a = b",
        "a = (b)", "a; b = c", "a = b = c", "a =< b", String(repeating: "a", count: 2001) + " = a",
    ])
    func whatIsNoneIsRefused(_ text: String) {
        #expect(Relation(text) == nil)
    }

    @Test func itKnowsItsColumns() throws {
        #expect(try #require(Relation("a + 1 - \"b c\" >= d")).columns == ["a", "b c", "d"])
    }

    @Test func whateverIsWrittenNeverEndsTheProgram() {
        var numbers = SeededGenerator(seed: 5)
        let letters = Array("ab1.e+-<>=!\"` é😀()")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &numbers)).map { _ in letters.randomElement(using: &numbers) ?? "a" }
            )
            _ = Relation(text)?.holds { _ in 1 }
        }
    }
}

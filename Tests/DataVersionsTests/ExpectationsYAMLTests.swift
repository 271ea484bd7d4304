// SPDX-License-Identifier: Apache-2.0
import DataTables
import DataVersions
import ModelDomain
import ProjectFiles
import TestSupport
import Testing

/// Expectations as people write them.
struct ExpectationsYAMLTests {
    private func read(_ yaml: String) throws -> Expectations {
        try Expectations(YAMLSyntax().parse(Array(yaml.utf8), file: "e.yaml"), file: "e.yaml")
    }

    private func code(_ yaml: String) -> ErrorCode? {
        do {
            _ = try read(yaml)
            return nil
        } catch { return (error as? any ExplainedError)?.explanation.code }
    }

    @Test func everyKeyIsRead() throws {
        let found = try read(
            """
            schema: slipway.expectations/1
            rows: {min: 10, max: 1000}
            other_columns: refuse
            columns:
              age: {type: integer, missing: 0.1, range: [0, 120]}
              plan: {values: [basic, pro, 1, 2.5, true], unique: true}
              since: {type: time, range: [2020-01-01, null], newer_than: 7d}
              free:
            relations: ["start <= end", "total = net + tax"]
            """)
        #expect(found.rows == .init(10, 1000) && !found.allowsOthers)
        #expect(found.columns.map(\.name) == ["age", "plan", "since", "free"])
        #expect(
            found.columns[0].type == .integer && found.columns[0].missing == 0.1
                && found.columns[0].range == .init(0, 120))
        #expect(
            found.columns[1].values == ["basic", "pro", "1", "2.5", "true"].map { Array($0.utf8) }
                && found.columns[1].isUnique)
        #expect(found.columns[2].range == .init(1_577_836_800, nil) && found.columns[2].age == Lifetime("7d"))
        #expect(found.columns[3] == Expectations.Column("free"))
        #expect(found.relations == [Relation("start <= end"), Relation("total = net + tax")].compactMap(\.self))
    }

    @Test(arguments: [
        ("schema: slipway.expectations/2", ErrorCode.wrongValue), ("rows: {min: 1}", .wrongValue), ("[]", .wrongValue),
        ("schema: slipway.expectations/1\nrow: {min: 1}", .unknownKey),
        ("schema: slipway.expectations/1\nrows: {least: 1}", .unknownKey),
        ("schema: slipway.expectations/1\nrows: {min: -1}", .wrongValue),
        ("schema: slipway.expectations/1\nrows: 5", .wrongValue),
        ("schema: slipway.expectations/1\nother_columns: maybe", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: [a]", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {kind: text}}", .unknownKey),
        ("schema: slipway.expectations/1\ncolumns: {a: {type: float}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {missing: 1.5}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {missing: few}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: [1]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: [2, 1]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: [soon, 1]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: 1}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: [.nan, 1]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {values: a}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {values: [[a]]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {values: [null]}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {unique: 1}}", .wrongValue),
        ("schema: slipway.expectations/1\ncolumns: {a: {newer_than: soon}}", .wrongValue),
        ("schema: slipway.expectations/1\nrelations: [a]", .wrongValue),
        ("schema: slipway.expectations/1\nrelations: a < b", .wrongValue),
    ])
    func whatIsNotUnderstoodIsRefused(_ yaml: String, _ code: ErrorCode) {
        #expect(self.code(yaml) == code, "\(yaml)")
    }

    @Test func whatIsWrittenIsRead() throws {
        var numbers = SeededGenerator(seed: 11)
        let letters = Array("ab:#{}[],&*!|>'\"%@`?- \n\t\\é😀\u{7F}\u{85}\u{2028}\u{0}~")
        for _ in 0..<500 {
            let text = { (numbers: inout SeededGenerator) in
                String(
                    (0..<Int.random(in: 0...8, using: &numbers)).map { _ in
                        letters.randomElement(using: &numbers) ?? "a"
                    })
            }
            var expectations = Expectations()
            if Bool.random(using: &numbers) { expectations.rows = .init(nil, Double(numbers.next() % 1000)) }
            expectations.allowsOthers = Bool.random(using: &numbers)
            var names = Set((0..<Int.random(in: 0...4, using: &numbers)).map { _ in text(&numbers) })
            names.insert(String(repeating: "n", count: 5000))
            expectations.columns = names.sorted().map { name in
                var column = Expectations.Column(name)
                column.type = Bool.random(using: &numbers) ? ColumnType.allCases.randomElement(using: &numbers) : nil
                if Bool.random(using: &numbers) { column.missing = Double.random(in: 0...1, using: &numbers) }
                if Bool.random(using: &numbers) { column.values = (0...3).map { _ in Array(text(&numbers).utf8) } }
                if Bool.random(using: &numbers) {
                    let low = Double.random(in: -1e6...1e6, using: &numbers).rounded()
                    column.range = .init(Bool.random(using: &numbers) ? low : nil, low + 5)
                }
                column.isUnique = Bool.random(using: &numbers)
                column.age = Bool.random(using: &numbers) ? Lifetime("90m") : nil
                return column
            }
            if Bool.random(using: &numbers) { expectations.relations = [Relation("a <= \"b c\"")].compactMap(\.self) }
            let found = try read(expectations.yaml)
            #expect(found == expectations, "\(expectations.yaml)")
        }
    }

    @Test func theLineIsNamed() {
        do {
            _ = try read("schema: slipway.expectations/1\ncolumns:\n  a: {type: float}\n")
            Issue.record("nothing was thrown")
        } catch {
            let said = (error as? any ExplainedError)?.explanation
            #expect(said?.message.hasPrefix("e.yaml:3:") == true && said?.hint?.contains("expectations.md") == true)
        }
    }
}

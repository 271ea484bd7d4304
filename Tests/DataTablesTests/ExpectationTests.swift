// SPDX-License-Identifier: Apache-2.0
import DataTables
import ModelDomain
import Tensors
import Testing

/// What is expected of a table, and whether it is met.
struct ExpectationTests {
    private let now = Timestamp("2026-03-10") ?? Timestamp(microseconds: 0)
    private let good = "id,age,plan,since\n1,30,basic,2026-03-01\n2,40,pro,2026-03-09\n3,,basic,2026-03-05\n"

    private func results(_ csv: String, _ expect: (inout Expectations) -> Void) throws -> [ExpectationResult] {
        let table = try table(csv)
        var expectations = Expectations()
        expect(&expectations)
        var check = ExpectationCheck(expectations, of: table.columns)
        for row in table.rows { check.take(row) }
        return check.results(at: now)
    }

    private func column(_ name: String, _ change: (inout Expectations.Column) -> Void) -> Expectations.Column {
        var column = Expectations.Column(name)
        change(&column)
        return column
    }

    /// One rule of one column, and how it comes out.
    private func result(
        of name: String, in csv: String? = nil, _ change: (inout Expectations.Column) -> Void
    ) throws -> ExpectationResult {
        let found = try results(csv ?? good) { $0.columns = [column(name, change)] }
        #expect(found.count == 1)
        return try #require(found.first)
    }

    // MARK: Rules

    @Test func rowsAreCounted() throws {
        let check = { (low: Double?, high: Double?) in try results(good) { $0.rows = .init(low, high) }[0].isMet }
        #expect(try check(3, 3) && check(nil, 3) && check(1, nil) && check(nil, nil))
        #expect(try !check(4, nil) && !check(nil, 2))
    }

    @Test(arguments: [
        ("age", ColumnType.integer, true), ("age", .number, true), ("age", .text, false), ("plan", .text, true),
        ("since", .time, true), ("since", .text, false), ("id", .boolean, false),
    ])
    func aTypeIsMetOrNot(_ name: String, _ type: ColumnType, _ isMet: Bool) throws {
        #expect(try result(of: name) { $0.type = type }.isMet == isMet)
    }

    @Test func missingCellsAreAShare() throws {
        #expect(try result(of: "age") { $0.missing = 0.34 }.isMet)
        let found = try result(of: "age") { $0.missing = 0.33 }
        #expect(!found.isMet && found.rows == [2] && found.found == "33.33 %")
    }

    @Test func aRangeHoldsBothEnds() throws {
        #expect(try result(of: "age") { $0.range = .init(30, 40) }.isMet)
        let found = try result(of: "age") { $0.range = .init(31, nil) }
        #expect(!found.isMet && found.rows == [0] && found.found == "30 to 40")
        #expect(try !result(of: "plan") { $0.range = .init(0, 1) }.isMet)
        let start = Double(Timestamp("2026-03-02")?.microseconds ?? 0) / 1e6
        #expect(try result(of: "since") { $0.range = .init(start, nil) }.rows == [0])
    }

    @Test func endsFarFromAnyTimeAreShown() throws {
        #expect(try result(of: "since") { $0.range = .init(-1e300, 1e300) }.isMet)
    }

    @Test func onlyListedValuesAreTaken() throws {
        #expect(try result(of: "plan") { $0.values = ["basic", "pro"].map { Array($0.utf8) } }.isMet)
        let found = try result(of: "plan") { $0.values = [Array("basic".utf8)] }
        #expect(!found.isMet && found.rows == [1] && found.found == "“pro”, not in 1 row")
        #expect(try result(of: "age") { $0.values = ["30", "40"].map { Array($0.utf8) } }.isMet)
    }

    @Test func aValueIsThereOnce() throws {
        #expect(try result(of: "id") { $0.isUnique = true }.isMet)
        #expect(try result(of: "plan") { $0.isUnique = true }.rows == [2])
        // Missing ones are no values, and 1 is 1.0.
        #expect(try result(of: "a", in: "a,b\n,\n,\n1,\n") { $0.isUnique = true }.isMet)
        #expect(try result(of: "a", in: "a,b\n1.0,\n1,\n") { $0.isUnique = true }.rows == [1])
    }

    @Test func theNewestTimeIsNotTooOld() throws {
        #expect(try result(of: "since") { $0.age = Lifetime("1d") }.isMet)
        #expect(try !result(of: "since") { $0.age = Lifetime("23h") }.isMet)
        let found = try result(of: "plan") { $0.age = Lifetime("1d") }
        #expect(!found.isMet && found.found == "no times")
    }

    @Test func columnsAreThereAndNoOthers() throws {
        let missing = try results(good) { $0.columns = [Expectations.Column("nobody")] }
        #expect(missing.map(\.rule) == ["there"] && !missing[0].isMet)
        let others = try results(good) {
            $0.columns = ["id", "age", "plan"].map { Expectations.Column($0) }
            $0.allowsOthers = false
        }
        #expect(others.map(\.rule) == ["others"] && !others[0].isMet && others[0].found == "since")
    }

    @Test func relationsHoldInEveryRow() throws {
        let check = { (text: String) in
            try results(good) { $0.relations = [Relation(text)].compactMap(\.self) }
        }
        #expect(try check("id < age")[0].isMet)
        let broken = try check("age <= 30")[0]
        #expect(!broken.isMet && broken.rows == [1])
        let unknown = try check("age <= nobody")[0]
        #expect(!unknown.isMet && unknown.found == "no column “nobody”")
        #expect(try check("since >= since")[0].isMet)
    }

    @Test func atMostTenRowsAreNamed() throws {
        let found = try result(of: "a", in: "a,b\n" + String(repeating: "5,\n", count: 50)) { $0.range = .init(6, nil) }
        #expect(found.rows == Array(0..<10) && !found.isMet)
    }

    // MARK: Suggestions

    @Test func whatIsSuggestedIsMetByTheDataItself() throws {
        var csv = "id,amount,plan,flag,since,note,gone\n"
        for row in 0..<200 {
            csv +=
                "\(row),\(Double(row) * 0.37 - 20),\(row % 3 == 0 ? "a" : "b"),\(row % 2 == 0),2026-03-0\(row % 9 + 1)"
            csv += ",note \(row),\(row % 7 == 0 ? "" : "7")\n"
        }
        let table = try table(csv)
        let expectations = Expectations(suggestedBy: manifest(of: table.profiles, key: ["id"]))
        var check = ExpectationCheck(expectations, of: table.columns)
        for row in table.rows { check.take(row) }
        let found = check.results(at: now)
        #expect(found.allSatisfy { $0.isMet }, "\(found.filter { !$0.isMet })")
        let byName = Dictionary(uniqueKeysWithValues: expectations.columns.map { ($0.name, $0) })
        #expect(byName["id"]?.isUnique == true && byName["amount"]?.isUnique == false)
        #expect(byName["plan"]?.values?.count == 2 && byName["note"]?.values == nil)
        #expect(byName["since"]?.range == nil && byName["id"]?.range == .init(0, 249))
        #expect(byName["gone"]?.missing == 0.228 && byName["plan"]?.missing == 0)
        #expect(expectations.rows == .init(100, 400))
    }

    @Test(
        arguments: [
            ([0, 1], 0, 1.25), ([0.1, 0.3], 0.05, 0.35), ([-5, -1], -6, 0), ([-1, 1], -1.5, 1.5), ([7, 7], 7, 7),
            ([1e300, 2e300], 7.5e299, 2.25e300),
        ] as [([Double], Double, Double)])
    func aRangeHasSomeRoom(_ values: [Double], _ lowest: Double, _ highest: Double) throws {
        let profile = try #require(profiled(values.map { .float($0) }))
        let range = try #require(Expectations(suggestedBy: manifest(of: [profile])).columns[0].range)
        #expect(try abs(#require(range.lowest) - lowest) <= 2e-3 * abs(lowest))
        #expect(try abs(#require(range.highest) - highest) <= 2e-3 * abs(highest))
    }

    @Test(arguments: [(0.125, "12.5 %"), (0, "0 %"), (1, "100 %"), (0.33333, "33.33 %")])
    func sharesArePercent(_ share: Double, _ text: String) { #expect(percentText(share) == text) }

    @Test(arguments: [(3.0, "3"), (0.25, "0.25"), (1e300, "1e300"), (-4, "-4")])
    func numbersAreShort(_ number: Double, _ text: String) {
        #expect(Double(numberText(number)) == number && numberText(number).count <= text.count + 1)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Tensors
import Testing

@testable import TableTransforms

/// What becomes of values that libraries do not agree on, or do not have.
struct ValueTests {
    // MARK: Columns

    @Test func namesMayTradePlaces() throws {
        let table = try SmallTable().with("a", [1]).with("b", [2]).with("c", [3])
            .after(#"[{"op":"rename","columns":["a","b"],"to":["b","a"]}]"#)
        #expect(table.columns.map(\.name) == ["b", "a", "c"])
        #expect(table.doubles("a") == [2])
    }

    @Test func columnsAreChosenPutOffAndDoubled() throws {
        let large: [Int64] = [.max, .min, -1, 1 << 53 + 1]
        let table = try SmallTable().with("a", [1, 2, 3, 4]).with("n", integers: large).with(
            "t", texts: ["", "x", "é", ""]
        )
        .after(
            #"[{"op":"copy","columns":["n","t"],"to":["m","u"]},{"op":"select","columns":["u","m","n"]},"#
                + #"{"op":"drop","columns":["n"]}]"#)
        #expect(table.description == ["“u” BYTES [rows]", "“m” INT64 [rows]"])
        #expect(table["m"] == large.map { .number(UInt64(bitPattern: $0)) })
        #expect(table.texts("u") == ["", "x", "é", ""])
    }

    @Test func textsGoSideBySide() throws {
        let table = try SmallTable().with("a", texts: ["1", "2"]).with("n", integers: [-5, 1 << 60])
            .after(
                #"[{"op":"concatenate","columns":["a","n"],"as":"both","to":"BYTES"},{"op":"upper","columns":["both"]}]"#
            )
        #expect(table.description == ["“both” BYTES [rows, 2]"])
        #expect(table.texts("both") == ["1", "-5", "2", "1152921504606846976"])
    }

    @Test func valuesSideBySideAreNamedByWhatIsKnownOfThem() throws {
        let table = try SmallTable().with("plan", texts: ["a"]).with("x", [1])
            .after(
                #"[{"op":"one_hot","columns":["plan"],"categories":[["a",null]]},"#
                    + #"{"op":"concatenate","columns":["x","plan"],"as":"all"}]"#)
        #expect(table.columns[0].valueNames == ["x", "plan_a", "plan_null"])
    }

    // MARK: Casting

    @Test(arguments: [
        ("1.5", "NaN", "BOOL", 0, "nan does not fit BOOL"), ("0", "NaN", "INT32", 0, "nan does not fit INT32"),
        ("1", "Infinity", "INT64", 0, "inf does not fit INT64"),
        ("1", "9223372036854775808", "INT64", 0, "9.223372036854776e+18 does not fit INT64"),
        ("1", "-1", "UINT64", 0, "-1.0 does not fit UINT64"), ("1", "128", "INT8", 0, "128.0 does not fit INT8"),
        ("1", "1e39", "FP32", 0, "1e+39 does not fit FP32"), ("1", "65520", "FP16", 0, "65520.0 does not fit FP16"),
    ])
    func whatDoesNotFitIsRefused(good: String, bad: String, type: String, _: Int, reason: String) throws {
        let values = try [good, bad].map { try #require(Double($0 == "Infinity" ? "inf" : $0)) }
        #expect(throws: TableFault(reason, row: 1)) {
            try SmallTable().with("x", values).after(#"[{"op":"cast","columns":["x"],"to":"\#(type)"}]"#)
        }
    }

    @Test func wholeNumbersThatDoNotFitAreSpelledInFull() throws {
        #expect(throws: TableFault("9007199254740993 does not fit INT32", row: 0)) {
            try SmallTable().with("x", integers: [1 << 53 + 1]).after(#"[{"op":"cast","columns":["x"],"to":"INT32"}]"#)
        }
    }

    /// As Python reads numbers: no hexadecimal ones, and no fraction where a whole number is wanted.
    @Test(arguments: [
        ("FP64", "0x10"), ("FP64", "nan(1)"), ("FP64", "1.5 apples"), ("FP64", " 1"), ("FP32", "1e40"),
        ("INT64", "1.0"),
        ("INT32", "1.0"), ("INT32", "0x10"), ("INT32", "2147483648"), ("INT64", ""), ("INT8", ""), ("UINT64", "-1"),
        ("INT64", "9223372036854775808"), ("BOOL", "True"), ("UINT8", "nan"),
    ])
    func aTextThatSpellsNoNumberIsRefused(type: String, text: String) throws {
        #expect(throws: TableFault("“\(text)” is no \(type)", row: 1)) {
            try SmallTable().with("x", texts: ["1", text]).after(#"[{"op":"cast","columns":["x"],"to":"\#(type)"}]"#)
        }
    }

    // MARK: Categories

    /// Unlike a number, a text that reads NaN is a text.
    @Test func aTextMayReadNaN() throws {
        let table = try SmallTable().with("x", texts: ["NaN", "", "Infinity"])
            .after(#"[{"op":"one_hot","columns":["x"],"categories":[["NaN","Infinity"]],"unseen":"zeros"}]"#)
        #expect(table.doubles("x") == [1, 0, 0, 0, 0, 1])
    }

    @Test func categoriesAreNumbersOfTheColumnsKind() throws {
        let singles = try SmallTable().with("x", .float32, [Double(Float(0.1)), 0.5])
            .after(#"[{"op":"one_hot","columns":["x"],"categories":[[0.1,0.5]]}]"#)
        #expect(singles.doubles("x") == [1, 0, 0, 1])
        let whole = try SmallTable().with("x", integers: [1, -3]).after(
            #"[{"op":"lookup","columns":["x"],"keys":[[1.0,-3.0]],"values":[[5,6]]}]"#)
        #expect(whole.doubles("x") == [5, 6])
    }

    @Test func anUnseenValueIsNamedWithItsRow() throws {
        let operation = #"[{"op":"one_hot","columns":["x"],"categories":[["a"]]}]"#
        #expect(throws: TableFault("“b” is no known value of “x”", row: 1)) {
            try SmallTable().with("x", texts: ["a", "b"]).after(operation)
        }
        let long = String(repeating: "z", count: 500)
        #expect(throws: TableFault("“\(long.prefix(60))” is no known value of “x”", row: 0)) {
            try SmallTable().with("x", texts: [long]).after(operation)
        }
        let lookup = #"[{"op":"lookup","columns":["x"],"keys":[[7]],"values":[[1]],"unseen":"error"}]"#
        #expect(throws: TableFault("9007199254740993 is no known value of “x”", row: 2)) {
            try SmallTable().with("x", integers: [7, 7, 1 << 53 + 1]).after(lookup)
        }
    }

    /// Keys are a stranger's: two hundred thousand that a plain table would put into one place must not take for ever.
    @Test(.timeLimit(.minutes(10))) func noKeysAreSlowerThanOthers() throws {
        // Differ only in bits that a multiplication by a known number would have pushed out.
        let keys = (0..<200_000).map { UInt64($0) << 44 }
        let index = try #require(BitsIndex(keys))
        #expect(keys.indices.allSatisfy { index[keys[$0]] == $0 })
        #expect(index[1] == nil)
    }

    @Test func everyKeyIsFoundAgain() throws {
        var generator = SystemRandomNumberGenerator()
        let texts = Array(Set((0..<5000).map { _ in String(generator.next() % 20_000, radix: 36) }))
        let index = try #require(TextIndex(texts.map { $0 == "0" ? nil : $0 }))
        for (place, text) in texts.enumerated() { #expect(index[text] == (text == "0" ? nil : place)) }
        #expect(index["another"] == nil && index[""] == nil)
        #expect(TextIndex(["a", "b", "a"]) == nil)
        #expect(try #require(TextIndex([]))["a"] == nil)
    }

    // MARK: Bytes

    /// What is no UTF-8 stays what it is, whoever else is in the batch.
    @Test func brokenTextsAreNotRepairedOnTheWay() throws {
        let broken: [UInt8] = [0x61, 0xFF, 0x62]
        let alone = try SmallTable().with("x", bytes: [broken]).after(
            #"[{"op":"impute","columns":["x"],"fill":["?"]}]"#)
        #expect(alone["x"] == [.text(broken)])
        let company = try SmallTable().with("x", bytes: [[], broken]).after(
            #"[{"op":"impute","columns":["x"],"fill":["?"]}]"#)
        #expect(company["x"] == [.text([0x3F]), .text(broken)])
        let hashed = try SmallTable().with("x", bytes: [broken]).after(#"[{"op":"hash","columns":["x"],"buckets":64}]"#)
        let (bucket, sign) = hashBucket(broken, of: 64)
        #expect(hashed.doubles("x")[bucket] == sign)
    }

    // MARK: Dates

    @Test(arguments: [
        "2023-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-1", "26-01-01",
        "2026-11-26T24:00",
        "2026-11-26T18:60", "2026-11-26T18:30:60", "2026-11-26T18:30:05.", "2026-11-26T18:30:05.1234567890",
        "2026-11-26T",
        "2026-11-26x", "2026-11-26T18:30Zz", "2026-11-26T18:30+24:00", "2026-11-26T18:30+01:60", "2026-11-26T18:30+1",
        "today", "２０２６-11-26", " 2026-11-26", "2026-11-26 ", "-026-11-26", "2026-11-26T18",
    ])
    func whatIsNoDateIsRefused(text: String) throws {
        #expect(throws: TableFault("“\(text)” is no date in the form of ISO 8601", row: 1)) {
            try SmallTable().with("x", texts: ["2026-11-26", text]).after(
                #"[{"op":"parts","columns":["x"],"parts":["year"]}]"#)
        }
    }

    @Test func secondsBeyondAllCalendarsAreRefused() throws {
        let operation = #"[{"op":"parts","columns":["x"],"parts":["year","hour"]}]"#
        for seconds in [1e13, -1e13, .infinity, -.infinity] {
            #expect(throws: TableFault("\(seconds) seconds since 1970 is no date", row: 0)) {
                try SmallTable().with("x", [seconds]).after(operation)
            }
        }
        let ends = try SmallTable().with("x", [9.9e12, -9.9e12]).after(operation)
        #expect(ends.doubles("x_year") == [315_688, -311_749])
    }

    /// So little before midnight that it cannot be told from it.
    @Test func noHourIsTheTwentyFourth() throws {
        let parts = try SmallTable().with("x", [-1e-20, -1e-9, 86_400 - 1e-12]).after(
            #"[{"op":"parts","columns":["x"],"parts":["hour","minute","second","day"]}]"#)
        #expect(parts.doubles("x_hour") == [0, 23, 0])
        #expect(parts.doubles("x_day") == [1, 31, 2])
        #expect(parts.doubles("x_second") == [0, 59, 0])
    }

    @Test func everyDayFollowsTheOneBefore() {
        var before = DateAndTime(seconds: -800_000 * 86_400.0)
        for day in -799_999...800_000 {
            let now = DateAndTime(seconds: Double(day) * 86_400)
            guard let now, let last = before else {
                Issue.record("day \(day) is no date")
                return
            }
            let follows =
                now[.day] == 1
                ? last[.isMonthEnd] == 1 && now[.isMonthStart] == 1
                : now[.day] == last[.day] + 1 && last[.isMonthEnd] == 0
            let week = now[.weekday] == 0 ? now[.week] != last[.week] : now[.week] == last[.week]
            if !follows || !week || now[.days] != Double(day) || !(1...53).contains(now[.week]) {
                Issue.record("day \(day)")
                return
            }
            before = now
        }
    }

    // MARK: Rounding

    @Test func bucketsAreRoundedAsEverythingElse() throws {
        let edges = (1...3000).map { Double($0) }
        let table = try SmallTable().with("x", .float16, [2049, .infinity]).after(
            #"[{"op":"bucketise","columns":["x"],"edges":[\#(edges)]}]"#)
        #expect(table.doubles("x") == [2048, 3000].map { Double(Float16($0)) })
    }

    @Test func missingValuesStayMissing() throws {
        let table = SmallTable().with("m", width: 2, [3, .nan, .nan, .nan, 0, 0])
        for (operation, expected) in [
            (#"{"op":"normalise","columns":["m"],"norm":"max"}"#, [Double.nan, .nan, .nan, .nan, 0, 0]),
            (#"{"op":"normalise","columns":["m"]}"#, [.nan, .nan, .nan, .nan, 0, 0]),
            (#"{"op":"softmax","columns":["m"]}"#, [.nan, .nan, .nan, .nan, 0.5, 0.5]),
            (#"{"op":"clip","columns":["m"],"low":[1,1]}"#, [3, .nan, .nan, .nan, 1, 1]),
        ] {
            let found = try table.after("[\(operation)]")
            #expect(found["m"] == expected.map { Cell($0) }, "\(operation)")
        }
    }
}

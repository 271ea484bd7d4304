// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelMonitoring
import Testing

/// When alerts open, get worse and end, look by look.
struct AlertBookTests {
    private static let key = AlertKey(.errorRate, "churn")

    private static func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

    private static func finding(_ level: AlertLevel, _ key: AlertKey = key, isCertain: Bool = true) -> AlertFinding {
        AlertFinding(
            key, project: .standard, level, summary: "it fails", evidence: [AlertEvidence("share", "31 %")],
            normal: "less than 5 %", next: "slipway logs", isCertain: isCertain)
    }

    /// What each look changed: `+` opened, `!` escalated, `-` resolved, `.` nothing. Of the looks `w` and `c` violate, `o` is
    /// clean, `?` undecided.
    private func course(_ looks: String, isCertain: Bool = true) -> String {
        var book = AlertBook()
        return String(
            looks.enumerated().map { index, look -> Character in
                let level: AlertLevel =
                    switch look {
                    case "w": .violated(.warning)
                    case "c": .violated(.critical)
                    case "o": .clean
                    case "x": .gone
                    default: .undecided
                    }
                let changes = book.look([Self.finding(level, isCertain: isCertain)], at: Self.time(Int64(index)))
                switch changes.first {
                case .opened: return "+"
                case .escalated: return "!"
                case .resolved: return "-"
                case nil: return "."
                }
            })
    }

    @Test func twoOfThreeLooksOpenAndThreeCleanOnesEnd() {
        #expect(course("wwwwooow") == ".+....-.")
        #expect(course("wow") == "..+")
        #expect(course("woowoow") == ".......")
        // Two clean ones are not enough, and a violation begins the count anew.
        #expect(course("wwoowooo") == ".+.....-")
    }

    @Test func criticalIsAtOnceWhereOneLookIsCertain() {
        #expect(course("cccooo") == "+....-")
        #expect(course("ccc", isCertain: false) == ".+.")
        #expect(course("wwcww") == ".+!..")
        // What is critical does not come down before it is over.
        #expect(course("cwwwc") == "+....")
    }

    @Test func anUndecidedLookCountsAsNone() {
        #expect(course("w????w") == ".....+")
        #expect(course("wwoo???o") == ".+.....-")
        #expect(course("??????") == "......")
    }

    @Test func whatIsGoneIsOver() {
        #expect(course("wwx") == ".+-")
        #expect(course("wxw") == "...")
    }

    @Test func anAlertCarriesWhatWasFoundWhenItOpenedOrGotWorse() throws {
        var book = AlertBook()
        let changes = book.look([Self.finding(.violated(.critical))], at: Self.time(5))
        guard case .opened(let alert) = try #require(changes.first) else { return #expect(Bool(false), "it opens") }
        #expect(alert.severity == .critical && alert.openedAt == Self.time(5) && alert.summary == "it fails")
        #expect(alert.evidence == [AlertEvidence("share", "31 %")] && alert.next == "slipway logs" && !alert.isTold)
        #expect(alert.endpoint?.rawValue == "churn")
    }

    @Test func aBookThatIsOpenedAnewRepeatsNothing() {
        var first = AlertBook()
        _ = first.look([Self.finding(.violated(.critical))], at: Self.time(1))
        var second = AlertBook()
        second.agree(with: first.openAlerts)
        for look in 2..<20 {
            #expect(second.look([Self.finding(.violated(.critical))], at: Self.time(Int64(look))).isEmpty)
        }
        for look in 20..<22 { #expect(second.look([Self.finding(.clean)], at: Self.time(Int64(look))).isEmpty) }
        #expect(second.look([Self.finding(.clean)], at: Self.time(22)).count == 1)
        #expect(second.openAlerts.isEmpty && second.keyCount == 0)
    }

    @Test func whatAnotherServerOpenedOrEndedIsTakenUp() {
        var (book, other) = (AlertBook(), AlertBook())
        _ = other.look([Self.finding(.violated(.critical))], at: Self.time(1))
        book.agree(with: other.openAlerts)
        #expect(book.openAlerts.map(\.key) == [Self.key])
        book.agree(with: [])
        #expect(book.openAlerts.isEmpty)
        // It was looked at anew since.
        #expect(book.look([Self.finding(.violated(.warning))], at: Self.time(2)).isEmpty)
    }

    @Test func aClockThatJumpsChangesNothing() {
        for jumps in [[0, 1, 2, 3, 4, 5, 6, 7], [0, 900, 10, -5_000_000, 3, 4_000_000_000, 1, 0]] as [[Int64]] {
            var book = AlertBook()
            let looks: [AlertLevel] = [
                .violated(.warning), .clean, .violated(.warning), .violated(.warning), .clean, .undecided, .clean,
                .clean,
            ]
            let changes = zip(looks, jumps).map { level, second in
                book.look([Self.finding(level)], at: Self.time(second)).count
            }
            #expect(changes == [0, 0, 1, 0, 0, 0, 0, 1])
        }
    }

    @Test func anAlertDoesNotEndBeforeItBegan() throws {
        var book = AlertBook()
        _ = book.look([Self.finding(.violated(.critical))], at: Self.time(1000))
        var last: [AlertBook.Change] = []
        for second in [3, 2, 1] as [Int64] { last = book.look([Self.finding(.clean)], at: Self.time(second)) }
        guard case .resolved(let alert) = try #require(last.first) else { return #expect(Bool(false), "it is over") }
        #expect(alert.resolvedAt == Self.time(1000))
    }

    @Test func manyKeysAreBoundedAndCounted() {
        var book = AlertBook()
        let most = AlertBook.keyLimit
        let findings = (0..<most + 500).map {
            Self.finding(.violated(.warning), AlertKey(.drift, "churn", column: "column \($0)"))
        }
        #expect(book.look(findings, at: Self.time(1)).isEmpty)
        #expect(book.keyCount == most && book.turnedAway == 500)
        #expect(book.look(findings, at: Self.time(2)).count == most)
        // Clean ones give their room back.
        for second in 3..<6 {
            _ = book.look(
                findings.map { AlertFinding($0.key, project: nil, .clean) }, at: Self.time(Int64(second)))
        }
        #expect(book.keyCount == 0)
    }

    @Test func keysAreReadAsTheyAreWritten() {
        for text in ["error_rate/churn", "drift/churn/age", "drift/churn/a/b c", "disk/host"] {
            #expect(AlertKey(text)?.description == text)
        }
        let long = AlertKey(.drift, "e", column: String(repeating: "é", count: 400))
        #expect(long.description.utf8.count <= AlertKey.longest && AlertKey(long.description) == long)
        for text in ["", "error_rate", "error_rate/", "nothing/churn", "/churn"] { #expect(AlertKey(text) == nil) }
        #expect(AlertKey(.drift, "e", column: "a\u{0}b").description == "drift/e/a\u{FFFD}b")
    }

    @Test func patternsMatchWhatTheySay() throws {
        let key = AlertKey(.drift, "churn", column: "age")
        for pattern in [
            "drift/churn/age", "drift/*", "*", "*churn*", "drift/churn*", "*/age", "drift/*/age", "drift/**e",
        ] {
            #expect(try AlertPattern(pattern).matches(key), "\(pattern)")
        }
        for pattern in ["drift/churn", "*/ag", "quality/*", "drift/churn/age2", "disk/*"] {
            #expect(try !AlertPattern(pattern).matches(key), "\(pattern)")
        }
        for text in ["", "drft/churn", "drift", "a\u{0}", String(repeating: "x", count: 500)] {
            #expect(throws: Refusal.self, "\(text)") { try AlertPattern(text) }
        }
        // No pattern takes long.
        let hostile = try AlertPattern(String(repeating: "*a", count: 190) + "b")
        #expect(!hostile.matches(AlertKey(.drift, String(repeating: "a", count: 380))))
    }
}

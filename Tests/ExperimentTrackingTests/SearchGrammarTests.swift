// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import ModelDomain
import Testing

struct SearchGrammarTests {
    @Test(
        arguments: [
            ("metrics.auc > 0.9", [SearchCondition(field: .metric("auc"), test: .number(.greater, 0.9))]),
            ("metric.`a b` <= -1e3", [SearchCondition(field: .metric("a b"), test: .number(.atMost, -1000))]),
            (
                "params.kind='tree' and tags.\"x.y\" != 'it''s'",
                [
                    SearchCondition(field: .param("kind"), test: .text(.equal, "tree")),
                    SearchCondition(field: .tag("x.y"), test: .text(.unequal, "it's")),
                ]
            ),
            (
                "tags.mlflow.parentRunId = '1'",
                [SearchCondition(field: .tag("mlflow.parentRunId"), test: .text(.equal, "1"))]
            ),
            (
                "run_name ILIKE \"a%\"",
                [SearchCondition(field: .attribute("run_name"), test: .like(pattern: "a%", ignoringCase: true))]
            ),
            (
                "attr.`Run Name` LIKE '_'",
                [SearchCondition(field: .attribute("run_name"), test: .like(pattern: "_", ignoringCase: false))]
            ),
            ("created > 5", [SearchCondition(field: .attribute("start_time"), test: .number(.greater, 5))]),
            ("run_id NOT IN ('a', 'b')", [SearchCondition(field: .attribute("run_id"), test: .isNoneOf(["a", "b"]))]),
            ("dataset.name IN ('a')", [SearchCondition(field: .dataset("name"), test: .isOneOf(["a"]))]),
            (
                "params.a IS NULL AND tags.b is not null",
                [
                    SearchCondition(field: .param("a"), test: .isMissing),
                    SearchCondition(field: .tag("b"), test: .isPresent),
                ]
            ),
            ("", []),
        ] as [(String, [SearchCondition])])
    func filtersAreRead(text: String, conditions: [SearchCondition]) throws {
        #expect(try SearchGrammar.runs.filter(text).conditions == conditions)
    }

    @Test(arguments: [
        "metrics.auc", "metrics.auc >", "metrics.auc > '0.9'", "metrics.auc > nan", "metrics.auc > 0x10",
        "metrics.auc LIKE '1'", "params.kind = tree", "params.kind > 'a'", "params.kind = 'a' OR params.b = 'c'",
        "(params.kind = 'a')", "params.kind = 'a", "params.`kind = 'a'", "params. = 'a'", "nothing.a = 'b'",
        "nothing = 'b'", "params.kind = 'a' params.b = 'c'", "params.kind = 'a' AND", "NOT params.kind = 'a'",
        "params.kind IN ('a')", "run_id IN 'a'", "run_id IN ()", "run_id IN ('a',)", "metrics.auc IS NULL",
        "datasets.source = 'a'", "start_time = '5'", "params.kind = 'a'; DROP TABLE run", "' OR '1'='1", "=", "AND",
        "params.kind == 'a'", "tags.`` = 'a'", "  ", "start_time = '5'",
    ])
    func whatIsNoFilterIsRefusedWithItsPlace(text: String) {
        #expect(throws: Refusal.self) { try SearchGrammar.runs.filter(text) }
        do {
            _ = try SearchGrammar.runs.filter(text)
        } catch {
            #expect(error.explanation.code == .searchUnreadable)
        }
    }

    @Test func limitsHold() {
        let long = Array(repeating: "params.a = 'b'", count: 101).joined(separator: " AND ")
        #expect(throws: Refusal.self) { try SearchGrammar.runs.filter(long) }
        #expect(throws: Refusal.self) {
            try SearchGrammar.runs.filter("params.a = '\(String(repeating: "x", count: 70_000))'")
        }
        let list = Array(repeating: "'a'", count: 1001).joined(separator: ",")
        #expect(throws: Refusal.self) { try SearchGrammar.runs.filter("run_id IN (\(list))") }
    }

    @Test(
        arguments: [
            ("metrics.auc DESC", SearchField.metric("auc"), false), ("start_time", .attribute("start_time"), true),
            ("tags.`a b` asc", .tag("a b"), true), ("attributes.end_time DESC", .attribute("end_time"), false),
        ] as [(String, SearchField, Bool)])
    func ordersAreRead(text: String, field: SearchField, isAscending: Bool) throws {
        #expect(try SearchGrammar.runs.order(text) == SearchOrder(field: field, isAscending: isAscending))
    }

    @Test(arguments: ["metrics.auc UP", "metrics.auc DESC, start_time", "; DROP TABLE run", "datasets.name", ""])
    func whatIsNoOrderIsRefused(text: String) {
        #expect(throws: Refusal.self) { try SearchGrammar.runs.order(text) }
    }

    /// Any bytes at all: an answer or a refusal, never a crash.
    @Test func anyTextIsAnsweredOrRefused() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "metrics", ".", "a", "`", "'", "\"", "=", "!=", "<", " ", "AND", "IN", "(", ")", ",", "1e", "-", "ü", "\0",
            "IS", "NULL",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in pieces.randomElement() ?? "" }
                .joined()
            _ = try? SearchGrammar.runs.filter(text)
            _ = try? SearchGrammar.loggedModels.order(text)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import NIOHTTP1
import Testing

@testable import CommandLineInterface

struct PredictTests {
    static let reply =
        #"{"id":"0a1b","model":"churn","version":3,"proven":true,"predictions":[{"score":0.10000000149011612},"#
        + #"{"score":12345678901234567890}]}"#

    private func predicting(
        _ body: (FakeServer, FakeToolbox) async throws -> Void
    ) async throws {
        try await FakeServer.with({ request in
            guard request.line == "POST /v1/endpoints/churn/predict" else { return nil }
            return FakeServer.Reply(headers: [("slipway-prediction-id", "0a1b")], body: Array(Self.reply.utf8))
        }) { server in
            try await body(server, FakeToolbox { $0.running = server.local })
        }
    }

    /// A decoder would make 12345678901234567000 of the second score.
    @Test func numbersStayAsTheServerWroteThem() async throws {
        try await predicting { server, tools in
            let outcome = await slipway("predict", "churn", "--row", #"{"age": 31}"#, tools: tools)
            #expect(outcome.code == 0)
            #expect(outcome.output == "{\"score\":0.10000000149011612}\n{\"score\":12345678901234567890}\n")
            #expect(outcome.diagnostics == "churn version 3, proven\nslipway-prediction-id: 0a1b\n")
            #expect(server.requests[0].body == Array(#"{"age": 31}"#.utf8))
            #expect(server.requests[0].headers.first(name: "content-type") == "application/json")
            let whole = await slipway("predict", "churn", "--row", "{}", "--format", "json", tools: tools)
            #expect(whole.output == Self.reply + "\n")
        }
    }

    @Test func rowsComeFromFilesAndPipes() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).csv")
        try Data("age\n31\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await predicting { server, tools in
            #expect(await slipway("predict", "churn", "--rows", file.path, tools: tools).code == 0)
            let lines = "{\"age\":1}\n\n{\"age\":2}\n"
            #expect(await slipway("predict", "churn", "--rows", "-", tools: tools, input: lines).code == 0)
            #expect(
                server.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                    "age\n31\n", #"[{"age":1},{"age":2}]"#,
                ])
            #expect(server.requests[0].headers.first(name: "content-type") == "text/csv")
        }
    }

    @Test func aFileThatIsNotThereIsToldBeforeAnyServerIsAsked() async throws {
        let tools = FakeToolbox()
        let outcome = await slipway("predict", "churn", "--rows", "nowhere.csv", tools: tools)
        #expect(outcome.code == 3)
        #expect(outcome.diagnostics.contains("“nowhere.csv”"))
        #expect(tools.calls.isEmpty)
    }

    @Test func aRefusalKeepsItsIdAndItsPlace() async throws {
        let explanation = Explanation(
            .wrongType, .invalidInput, "Row 0, “age”: a string is no number.", details: [.init("field", "age")])
        try await FakeServer.with({ _ in
            var reply = try FakeServer.Reply.problem(explanation)
            reply.headers = [("slipway-prediction-id", "0a1c")]
            return reply
        }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("predict", "churn", "--row", "{}", tools: tools)
            #expect(outcome.code == 2)
            #expect(
                outcome.diagnostics == """
                    error: Row 0, “age”: a string is no number. (IN-005)
                      field: age
                      prediction id: 0a1c
                    more: docs/errors/IN-005.md

                    """)
        }
    }

    @Test(arguments: ["", "[]", "{}", #"{"predictions":3}"#, #"{"predictions":[1,}"#, "<html>"])
    func aReplyThatIsNoneIsNotPrinted(_ body: String) async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(body: Array(body.utf8)) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("predict", "churn", "--row", "{}", "--format", "json", tools: tools)
            #expect(outcome.code == 7)
            #expect(outcome.output.isEmpty)
        }
    }
}

struct RowsTests {
    private func rows(_ text: String, _ name: String) throws -> Rows { try Rows(Array(text.utf8), name: name) }

    @Test func theEndingOfTheNameDecides() throws {
        #expect(try rows("[1]", "a.csv") == .csv(Array("[1]".utf8)))
        #expect(try rows("x", "a.JSON") == .json(Array("x".utf8)))
        #expect(try rows("{\"a\":1}\r\n{\"a\":2}", "a.jsonl") == .json(Array("[{\"a\":1}\r,{\"a\":2}]".utf8)))
        #expect(try rows("", "a.jsonl") == .json(Array("[]".utf8)))
    }

    @Test func elseTheFirstCharacterDoes() throws {
        #expect(try rows(" [{}]", "standard input") == .json(Array(" [{}]".utf8)))
        #expect(try rows("{\n\"a\": 1\n}\n", "standard input") == .json(Array("{\n\"a\": 1\n}\n".utf8)))
        #expect(try rows("{}\n{}", "standard input") == .json(Array("[{},{}]".utf8)))
        #expect(try rows("a,b\n1,2", "standard input") == .csv(Array("a,b\n1,2".utf8)))
        #expect(try rows("", "standard input") == .csv([]))
    }

    @Test(arguments: ["{\"a\":1}\n{\"a\":", "{}\n[1]", "{},{}", "{}\n" + String(repeating: "{\"a\":", count: 10_000)])
    func aBrokenLineIsToldByItsNumber(_ text: String) {
        let error = #expect(throws: Refusal.self) { try rows(text, "rows.jsonl") }
        #expect(error?.explanation.code == .bodySyntax)
        #expect(error?.explanation.message.hasPrefix("Line \(text.contains("\n") ? 2 : 1) of rows.jsonl") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct PredictTests {
    let path = "/v1/endpoints/doubling/predict"

    @Test func rowsGetRowsWithAnID() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, #"[{"a":1,"b":2,"c":3.5},{"c":0,"a":-1,"b":0.5}]"#)
            #expect(answer.status == 200)
            #expect(try answer.json("predictions", "0", "y") == "[2,4,7]")
            #expect(try answer.json("predictions", "1", "total") == "-0.5")
            #expect(try answer.json("model") == #""doubling""#)
            #expect(try answer.json("version") == "3")
            #expect(try answer.json("proven") == "true")
            let id = try #require(answer.headers["slipway-prediction-id"])
            #expect(id.count == 36)
            #expect(try answer.json("id") == "\"\(id)\"")
            #expect(answer.headers["date"]?.hasSuffix("GMT") == true)
        }
    }

    @Test func idsAreUnique() async throws {
        try await RunningServer.with { server in
            var ids: Set<String> = []
            for _ in 0..<20 {
                let answer = try await server.ask("POST", path, #"{"a":1,"b":2,"c":3}"#)
                ids.insert(try #require(answer.headers["slipway-prediction-id"]))
            }
            #expect(ids.count == 20)
        }
    }

    @Test func commaSeparatedRowsAreTaken() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask(
                "POST", path, headers: ["Content-Type: text/csv; charset=utf-8"], "a,b,c\r\n1,2,3\r\n4,5,6\r\n")
            #expect(try answer.json("predictions", "1", "y") == "[8,10,12]")
        }
    }

    @Test func whatWasRecordedByTheProgramItselfIsNotCalledProven() async throws {
        let own = try state("own", DoublingEngine(), DoublingEngine.signature, origin: .recordedBySlipway)
        try await RunningServer.with([own]) { server in
            let answer = try await server.ask("POST", "/v1/endpoints/own/predict", #"{"a":1,"b":2,"c":3}"#)
            #expect(try answer.json("proven") == "false")
        }
    }

    @Test(arguments: [
        (#"[{"a":1,"b":2}]"#, "IN-003", "c"), (#"[{"a":1,"b":2,"c":3,"d":4}]"#, "IN-002", "d"),
        (#"[{"a":1,"b":"2","c":3}]"#, "IN-005", "b"), (#"[{"a":1,"b":null,"c":3}]"#, "IN-005", "b"),
        (#"[{"a":1,"a":2,"b":2,"c":3}]"#, "IN-004", "a"), (#"[{"a":1e300,"b":2,"c":3}]"#, "IN-006", "a"),
        (#"[{"a":1,"b":2,"c":3}"#, "IN-001", nil),
        (String(repeating: "[", count: 10_000), "", nil),
    ])
    func badRowsAreExplained(_ body: String, code: String, field: String?) async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, body)
            #expect((400..<500).contains(answer.status))
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.headers["slipway-prediction-id"]?.count == 36)
            if !code.isEmpty { #expect(try answer.json("code") == "\"\(code)\"") }
            if let field { #expect(answer.body.contains(#"{"name":"field","value":"\#(field)"}"#), "\(answer.body)") }
            // The server goes on.
            #expect(try await server.ask("POST", path, #"{"a":1,"b":2,"c":3}"#).status == 200)
        }
    }

    @Test func brokenTextIsRefused() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, bytes: Array(#"{"a":1,"b":2,"\#u{0}"#.utf8) + [0xFF, 0xFE])
            #expect(answer.status == 400)
        }
    }

    @Test func theRowIsNamed() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, #"[{"a":1,"b":2,"c":3},{"a":1,"b":2,"c":"x"}]"#)
            #expect(answer.body.contains(#"{"name":"row","value":"1"}"#))
        }
    }

    @Test func anUnknownEndpointIsExplainedWithTheClosestName() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", "/v1/endpoints/dubling/predict", "{}")
            #expect(answer.status == 404)
            #expect(try answer.json("code") == #""REG-003""#)
            #expect(answer.body.contains("doubling"))
        }
    }

    @Test func aFailingEngineIsOurFault() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, #"{"a":-999,"b":2,"c":3}"#)
            #expect(answer.status == 500)
            #expect(try answer.json("code") == #""ENG-005""#)
            #expect(answer.headers["slipway-prediction-id"] != nil)
        }
    }

    @Test func optionsThatAreNotHonouredAreRefused() async throws {
        try await RunningServer.with { server in
            let query = try await server.ask("POST", path + "?explain=true", "{}")
            #expect(query.status == 400)
            #expect(try query.json("code") == #""IN-010""#)
            let encoded = try await server.ask("POST", path, headers: ["Content-Encoding: br"], "xx")
            #expect(encoded.status == 415)
            let method = try await server.ask("GET", path)
            #expect(method.status == 405)
            #expect(method.headers["allow"] == "POST")
            #expect(try method.json("code") == #""SRV-005""#)
        }
    }
}

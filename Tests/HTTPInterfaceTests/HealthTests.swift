// SPDX-License-Identifier: Apache-2.0
import InferenceServing
import ModelDomain
import ModelExecution
import Testing

struct HealthTests {
    @Test func theServerSaysWhatItIs() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/v2")
            #expect(try answer.json("name") == #""slipway""#)
            #expect(try answer.json("version") == #""1.2.3""#)
            let extensions = try answer.json("extensions")
            #expect(extensions.contains("classification"))
            #expect(!extensions.contains("shared_memory") && !extensions.contains("trace"))
            #expect(try await server.ask("GET", "/v2/health/live").body == #"{"live":true}"#)
            #expect(try await server.ask("GET", "/v2/models").body == #"{"models":["doubling"]}"#)
        }
    }

    @Test func theServerIsReadyOnceEveryEndpointHasAVerdict() async throws {
        try await RunningServer.with(isComplete: false) { server in
            let early = try await server.ask("GET", "/v2/health/ready")
            #expect(early.status == 503)
            #expect(early.body == #"{"ready":false}"#)
            await server.inference.publish(ServingTable(endpoints: [:], isComplete: true))
            let late = try await server.ask("GET", "/v2/health/ready")
            #expect(late.status == 200)
            #expect(late.body == #"{"ready":true}"#)
        }
    }

    @Test func metadataDescribesTheModel() async throws {
        try await RunningServer.with { server in
            for path in ["/v2/models/doubling", "/v2/models/doubling/versions/3"] {
                let answer = try await server.ask("GET", path)
                #expect(try answer.json("versions") == #"["3"]"#)
                #expect(try answer.json("platform") == #""onnxruntime_onnx""#)
                #expect(try answer.json("inputs") == #"[{"datatype":"FP32","name":"x","shape":[-1,3]}]"#)
                #expect(try answer.json("outputs", "1", "shape") == "[-1]")
            }
            #expect(try await server.ask("GET", "/v2/models/other").status == 404)
            #expect(try await server.ask("GET", "/v2/models/doubling/versions/9").status == 404)
        }
    }

    @Test func readinessIsPerEndpoint() async throws {
        let differs = ProofFailed(
            verdict: ProofVerdict(
                origin: .original, tolerance: .standard, replayed: 5, recorded: 5, largestDifference: 1,
                differingRows: 1,
                differences: [.init(row: 4, output: "y", expected: "1", actual: "2", largest: 1)]))
        let fallen = try state(
            "fallen", DoublingEngine(), DoublingEngine.signature, version: 3, wanted: 4, problem: differs.explanation)
        let down = EndpointState(
            record: try record("down", version: 1), live: nil, problem: differs.explanation)
        try await RunningServer.with([doubling(), fallen, down]) { server in
            let ready = try await server.ask("GET", "/v2/models/doubling/ready")
            #expect(ready.status == 200)
            #expect(try ready.json("ready") == "true")

            let old = try await server.ask("GET", "/v2/models/fallen/ready")
            #expect(old.status == 200)
            #expect(try old.json("version") == #""3""#)
            #expect(try old.json("problem", "code") == #""PRF-001""#)

            let not = try await server.ask("GET", "/v2/models/down/ready")
            #expect(not.status == 503)
            #expect(try not.json("ready") == "false")
            #expect(not.body.contains("row 4"))
            #expect(not.body.contains("expected 1, got 2"))

            #expect(try await server.ask("GET", "/v2/models/nobody/ready").status == 404)
            let asked = try await server.ask("POST", "/v1/endpoints/down/predict", "{}")
            #expect(asked.status == 503)
            #expect(try asked.json("code") == #""SRV-001""#)
        }
    }

    @Test func headGetsTheHeadOnly() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                try await client.send(request("HEAD", "/v2/health/live") + request("GET", "/v2/health/live"))
                let head = try await client.answer(toHead: true)
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == "13")
                #expect(try await client.answer().body == #"{"live":true}"#)
            }
        }
    }

    @Test func unknownPathsOfTheProtocolAreExplainedInItsForm() async throws {
        try await RunningServer.with { server in
            for path in ["/v2/nothing", "/v2/models/doubling/else", "/v2/health/else", "/v2/models/a/b/c/d"] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 404)
                #expect(try answer.json("code") == #""SRV-004""#)
                #expect(try !answer.json("error").isEmpty)
            }
            #expect(try await server.ask("POST", "/v2/health/live", "{}").status == 405)
        }
    }
}

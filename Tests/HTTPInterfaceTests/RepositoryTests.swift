// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import InferenceServing
import ModelDomain
import Testing

struct RepositoryTests {
    @Test func theIndexListsEveryEndpointWithItsState() async throws {
        let down = EndpointState(
            record: try record("down", version: 2), live: nil,
            problem: Explanation(.answersDiffer, .conflict, "It differs."))
        try await RunningServer.with([doubling(), down]) { server in
            let all = try await server.ask("POST", "/v2/repository/index", "{}")
            #expect(try all.json("1", "state") == #""UNAVAILABLE""#)
            #expect(try all.json("1", "reason") == #""It differs.""#)
            #expect(try all.json("0") == #"{"name":"doubling","reason":"","state":"READY","version":"3"}"#)
            let ready = try await server.ask("POST", "/v2/repository/index", #"{"ready":true}"#)
            #expect(try ready.json("0", "name") == #""doubling""#)
            #expect(!ready.body.contains("down"))
            #expect(try await server.ask("POST", "/v2/repository/index").status == 200)
            #expect(try await server.ask("POST", "/v2/repository/index", "[").status == 400)
            #expect(try await server.ask("POST", "/v2/repository/index", #"{"redy":true}"#).status == 400)
            let get = try await server.ask("GET", "/v2/repository/index")
            #expect(get.status == 405)
            #expect(get.headers["allow"] == "POST")
        }
    }

    @Test func loadingNeedsATokenAndExplainsWhatIsUnknown() async throws {
        try await RunningServer.with { server in
            for verb in ["load", "unload"] {
                let path = "/v2/repository/models/nobody/\(verb)"
                let open = try await server.ask("POST", path)
                #expect(open.status == 401)
                #expect(try open.json("code") == #""ACC-001""#)
                let unknown = try await server.ask("POST", path, "{}", token: server.administratorToken)
                #expect(unknown.status == 404)
                if verb == "load" { #expect(try unknown.json("error").contains("failed to load")) }
                let config = try await server.ask(
                    "POST", path, #"{"parameters":{"config":"{}"}}"#, token: server.administratorToken)
                #expect(try config.json("code") == #""IN-010""#)
            }
            #expect(try await server.ask("GET", "/v2/repository/models/nobody/load").status == 405)
        }
    }

    @Test func statisticsCountWhatWasAnswered() async throws {
        try await RunningServer.with([doubling(), echo()]) { server in
            _ = try await server.ask("POST", "/v1/endpoints/doubling/predict", #"{"a":1,"b":2,"c":3}"#)
            _ = try await server.ask("POST", "/v1/endpoints/doubling/predict", #"{"a":-999,"b":2,"c":3}"#)
            for path in ["/v2/models/doubling/stats", "/v2/models/doubling/versions/3/stats"] {
                let answer = try await server.ask("GET", path)
                #expect(try answer.json("model_stats", "0", "inference_count") == "1")
                #expect(try answer.json("model_stats", "0", "inference_stats", "fail", "count") == "1")
                #expect(try answer.json("model_stats", "0", "version") == #""3""#)
            }
            #expect(try await server.ask("GET", "/v2/models/stats").json("model_stats", "1", "name") == #""echo""#)
            #expect(try await server.ask("GET", "/v2/models/nobody/stats").status == 404)
            #expect(try await server.ask("GET", "/v2/models/doubling/versions/9/stats").status == 404)
        }
    }

    @Test func theConfigurationIsTritons() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/v2/models/doubling/config")
            #expect(try answer.json("input") == #"[{"data_type":"TYPE_FP32","dims":[-1,3],"name":"x"}]"#)
            #expect(try answer.json("max_batch_size") == "0")
        }
    }

    @Test(arguments: [
        ("GET", "/v2/trace/setting"), ("POST", "/v2/models/doubling/trace/setting"), ("POST", "/v2/logging"),
        ("POST", "/v2/systemsharedmemory/region/a/register"), ("GET", "/v2/cudasharedmemory/status"),
        ("POST", "/v2/models/doubling/generate"), ("POST", "/v1/models/doubling:explain"),
        ("POST", "/v1/models/doubling/labels/stable:predict"), ("POST", "/v1/models/doubling:classify"),
    ])
    func whatOtherServersHaveIsRefusedWithAReason(_ method: String, _ path: String) async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask(method, path, method == "POST" ? "{}" : "")
            #expect(answer.status == 501)
            #expect(try answer.json("code") == #""IN-010""#)
            #expect(try answer.json("error").count > 20)
        }
    }

    @Test func classesComeInsteadOfValues() async throws {
        try await RunningServer.with { server in
            let body = { (rest: String) in
                #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,3,2,9,8,7]}]\#(rest)}"#
            }
            let path = "/v2/models/doubling/infer"
            let answer = try await server.ask(
                "POST", path, body(#","outputs":[{"name":"y","parameters":{"classification":2}},{"name":"total"}]"#))
            #expect(try answer.json("outputs", "0", "datatype") == #""BYTES""#)
            #expect(try answer.json("outputs", "0", "shape") == "[2,2]")
            #expect(try answer.json("outputs", "0", "data") == #"["6.0:1","4.0:2","18.0:0","16.0:1"]"#)
            #expect(try answer.json("outputs", "1", "datatype") == #""FP32""#)
            let none = try await server.ask(
                "POST", path, body(#","outputs":[{"name":"y","parameters":{"classification":0}}]"#))
            #expect(try none.json("outputs", "0", "datatype") == #""FP32""#)
            for value in ["-1", "\"2\"", "1.5"] {
                let refused = try await server.ask(
                    "POST", path, body(#","outputs":[{"name":"y","parameters":{"classification":\#(value)}}]"#))
                #expect(try refused.json("code") == #""IN-006""#)
            }
        }
    }

    @Test func timeoutsAreTakenAndChecked() async throws {
        try await RunningServer.with { server in
            for (timeout, status) in [("1000000000", 200), ("0", 200), ("-1", 400), ("\"1\"", 400)] {
                let body =
                    #"{"parameters":{"timeout":\#(timeout)},"#
                    + #""inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,3,2]}]}"#
                let answer = try await server.ask("POST", "/v2/models/doubling/infer", body)
                #expect(answer.status == status)
            }
        }
    }

    @Test func aBodyWithoutJSONIsTheOnlyInput() async throws {
        try await RunningServer.with([doubling(), echo()]) { server in
            let bytes = [Float(1), 2, 3].flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
            for headers in [
                ["Content-Type: application/octet-stream"], ["Inference-Header-Content-Length: 0"],
            ] {
                let answer = try await server.ask("POST", "/v2/models/doubling/infer", headers: headers, bytes: bytes)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "application/octet-stream")
                let count = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
                #expect(answer.bytes.count == count + 16)
            }
            let two = try await server.ask(
                "POST", "/v2/models/echo/infer", headers: ["Content-Type: application/octet-stream"], bytes: bytes)
            #expect(try two.json("code") == #""IN-003""#)
            let odd = try await server.ask(
                "POST", "/v2/models/doubling/infer", headers: ["Content-Type: application/octet-stream"],
                bytes: Array(bytes.dropLast()))
            #expect(try odd.json("code") == #""IN-007""#)
        }
    }

    @Test func aDataFrameComesColumnByColumn() async throws {
        try await RunningServer.with([doubling(), echo()]) { server in
            let column = { (name: String, values: String) in
                #"{"name":"\#(name)","shape":[2,1],"datatype":"FP64","data":\#(values)}"#
            }
            let table = [column("c", "[3,6]"), column("a", "[1,4]"), column("b", "[2,5]")].joined(separator: ",")
            for parameters in [#""parameters":{"content_type":"pd"},"#, ""] {
                let answer = try await server.ask(
                    "POST", "/v2/models/doubling/infer", #"{\#(parameters)"inputs":[\#(table)]}"#)
                #expect(try answer.json("outputs", "1", "data") == "[6,15]", "\(answer.body)")
            }
            let frame = try await server.ask(
                "POST", "/v2/models/echo/infer",
                #"{"parameters":{"content_type":"pd"},"inputs":[{"name":"id","shape":[1,1],"datatype":"INT32","data":[7]},"#
                    + #"{"name":"text","shape":[1,1],"datatype":"BYTES","data":["x"],"parameters":{"content_type":"str"}}]}"#
            )
            #expect(try frame.json("outputs", "1", "data") == "[7]", "\(frame.body)")
        }
    }
}

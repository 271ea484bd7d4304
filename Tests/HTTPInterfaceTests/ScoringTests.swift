// SPDX-License-Identifier: Apache-2.0
import AccessControl
import HTTPInterface
import InferenceServing
import ModelDomain
import ModelExecution
import Tensors
import Testing

/// The sum of three named floats, as `[rows, 1]`: a model with one output.
private final class SumEngine: InferenceEngine {
    let inputs = [TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("batch"), .fixed(3)])]
    let outputs = [TensorSpec(name: "sum", datatype: .float32, shape: [.symbolic("batch"), .fixed(1)])]

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        let values = inputs[0].elements(as: Float.self)
        let sums = stride(from: 0, to: values.count, by: 3).map { first in
            values[first..<(first + 3)].reduce(0, +)
        }
        return [Tensor(.float32, shape: [sums.count, 1], elements: sums)]
    }

    static func state(_ name: String = "sum") throws -> EndpointState {
        let engine = SumEngine()
        return try HTTPInterfaceTests.state(
            name, engine,
            Signature(
                inputs: engine.inputs, outputs: engine.outputs,
                fields: ["a", "b", "c"].enumerated().map { RowField(name: $1, input: 0, offset: $0) }))
    }
}

struct ServedModelTests {
    @Test func rowsAndColumnsAreAnsweredAsTheyWereAsked() async throws {
        try await RunningServer.with([SumEngine.state(), doubling()]) { server in
            let path = "/v1/models/sum:predict"
            for rows in ["[[1,2,3],[4,5,6]]", #"[{"a":1,"b":2,"c":3},{"a":4,"b":5,"c":6}]"#] {
                let answer = try await server.ask("POST", path, #"{"instances":\#(rows)}"#)
                #expect(answer.body == #"{"predictions":[6.0,15.0]}"#)
                #expect(answer.headers["slipway-prediction-id"]?.count == 36)
            }
            for columns in ["[[1,2,3]]", #"{"x":[[1,2,3]]}"#, #"{"a":[1],"b":[2],"c":[3]}"#] {
                let answer = try await server.ask("POST", path, #"{"inputs":\#(columns)}"#)
                #expect(answer.body == #"{"outputs":[[6.0]]}"#)
            }
            let several = try await server.ask("POST", "/v1/models/doubling:predict", #"{"instances":[[1,2,3]]}"#)
            #expect(several.body == #"{"predictions":[{"y":[2.0,4.0,6.0],"total":6.0}]}"#)
            let columns = try await server.ask("POST", "/v1/models/doubling:predict", #"{"inputs":[[1,2,3]]}"#)
            #expect(columns.body == #"{"outputs":{"y":[[2.0,4.0,6.0]],"total":[6.0]}}"#)
            #expect(
                try await server.ask("POST", "/v1/models/sum/versions/3:predict", #"{"instances":[[1,2,3]]}"#).status
                    == 200)
            #expect(
                try await server.ask("POST", "/v1/models/sum/versions/9:predict", #"{"instances":[[1,2,3]]}"#).status
                    == 404)
        }
    }

    /// Bytes that are no text come back as they came in, where the name says that they are bytes.
    @Test func bytesComeBackInBase64() async throws {
        let engine = EchoEngine(texts: "image_bytes")
        let images = try state("images", engine, Signature(inputs: engine.inputs, outputs: engine.outputs))
        try await RunningServer.with([images, echo()]) { server in
            let row = #"{"image_bytes":{"b64":"/9j/"},"id":7}"#
            for path in ["/v1/models/images:predict", "/v1/models/images/versions/3:predict"] {
                let rows = try await server.ask("POST", path, #"{"instances":[\#(row),\#(row)]}"#)
                #expect(rows.body == #"{"predictions":[\#(row),\#(row)]}"#)
            }
            let columns = #"{"image_bytes":[{"b64":"/9j/"},{"b64":""}],"id":[7,8]}"#
            #expect(
                try await server.ask("POST", "/v1/models/images:predict", #"{"inputs":\#(columns)}"#).body
                    == #"{"outputs":\#(columns)}"#)
            // Texts by another name stay texts.
            #expect(
                try await server.ask(
                    "POST", "/v1/models/echo:predict", #"{"instances":[{"text":{"b64":"YQ=="},"id":7}]}"#
                ).body == #"{"predictions":[{"text":"a","id":7}]}"#)
            let broken = try await server.ask(
                "POST", "/v1/models/echo:predict", #"{"instances":[{"text":{"b64":"/w=="},"id":7}]}"#)
            #expect(broken.body.contains("IN-008"), "\(broken.body)")
            // MLflow's callers know nothing of TensorFlow Serving's names.
            #expect(
                try await server.ask(
                    "POST", "/invocations?endpoint=images",
                    #"{"dataframe_records":[{"image_bytes":"a","id":7}]}"#
                ).body == #"{"predictions":[{"image_bytes":"a","id":7}]}"#)
        }
    }

    @Test(arguments: [
        (#"{"instances":[[1,2]]}"#, "IN-007"), (#"{"instances":[{"a":1,"b":2}]}"#, "IN-003"),
        (#"{"instances":[{"a":1,"b":2,"c":3,"d":4}]}"#, "IN-002"), (#"{"instances":[[1,2,3]],"inputs":[]}"#, "IN-004"),
        (#"{"signature_name":"other","instances":[[1,2,3]]}"#, "IN-010"), (#"{"rows":[[1,2,3]]}"#, "IN-002"),
        (#"{"instances":[[1,2,3]],"parameters":{"a":1}}"#, "IN-010"), (#"{"instances":[[1,2,3]]"#, "IN-001"),
        ("", "IN-001"),
    ])
    func badRowsAreExplained(_ body: String, code: String) async throws {
        try await RunningServer.with([SumEngine.state()]) { server in
            let answer = try await server.ask("POST", "/v1/models/sum:predict", body)
            #expect(answer.status == 400)
            #expect(try answer.json("code") == "\"\(code)\"", "\(answer.body)")
            #expect(try !answer.json("error").isEmpty)
        }
    }

    @Test func kserveAndTensorFlowReadOneDescription() async throws {
        let down = EndpointState(
            record: try record("down", version: 2), live: nil,
            problem: Explanation(.answersDiffer, .conflict, "It differs."))
        try await RunningServer.with([SumEngine.state(), down]) { server in
            #expect(try await server.ask("GET", "/").body == #"{"status":"alive"}"#)
            #expect(try await server.ask("GET", "/v1/models").body == #"{"models":["down","sum"]}"#)
            let ready = try await server.ask("GET", "/v1/models/sum")
            #expect(try ready.json("ready") == "true")
            #expect(
                try ready.json("model_version_status", "0")
                    == #"{"state":"AVAILABLE","status":{"error_code":"OK","error_message":""},"version":"3"}"#)
            let not = try await server.ask("GET", "/v1/models/down")
            #expect(not.status == 503)
            #expect(try not.json("ready") == "false")
            #expect(try not.json("model_version_status", "0", "status", "error_message") == #""It differs.""#)
            #expect(try await server.ask("GET", "/v1/models/nobody").status == 404)
            let metadata = try await server.ask("GET", "/v1/models/sum/metadata")
            #expect(
                try metadata.json(
                    "metadata", "signature_def", "signature_def", "serving_default", "inputs", "x", "dtype")
                    == #""DT_FLOAT""#)
            #expect(try await server.ask("POST", "/v1/models/sum", "{}").status == 405)
            #expect(try await server.ask("GET", "/v1/models/sum:predict").status == 405)
        }
    }
}

struct InvocationTests {
    @Test(arguments: [
        #"{"dataframe_split":{"columns":["c","extra","a","b"],"data":[[3,0,1,2]]}}"#,
        #"{"dataframe_records":[{"b":2,"a":1,"c":3,"extra":null}]}"#, #"{"instances":[[1,2,3]]}"#,
        #"{"inputs":[[1,2,3]],"params":{}}"#, #"{"inputs":{"a":[1],"b":[2],"c":[3]}}"#,
    ])
    func everyFormOfMLflowIsRead(_ body: String) async throws {
        try await RunningServer.with([SumEngine.state()]) { server in
            let answer = try await server.ask(
                "POST", "/invocations", headers: ["Content-Type: application/json; charset=utf-8"], body)
            #expect(answer.body == #"{"predictions":[6.0]}"#)
        }
    }

    @Test func tablesComeAndGoAsCSV() async throws {
        try await RunningServer.with([doubling()]) { server in
            let csv = "c,a,b,other\n3,1,2,x\n6,4,5,y\n"
            let json = try await server.ask("POST", "/invocations", headers: ["Content-Type: text/csv"], csv)
            #expect(
                json.body
                    == #"{"predictions":[{"y":[2.0,4.0,6.0],"total":6.0},{"y":[8.0,10.0,12.0],"total":15.0}]}"#)
            let table = try await server.ask(
                "POST", "/invocations", headers: ["Content-Type: text/csv", "Accept: text/csv"], csv)
            #expect(table.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(table.body == "y[0],y[1],y[2],total\n2.0,4.0,6.0,6.0\n8.0,10.0,12.0,15.0\n")
            let own = try await server.ask(
                "POST", "/v1/endpoints/doubling/predict", headers: ["Accept: application/json;q=0.5, text/csv"],
                #"{"a":1,"b":2,"c":3}"#)
            #expect(own.body == "y[0],y[1],y[2],total\n2.0,4.0,6.0,6.0\n")
            let both = try await server.ask(
                "POST", "/v1/endpoints/doubling/predict", headers: ["Accept: application/json, text/csv"],
                #"{"a":1,"b":2,"c":3}"#)
            #expect(both.headers["content-type"] == "application/json")
        }
    }

    @Test(arguments: [
        (#"{"dataframe_records":[{"a":1}]}"#, "BAD_REQUEST", 400), ("[]", "BAD_REQUEST", 400),
        (#"{"instances":[[1,2,3]],"inputs":[[1,2,3]]}"#, "BAD_REQUEST", 400),
        (#"{"instances":[[1,2,3]],"params":{"top":1}}"#, "INVALID_PARAMETER_VALUE", 400),
    ])
    func faultsComeInMLflowsWords(_ body: String, code: String, status: Int) async throws {
        try await RunningServer.with([SumEngine.state()]) { server in
            let answer = try await server.ask("POST", "/invocations", body)
            #expect(answer.status == status)
            #expect(try answer.json("error_code") == "\"\(code)\"", "\(answer.body)")
            #expect(try !answer.json("message").isEmpty)
        }
    }

    @Test(arguments: [
        "application/vnd.apache.parquet", "application/x-npy", "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
    ])
    func typesThatAreNotReadAreRefused(_ type: String) async throws {
        try await RunningServer.with([SumEngine.state()]) { server in
            let answer = try await server.ask(
                "POST", "/invocations", headers: ["Content-Type: \(type)"], #"{"instances":[[1,2,3]]}"#)
            #expect(answer.status == 415)
            #expect(try answer.json("code") == #""IN-010""#)
        }
    }

    @Test func whichEndpointAnswersIsSaid() async throws {
        let body = #"{"instances":[[1,2,3]]}"#
        try await RunningServer.with([SumEngine.state(), doubling()]) { server in
            let unnamed = try await server.ask("POST", "/invocations", body)
            #expect(unnamed.status == 404)
            #expect(try unnamed.json("error_code") == #""RESOURCE_DOES_NOT_EXIST""#)
            #expect(unnamed.body.contains("doubling, sum"))
            #expect(try await server.ask("POST", "/invocations?endpoint=sum", body).body.contains("[6.0]"))
            #expect(
                try await server.ask("POST", "/invocations", headers: ["X-Amzn-SageMaker-Target-Model: sum"], body)
                    .status == 200)
            #expect(try await server.ask("POST", "/invocations?endpoint=nobody", body).status == 404)
            #expect(try await server.ask("POST", "/invocations?other=1", body).status == 400)
        }
        try await RunningServer.with([SumEngine.state(), doubling()], settings: { $0.invocations = "sum" }) { server in
            let answer = try await server.ask("POST", "/invocations", body)
            #expect(answer.body.contains("[6.0]"))
        }
    }

    @Test func aTokenForOneEndpointOpensItsInvocationsOnly() async throws {
        let body = #"{"instances":[[1,2,3]]}"#
        try await RunningServer.with([SumEngine.state(), doubling()], settings: onAllNetworks) { server in
            let token = try await server.authority.makeToken(
                for: "eve", .predictor, scope: Scope(endpoints: [EndpointName("sum")]))
            #expect(try await server.ask("POST", "/invocations?endpoint=sum", body, token: token).status == 200)
            let other = try await server.ask("POST", "/invocations?endpoint=doubling", body, token: token)
            #expect(other.status == 401)
            #expect(try other.json("error_code") == #""UNAUTHENTICATED""#)
        }
    }

    @Test func healthIsToldInWords() async throws {
        try await RunningServer.with([SumEngine.state()]) { server in
            for path in ["/ping", "/health"] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 200)
                #expect(answer.body == "\n")
            }
            #expect(try await server.ask("GET", "/version").body == "1.2.3")
        }
        try await RunningServer.with([SumEngine.state()], isComplete: false) { server in
            let answer = try await server.ask("GET", "/ping")
            #expect(answer.status == 503)
        }
    }
}

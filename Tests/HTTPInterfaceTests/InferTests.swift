// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import Testing

struct InferTests {
    let path = "/v2/models/doubling/infer"

    private func body(_ data: String = "[1,2,3]", shape: String = "[1,3]", rest: String = "") -> String {
        #"{"inputs":[{"name":"x","shape":\#(shape),"datatype":"FP32","data":\#(data)}]\#(rest)}"#
    }

    @Test func tensorsGetTensors() async throws {
        try await RunningServer.with { server in
            for path in [path, "/v2/models/doubling/versions/3/infer"] {
                let answer = try await server.ask("POST", path, body(rest: #","id":"mine""#))
                #expect(answer.status == 200)
                #expect(try answer.json("id") == #""mine""#)
                #expect(try answer.json("model_name") == #""doubling""#)
                #expect(try answer.json("model_version") == #""3""#)
                #expect(try answer.json("outputs", "0", "data") == "[2,4,6]")
                #expect(try answer.json("outputs", "0", "shape") == "[1,3]")
                #expect(try answer.json("outputs", "1", "name") == #""total""#)
                let id = try #require(answer.headers["slipway-prediction-id"])
                #expect(try answer.json("parameters", "prediction_id") == "\"\(id)\"")
            }
        }
    }

    @Test func onlyTheOutputsAskedForComeAndInTheirOrder() async throws {
        try await RunningServer.with { server in
            let one = try await server.ask("POST", path, body(rest: #","outputs":[{"name":"total"}]"#))
            #expect(try one.json("outputs", "0", "data") == "[6]")
            #expect(!one.body.contains(#""y""#))
            let both = try await server.ask("POST", path, body(rest: #","outputs":[{"name":"total"},{"name":"y"}]"#))
            #expect(try both.json("outputs", "1", "name") == #""y""#)
        }
    }

    @Test func binaryTensorsGoBothWays() async throws {
        try await RunningServer.with { server in
            let json =
                #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}],"#
                + #""parameters":{"binary_data_output":true}}"#
            // One byte of padding makes the floats unaligned in the buffer for one of the two.
            for json in [json, json + " "] {
                let floats = [Float(1), 2, 3].flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
                }
                let answer = try await server.ask(
                    "POST", path, headers: ["Inference-Header-Content-Length: \(json.utf8.count)"],
                    bytes: Array(json.utf8) + floats)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "application/octet-stream")
                let count = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
                let payload = Array(answer.bytes[count...])
                let expected = [Float(2), 4, 6, 6].flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
                }
                #expect(payload == expected)
            }
        }
    }

    @Test func oneOutputCanBeBinaryAndAnotherNot() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask(
                "POST", path,
                body(rest: #","outputs":[{"name":"y"},{"name":"total","parameters":{"binary_data":true}}]"#))
            let count = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
            #expect(answer.bytes.count - count == 4)
            #expect(String(decoding: answer.bytes[..<count], as: UTF8.self).contains(#""data":[2"#))
        }
    }

    @Test func textsAndLongIntegersSurvive() async throws {
        try await RunningServer.with([echo()]) { server in
            let answer = try await server.ask(
                "POST", "/v2/models/echo/infer",
                #"{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["grüß \"dich\""]},"#
                    + #"{"name":"id","shape":[1],"datatype":"INT64","data":[9007199254740993]}]}"#)
            #expect(answer.body.contains("9007199254740993"))
            #expect(answer.body.contains(#"["grüß \"dich\""]"#))
        }
    }

    @Test(arguments: [
        (#"{"inputs":[{"name":"z","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "IN-002"),
        (#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#, "IN-007"),
        (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"INT32","data":[1,2,3]}]}"#, "IN-005"),
        (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2]}]}"#, "IN-007"),
        (#"{"inputs":[{"name":"x","shape":[-1,3],"datatype":"FP32","data":[]}]}"#, "IN-007"),
        (#"{"inputs":[{"name":"x","shape":[4611686018427387904,4],"datatype":"FP32","data":[]}]}"#, "IN-007"),
        (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,"2",3]}]}"#, "IN-005"),
        (#"{"inputs":[]}"#, "IN-003"),
        (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#, "IN-001"),
    ])
    func badTensorsAreExplained(_ body: String, code: String) async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", path, body)
            #expect(answer.status == 400)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(try answer.json("code") == "\"\(code)\"", "\(answer.body)")
            #expect(try !answer.json("error").isEmpty)
            #expect(answer.headers["slipway-prediction-id"]?.count == 36)
        }
    }

    @Test func whatCannotBeHonouredIsRefused() async throws {
        try await RunningServer.with { server in
            let refused = [
                #","parameters":{"content_type":"datetime"}"#,
                #","parameters":{"sequence_id":5}"#,
                #","outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]"#,
            ]
            for rest in refused {
                let answer = try await server.ask("POST", path, body(rest: rest))
                #expect(answer.status == 400)
                #expect(try answer.json("code") == #""IN-010""#)
            }
            for input in [
                #""name":"x","parameters":{"shared_memory_region":"r","shared_memory_byte_size":12}"#,
                #""parameters":{"shared_memory_offset":0},"name":"x","data":[1,2,3]"#,
            ] {
                let shared = try await server.ask(
                    "POST", path, #"{"inputs":[{"shape":[1,3],"datatype":"FP32",\#(input)}]}"#)
                #expect(shared.status == 400)
                #expect(try shared.json("code") == #""IN-010""#, "\(shared.body)")
                #expect(try shared.json("details", "field") == #""x""#, "\(shared.body)")
                #expect(try shared.json("error").contains("shared_memory_"))
            }
            let unknown = try await server.ask("POST", path, body(rest: #","outputs":[{"name":"totl"}]"#))
            #expect(try unknown.json("code") == #""IN-002""#)
            #expect(unknown.body.contains("total"))
            // A parameter that only names where the tensors come from changes nothing.
            let harmless = try await server.ask("POST", path, body(rest: #","parameters":{"content_type":"np"}"#))
            #expect(harmless.status == 200)
        }
    }

    @Test func aBinarySizeThatLiesIsRefused() async throws {
        try await RunningServer.with { server in
            let json =
                #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}]}"#
            let length = String(json.utf8.count)
            for (header, extra) in [(length, 8), (length, 16), ("99999", 12), ("-4", 12), ("x", 12)] {
                let answer = try await server.ask(
                    "POST", path, headers: ["Inference-Header-Content-Length: \(header)"],
                    bytes: Array(json.utf8) + [UInt8](repeating: 0, count: extra))
                #expect(answer.status == 400, "\(header) with \(extra) bytes")
            }
        }
    }

    @Test func anotherVersionThanTheLiveOneIsNotFound() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("POST", "/v2/models/doubling/versions/2/infer", body())
            #expect(answer.status == 404)
            #expect(try answer.json("code") == #""REG-002""#)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPInterface
import Testing

struct OpenAPITests {
    /// Every documented call of the event loop is where the document says.
    @Test(arguments: FastRoute.documented)
    func documentedPathsLeadBackToTheirRoute(_ route: FastRoute) {
        #expect(!route.paths.isEmpty)
        for path in route.paths { #expect(FastRoute(path: path[...]) == route, "\(path)") }
    }

    /// The document and the server agree: each call that it lists is there with its method, and says what it does.
    @Test func everyListedCallIsThere() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/openapi.json")
            #expect(answer.status == 200)
            #expect(try answer.json("openapi") == #""3.1.0""#)
            let paths = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.bytes)) as? [String: Any])["paths"]
            let calls = try #require(paths as? [String: [String: [String: Any]]])
            for own in FastRoute.documented.flatMap(\.paths) { #expect(calls[own] != nil, "\(own) is not listed") }
            for administered in ["/v1/status", "/v1/endpoints/{endpoint}/rollback", "/v1/blobs/{digest}"] {
                #expect(calls[administered] != nil, "\(administered) is not listed")
            }
            for (path, methods) in calls {
                let place = path.replacing("{name}", with: "doubling").replacing("{version}", with: "3")
                    .replacing("{endpoint}", with: "nobody").replacing("{", with: "").replacing("}", with: "")
                for (method, call) in methods {
                    #expect((call["summary"] as? String)?.isEmpty == false, "\(method) \(path) says nothing")
                    // Without a token, so that nothing is changed: what is not there is 404 all the same.
                    let reply = try await server.ask(method.uppercased(), place, method == "get" ? "" : "{}")
                    #expect(!reply.body.contains("SRV-004") && reply.status != 405, "\(method) \(path)")
                }
            }
        }
    }

    @Test func typesAreThoseThatAreDecoded() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/openapi.json")
            let deploy = ["components", "schemas", "DeployV1"]
            #expect(try answer.json(deploy[0], deploy[1], deploy[2], "required") == #"["model","version"]"#)
            #expect(
                try answer.json(deploy[0], deploy[1], deploy[2], "properties", "settings")
                    == #"{"additionalProperties":{"type":"string"},"type":"object"}"#)
            #expect(
                try answer.json("components", "schemas", "EndpointV1", "properties", "proof", "$ref").contains(
                    "ProofV1"))
        }
    }

    @Test func anEndpointIsDescribedByItsSignature() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/v1/endpoints/doubling/openapi.json")
            #expect(answer.status == 200)
            let path = "/v1/endpoints/doubling/predict"
            let row = try answer.json(
                "paths", path, "post", "requestBody", "content", "application/json", "schema", "oneOf", "0")
            #expect(row.contains(#""required":["a","b","c"]"#))
            #expect(row.contains(#""additionalProperties":false"#))
            #expect(answer.body.contains(#""const":"FP32""#))
            #expect(try await server.ask("GET", "/v1/endpoints/nobody/openapi.json").json("code") == #""REG-003""#)
            let foreign = try await server.ask(
                "GET", "/v1/endpoints/doubling/openapi.json", headers: ["Host: evil.example"])
            #expect(foreign.status == 401)
        }
    }
}

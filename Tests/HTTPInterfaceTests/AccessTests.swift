// SPDX-License-Identifier: Apache-2.0
import AccessControl
import HTTPInterface
import InferenceServing
import ModelDomain
import Testing

struct AccessTests {
    let path = "/v1/endpoints/doubling/predict"
    let row = #"{"a":1,"b":2,"c":3}"#

    @Test func predictionsAreOpenOnLoopbackOnly() async throws {
        try await RunningServer.with { server in
            for host in ["Host: localhost:8080", "Host: 127.0.0.1", "Host: [::1]:80"] {
                #expect(try await server.ask("POST", path, headers: [host], row).status == 200)
            }
            let refused = [
                ["Host: evil.example"], ["X-Forwarded-For: 1.2.3.4"], ["Forwarded: for=1.2.3.4"], ["Via: 1.1 proxy"],
            ]
            for headers in refused {
                let answer = try await server.ask("POST", path, headers: headers, row)
                #expect(answer.status == 401)
                #expect(answer.headers["www-authenticate"] == "Bearer")
                #expect(answer.headers["slipway-prediction-id"] != nil)
                #expect(try await server.ask("GET", "/v2/models/doubling", headers: headers).status == 401)
                // With a token it does not matter where a request comes from.
                let known = try await server.ask(
                    "POST", path, headers: headers, row, token: server.administratorToken)
                #expect(known.status == 200)
            }
        }
    }

    @Test func oneConnectionIsNotJudgedByItsFirstRequest() async throws {
        try await RunningServer.with { server in
            try await RawClient.with(port: server.port) { client in
                let live = "/v2/health/live"
                try await client.send(
                    request("GET", live) + request("GET", live, headers: ["Host: evil.example"]) + request("GET", live)
                        + request("GET", live, headers: ["X-Forwarded-Host: a"]) + request("GET", live))
                for status in [200, 401, 200, 401, 200] { #expect(try await client.answer().status == status) }
            }
        }
    }

    @Test func aRequestWithTwoHostsIsNotJudgedByOneOfThem() async throws {
        try await RunningServer.with { server in
            let (own, foreign) = ("Host: localhost", "Host: evil.example")
            for hosts in [[foreign, own], [own, foreign]] {
                let answer = try await server.ask("POST", path, headers: hosts, row)
                #expect(answer.status == 400)
            }
        }
    }

    @Test func aServerForOtherMachinesWantsATokenForPredictions() async throws {
        try await RunningServer.with(settings: onAllNetworks) { server in
            #expect(try await server.ask("POST", path, row).status == 401)
            let token = try await server.authority.makeToken(for: "eve", role: .predictor)
            #expect(try await server.ask("POST", path, row, token: token).status == 200)
            #expect(try await server.ask("POST", path, row, token: token + "x").status == 401)
        }
    }

    @Test func aTokenForOneEndpointOpensNoOther() async throws {
        try await RunningServer.with([doubling(), echo()], settings: onAllNetworks) { server in
            let token = try await server.authority.makeToken(
                for: "eve", role: .predictor, scope: EndpointName("doubling"))
            #expect(try await server.ask("POST", path, row, token: token).status == 200)
            #expect(try await server.ask("POST", "/v1/endpoints/echo/predict", row, token: token).status == 401)
        }
    }

    @Test func administrationAlwaysWantsAToken() async throws {
        try await RunningServer.with { server in
            let calls = [
                ("GET", "/v1/status"), ("GET", "/v1/registry/models"), ("GET", "/v1/endpoints"), ("GET", "/v1/ledger"),
                ("GET", "/v1/ledger/verification"), ("GET", "/v1/logs"), ("DELETE", "/v1/endpoints/doubling"),
                ("POST", "/v1/endpoints/doubling/deployments"), ("POST", "/v1/endpoints/doubling/rollback"),
                ("POST", "/v1/registry/models/m/versions"), ("PUT", "/v1/registry/models/m/aliases/a"),
                ("PUT", "/v1/blobs/sha256:00"),
            ]
            for (method, path) in calls {
                let answer = try await server.ask(method, path, "{}")
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
                #expect(try answer.json("code") == #""ACC-001""#)
            }
            #expect(try await server.ask("GET", path, "{}").status == 405)
            #expect(server.inference.table.endpoints["doubling"] != nil)
        }
    }

    @Test func whoMayLookMayNotChange() async throws {
        try await RunningServer.with { server in
            let viewer = try await server.authority.makeToken(for: "vic", role: .viewer)
            let predictor = try await server.authority.makeToken(for: "pat", role: .predictor)
            #expect(try await server.ask("GET", "/v1/status", token: viewer).status == 200)
            #expect(try await server.ask("GET", "/v1/status", token: predictor).status == 401)
            #expect(try await server.ask("DELETE", "/v1/endpoints/doubling", token: viewer).status == 401)
        }
    }
}

func onAllNetworks(_ settings: inout HTTPServerSettings) {
    settings.listening = .address(host: "0.0.0.0", port: 0, sharesPort: false)
}

// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
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
            let token = try await server.authority.makeToken(for: "eve", .predictor)
            #expect(try await server.ask("POST", path, row, token: token).status == 200)
            #expect(try await server.ask("POST", path, row, token: token + "x").status == 401)
        }
    }

    @Test func aTokenForOneEndpointOpensNoOther() async throws {
        try await RunningServer.with([doubling(), echo()], settings: onAllNetworks) { server in
            let token = try await server.authority.makeToken(
                for: "eve", .predictor, scope: Scope(endpoints: [EndpointName("doubling")]))
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
            let viewer = try await server.authority.makeToken(for: "vic", .viewer)
            let predictor = try await server.authority.makeToken(for: "pat", .predictor)
            #expect(try await server.ask("GET", "/v1/status", token: viewer).status == 200)
            #expect(try await server.ask("GET", "/v1/status", token: predictor).status == 401)
            #expect(try await server.ask("DELETE", "/v1/endpoints/doubling", token: viewer).status == 401)
        }
    }

    @Test func listsShowWhatATokenMaySee() async throws {
        try await RunningServer.with([doubling(), echo()], settings: onAllNetworks) { server in
            let scope = Scope(endpoints: [try EndpointName("doubling")])
            let token = try await server.authority.makeToken(for: "eve", .viewer, scope: scope)
            let all = try await server.authority.makeToken(for: "max", .viewer)
            for (method, path) in [
                ("GET", "/v2/models"), ("GET", "/v1/models"), ("GET", "/v2/models/stats"),
                ("POST", "/v2/repository/index"), ("GET", "/v1/endpoints"), ("GET", "/v1/status"), ("GET", "/metrics"),
            ] {
                let body = method == "POST" ? "{}" : ""
                let seen = try await server.ask(method, path, body, token: token)
                #expect(seen.status == 200, "\(path)")
                #expect(seen.body.contains("doubling") && !seen.body.contains("echo"), "\(path)")
                #expect(try await server.ask(method, path, body, token: all).body.contains("echo"), "\(path)")
            }
            for path in ["/v2", "/v2/health/live", "/v2/health/ready", "/ping", "/openapi.json", "/version", "/"] {
                #expect(try await server.ask("GET", path, token: token).status == 200, "\(path)")
            }
            for path in ["/v2/models/doubling", "/v2/models/doubling/ready", "/v1/endpoints/doubling/openapi.json"] {
                let other = path.replacing("doubling", with: "echo")
                #expect(try await server.ask("GET", path, token: token).status == 200, "\(path)")
                let elsewhere = try await server.ask("GET", other, token: token)
                let nowhere = try await server.ask("GET", path.replacing("doubling", with: "none"), token: token)
                #expect(elsewhere.status == 401 && nowhere.status == 401)
                #expect(elsewhere.body.replacing("echo", with: "none") == nowhere.body, "\(path)")
            }
        }
    }

    @Test func aPasswordIsTheTokenWhateverTheUserIsCalled() async throws {
        try await RunningServer.with(settings: onAllNetworks) { server in
            let token = try await server.authority.makeToken(for: "eve", .viewer, .predictor)
            let basic = Data("anybody:\(token)".utf8).base64EncodedString()
            let headers = ["Authorization: Basic \(basic)"]
            #expect(try await server.ask("POST", path, headers: headers, row).status == 200)
            #expect(try await server.ask("GET", "/v1/status", headers: headers).status == 200)
            let wrong = ["Authorization: Basic \(basic.dropLast(4))"]
            #expect(try await server.ask("GET", "/v1/status", headers: wrong).status == 401)
        }
    }

    /// On one connection, from one request to the next.
    @Test func aRevokedTokenIsRefusedAtOnce() async throws {
        try await RunningServer.with(settings: onAllNetworks) { server in
            let token = try await server.authority.makeToken(for: "eve", .predictor)
            let id = TokenID(of: Digest(of: token.utf8))
            try await RawClient.with(port: server.port) { client in
                let asking = head("POST", path, [], row.utf8.count, token: token) + row
                try await client.send(asking)
                #expect(try await client.answer().status == 200)
                let revoked = try await server.ask("DELETE", "/v1/tokens/\(id)", token: server.administratorToken)
                #expect(revoked.status == 204)
                try await client.send(asking)
                #expect(try await client.answer().status == 401)
            }
        }
    }

    /// A body's own project is judged, whatever the query says.
    @Test func theProjectThatIsJudgedIsTheOneThatIsUsed() async throws {
        try await RunningServer.with { server in
            let scope = Scope(project: try ProjectName("growth"))
            let token = try await server.authority.makeToken(for: "eve", .developer, .approver, scope: scope)
            let digest = Digest(of: [1])
            let model = "/v1/registry/models/m/versions"
            for project in [#""project":"other","#, #""project":null,"#, "", #""project":"default","#] {
                let body = #"{\#(project)"manifest":"\#(digest)","provenance":"\#(digest)"}"#
                let refused = try await server.ask("POST", model + "?project=growth", body, token: token)
                #expect(refused.status == 401, "\(project)")
                let deploy = #"{\#(project)"model":"m","version":"1"}"#
                let deployed = try await server.ask(
                    "POST", "/v1/endpoints/new/deployments?project=growth", deploy, token: token)
                #expect(deployed.status == 401, "\(project)")
            }
            let own = #"{"project":"growth","manifest":"\#(digest)","provenance":"\#(digest)"}"#
            #expect(try await server.ask("POST", model, own, token: token).json("code") == #""REG-007""#)
            // The endpoint is another project's.
            let taken = #"{"project":"growth","model":"m","version":"1"}"#
            let refused = try await server.ask("POST", "/v1/endpoints/doubling/deployments", taken, token: token)
            #expect(refused.status == 401)
            #expect(try refused.json("code") == #""ACC-002""#)
        }
    }
}

func onAllNetworks(_ settings: inout HTTPServerSettings) {
    settings.listening = .address(host: "0.0.0.0", port: 0, sharesPort: false)
}

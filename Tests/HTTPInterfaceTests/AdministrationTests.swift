// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import ModelDomain
import ModelExecution
import Testing

struct AdministrationTests {
    /// Uploads a bundle of the doubling model; `note` makes its content another one.
    private func upload(_ server: RunningServer, note: String = "") async throws -> (bundle: Digest, origin: Digest) {
        let model = Array("model \(note)".utf8)
        let manifest = BundleManifest(
            engine: "doubling", model: "model.onnx", task: nil, signature: DoublingEngine.signature, proof: nil,
            baseline: nil,
            files: [try BundleFile(path: "model.onnx", digest: Digest(of: model), byteCount: model.count)])
        let provenance = Array("{}".utf8)
        for bytes in [model, manifest.canonicalBytes, provenance] {
            let answer = try await server.ask(
                "PUT", "/v1/blobs/\(Digest(of: bytes))", bytes: bytes, token: server.administratorToken)
            #expect(answer.status == 201)
        }
        return (Digest(of: manifest.canonicalBytes), Digest(of: provenance))
    }

    private func register(_ server: RunningServer, note: String = "") async throws {
        let (bundle, origin) = try await upload(server, note: note)
        let answer = try await server.ask(
            "POST", "/v1/registry/models/twice/versions", #"{"manifest":"\#(bundle)","provenance":"\#(origin)"}"#,
            token: server.administratorToken)
        #expect(answer.status == 201, "\(answer.body)")
    }

    @Test func aModelIsUploadedRegisteredDeployedAndRolledBack() async throws {
        try await RunningServer.with([]) { server in
            let token = server.administratorToken
            try await register(server, note: "one")
            try await register(server, note: "two")
            for version in ["1", "2"] {
                let answer = try await server.ask(
                    "POST", "/v1/endpoints/live/deployments",
                    #"{"model":"twice","version":"\#(version)","reason":"because"}"#, token: token)
                #expect(answer.status == 200, "\(answer.body)")
                #expect(try answer.json("endpoint", "liveVersion") == version)
                #expect(try answer.json("unchanged") == "false")
            }
            let row = #"{"a":1,"b":2,"c":3}"#
            #expect(try await server.ask("POST", "/v1/endpoints/live/predict", row).json("version") == "2")

            let back = try await server.ask("POST", "/v1/endpoints/live/rollback", token: token)
            #expect(try back.json("replacedVersion") == "2")
            #expect(try await server.ask("POST", "/v1/endpoints/live/predict", row).json("version") == "1")
            let further = try await server.ask("POST", "/v1/endpoints/live/rollback", token: token)
            #expect(further.status == 409)
            #expect(try further.json("code") == #""REG-006""#)

            let history = try await server.ask("GET", "/v1/endpoints/live", token: token)
            #expect(try history.json("deployments", "0", "restores") == "1")
            #expect(try history.json("deployments", "2", "generation") == "1")
            #expect(try history.json("endpoint", "proof", "proven") == "false")

            let ledger = try await server.ask("GET", "/v1/ledger?from=2&limit=2", token: token)
            #expect(try ledger.json("entries", "0", "actor") == #""ada""#)
            #expect(try ledger.json("entries", "0", "reason") == #""because""#)
            let verified = try await server.ask("GET", "/v1/ledger/verification", token: token)
            #expect(try verified.json("verifiedEntries") == "5")

            #expect(try await server.ask("DELETE", "/v1/endpoints/live", token: token).status == 204)
            #expect(try await server.ask("POST", "/v1/endpoints/live/predict", row).status == 404)
        }
    }

    @Test func settingsAreSetAndShown() async throws {
        try await RunningServer.with([]) { server in
            let token = server.administratorToken
            try await register(server)
            let deployed = try await server.ask(
                "POST", "/v1/endpoints/live/deployments",
                #"{"model":"twice","version":"1","settings":{"queue":"9"}}"#, token: token)
            #expect(try deployed.json("endpoint", "settings", "queue") == #""9""#)
            let set = try await server.ask(
                "PATCH", "/v1/endpoints/live", #"{"settings":{"run_on":"lane","deadline":"100ms"},"reason":"heavy"}"#,
                token: token)
            #expect(set.status == 200, "\(set.body)")
            #expect(try set.json("runsOn") == #""lane""#)
            #expect(try set.json("settings", "queue") == #""9""#)
            #expect(try await server.ask("POST", "/v1/endpoints/live/predict", #"{"a":1,"b":2,"c":3}"#).status == 200)
            let shown = try await server.ask("GET", "/v1/endpoints/live", token: token)
            #expect(try shown.json("endpoint", "settings", "deadline") == #""100ms""#)
            #expect(try shown.json("endpoint", "requests", "rows") == "1")
            let reset = try await server.ask(
                "PATCH", "/v1/endpoints/live", #"{"settings":{},"reset":true}"#, token: token)
            #expect(try reset.json("settings", "deadline") == #""30s""#)
            let inline = try await server.ask(
                "PATCH", "/v1/endpoints/live", #"{"settings":{"run_on":"inline"}}"#, token: token)
            #expect(try inline.json("runsOn") == #""inline""#)

            for (body, code) in [
                (#"{"settings":{"dedline":"1s"}}"#, "IN-002"), (#"{"settings":{"deadline":"soon"}}"#, "IN-006"),
                (#"{"settings":{"queue":9}}"#, "IN-001"),
            ] {
                let answer = try await server.ask("PATCH", "/v1/endpoints/live", body, token: token)
                #expect(answer.status == 400)
                #expect(try answer.json("code") == "\"\(code)\"")
            }
            #expect(
                try await server.ask("PATCH", "/v1/endpoints/none", #"{"settings":{}}"#, token: token).status == 404)
            #expect(try await server.ask("PATCH", "/v1/endpoints/live", #"{"settings":{}}"#).status == 401)
        }
    }

    @Test func aliasesPointToVersions() async throws {
        try await RunningServer.with([]) { server in
            let token = server.administratorToken
            try await register(server)
            let path = "/v1/registry/models/twice/aliases/champion"
            let set = try await server.ask("PUT", path, #"{"version":1}"#, token: token)
            #expect(try set.json("aliases", "champion") == "1")
            let graph = "/v1/registry/models/twice/versions/@champion/graph"
            #expect(try await server.ask("GET", graph, token: token).body.contains("Version 1 of “twice” is no graph"))
            #expect(try await server.ask("PUT", path, #"{"version":9}"#, token: token).status == 404)
            #expect(try await server.ask("DELETE", path, token: token).status == 200)
            #expect(try await server.ask("DELETE", path, token: token).status == 404)
            #expect(try await server.ask("GET", "/v1/registry/models", token: token).json("0", "name") == #""twice""#)
            #expect(try await server.ask("GET", "/v1/registry/models/twic", token: token).body.contains("twice"))
        }
    }

    @Test func contentsAreStreamedAndChecked() async throws {
        try await RunningServer.with([], settings: { $0.maxBlobBytes = 3 << 20 }) { server in
            let token = server.administratorToken
            let content = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
            let path = "/v1/blobs/\(Digest(of: content))"
            #expect(try await server.ask("HEAD", path, token: token).status == 404)
            #expect(try await server.ask("PUT", path, bytes: content, token: token).status == 201)
            #expect(try await server.ask("HEAD", path, token: token).status == 200)
            #expect(server.blobs.largestPiece < 1 << 20)

            let other = try await server.ask("PUT", path, bytes: [1, 2, 3], token: token)
            #expect(try other.json("code") == #""REG-013""#)
            let large = try await server.ask("PUT", path, bytes: content + [0], token: token)
            #expect(large.status == 413)
            #expect(try await server.ask("PUT", "/v1/blobs/abc", bytes: [1], token: token).status == 400)
        }
    }

    @Test func statusTellsWhatRuns() async throws {
        try await RunningServer.with { server in
            let answer = try await server.ask("GET", "/v1/status", token: server.administratorToken)
            #expect(try answer.json("version") == #""1.2.3""#)
            #expect(try answer.json("residentBytes") == "42")
            #expect(try answer.json("engines", "0", "name") == #""doubling""#)
            #expect(try answer.json("endpoints", "0", "ready") == "true")
            #expect(try answer.json("endpoints", "0", "oneRowMicroseconds") == "1")
            #expect(try answer.json("endpoints", "0", "signature", "columns") == #"["a","b","c"]"#)
            let logs = try await server.ask("GET", "/v1/logs?lines=2", token: server.administratorToken)
            #expect(logs.body == #"{"lines":["line 1","line 2"]}"#)
        }
    }

    @Test func mistakesAreExplained() async throws {
        try await RunningServer.with { server in
            let token = server.administratorToken
            let unknown = try await server.ask("GET", "/v1/nothing", token: token)
            #expect(unknown.status == 404)
            #expect(unknown.headers["content-type"] == "application/problem+json")
            #expect(try unknown.json("code") == #""SRV-004""#)

            let method = try await server.ask("PUT", "/v1/endpoints/doubling", token: token)
            #expect(method.status == 405)
            #expect(method.headers["allow"] == "DELETE, GET, PATCH")
            #expect(try method.json("code") == #""SRV-005""#)

            let path = "/v1/endpoints/doubling/deployments"
            #expect(try await server.ask("POST", path, "{", token: token).json("code") == #""IN-001""#)
            let missing = try await server.ask("POST", path, "{}", token: token)
            #expect(missing.body.contains("model"))
            let large = try await server.ask(
                "POST", path, String(repeating: " ", count: (1 << 20) + 1), token: token)
            #expect(large.status == 413)
            #expect(try await server.ask("GET", "/v1/ledger?limit=0", token: token).status == 400)
            #expect(try await server.ask("GET", "/v1/endpoints/%20", token: token).json("code") == #""REG-005""#)
        }
    }
}

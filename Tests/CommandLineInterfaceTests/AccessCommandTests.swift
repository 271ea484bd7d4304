// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import Foundation
import ModelDomain
import Testing
import WireTypes

/// `slipway token` and `slipway project`.
struct AccessCommandTests {
    private let time = Timestamp(microseconds: 1_795_238_676_123_456)

    @Test func aNewTokenIsTheWholeResultAndWhatItMayDoIsSaidBeside() async throws {
        let issued = IssuedTokenV1(token: "slp_secret", record: try record(project: "growth", endpoints: ["a", "b"]))
        try await FakeServer.with({ _ in try .json(issued, status: 201) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway(
                "token", "create", "ada", "--role", "approver,developer,approver", "--project", "growth", "--endpoint",
                "b", "--endpoint", "a", "--expires", "90d", "--note", "for the night", tools: tools)
            #expect(outcome.code == 0)
            #expect(outcome.output == "slp_secret\n")
            #expect(
                outcome.diagnostics == """
                    token 0123456789ab: ada is developer, approver; project growth; endpoints a, b
                    It is shown this once; only its hash is kept.

                    """)
            #expect(server.lines == ["POST /v1/tokens"])
            let body = try #require(server.requests.first).decoded(CreateTokenV1.self)
            #expect(
                body
                    == CreateTokenV1(
                        principal: "ada", roles: ["developer", "approver"], project: "growth", endpoints: ["b", "a"],
                        expiresIn: "90d", note: "for the night"))
        }
    }

    @Test func programsGetTheTokenWithItsRecord() async throws {
        let issued = IssuedTokenV1(token: "slp_secret", record: try record())
        try await FakeServer.with({ _ in try .json(issued, status: 201) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway(
                "token", "create", "ada", "--role", "viewer", "--format", "json", tools: tools)
            #expect(outcome.diagnostics.isEmpty)
            #expect(try JSONDecoder().decode(IssuedTokenV1.self, from: Data(outcome.output.utf8)) == issued)
            let body = try #require(server.requests.first).decoded(CreateTokenV1.self)
            #expect(body.endpoints == nil && body.project == nil && body.expiresIn == nil)
        }
    }

    @Test func tokensAreListedWithWhatTheyAllow() async throws {
        let tokens = [try record(), try record(project: "growth", endpoints: ["a"], expiresAt: time)]
        try await FakeServer.with({ _ in try .json(tokens) }) { server in
            let tools = FakeToolbox { $0.running = server.local }
            let outcome = await slipway("token", "list", tools: tools)
            #expect(
                outcome.output == """
                    TOKEN         PRINCIPAL  ROLES               PROJECT  ENDPOINTS  EXPIRES  CREATED                      BY   NOTE
                    0123456789ab  ada        developer,approver  all      all        never    2026-11-21T05:24:36.123456Z  max  why
                    0123456789ab  ada        developer,approver  growth   a          expired  2026-11-21T05:24:36.123456Z  max  why

                    """)
        }
    }

    @Test func everyRouteIsAskedAsItIsServed() async throws {
        try await FakeServer.with({ _ in FakeServer.Reply(status: 404) }) { server in
            let client = try SlipwayClient(url: server.url, token: nil)
            let id = try #require(TokenID("0123456789ab"))
            _ = try? await client.tokens()
            try? await client.revokeToken(id)
            _ = try? await client.rotateToken(id, grace: Lifetime("1h"))
            _ = try? await client.projects()
            _ = try? await client.createProject(try ProjectName("growth"))
            try? await client.removeProject(try ProjectName("growth"))
            #expect(
                server.lines == [
                    "GET /v1/tokens", "DELETE /v1/tokens/0123456789ab", "POST /v1/tokens/0123456789ab/rotation",
                    "GET /v1/projects", "POST /v1/projects", "DELETE /v1/projects/growth",
                ])
            #expect(try server.requests[2].decoded(RotateTokenV1.self).grace == "1h")
        }
    }

    /// A token that may register and not decide, or the other way round, learns what all of the command needs.
    @Test func aDeploymentThatIsNotPermittedSaysWhatItTakesAndHowFarItCame() async throws {
        let project = try FakeProject()
        let platform = FakePlatform()
        let refusal = Explanation(
            .tokenRefused, .denied, "The token of ada may not do this: its role is developer.",
            hint: "This needs the role approver or admin.")
        for (place, registered) in [("/deployments", true), ("/versions", false), ("/blobs/", false)] {
            try await FakeServer.with({ request in
                request.line.contains(place) ? try .problem(refusal) : try platform.reply(to: request)
            }) { server in
                let tools = FakeToolbox {
                    $0.packed = .success(project)
                    $0.running = server.local
                }
                let outcome = await slipway("deploy", "model.onnx", tools: tools)
                #expect(outcome.code == 5)
                #expect(outcome.diagnostics.contains("that takes the roles developer and approver, or admin."))
                #expect(outcome.diagnostics.contains("Version 1 is registered.") == registered, "\(place)")
            }
        }
    }

    private func record(
        project: String? = nil, endpoints: [String]? = nil, expiresAt: Timestamp? = nil
    ) throws -> TokenV1 {
        TokenV1(
            id: try #require(TokenID("0123456789ab")), principal: try PrincipalName("ada"),
            roles: [.developer, .approver], project: try project.map { try ProjectName($0) },
            endpoints: try endpoints?.map { try EndpointName($0) }, note: "why", createdAt: time, createdBy: "max",
            expiresAt: expiresAt, expired: expiresAt != nil)
    }
}

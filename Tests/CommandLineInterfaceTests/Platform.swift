// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import NIOHTTP1
import Synchronization
import WireTypes

/// What a platform says of one endpoint, made up for tests.
func endpoint(
    _ name: String = "churn", wanted: Int = 1, live: Int? = 1, problem: Explanation? = nil
) -> EndpointV1 {
    EndpointV1(
        name: name, project: "default", generation: wanted, model: "churn", wantedVersion: wanted, liveVersion: live,
        ready: wanted == live,
        proof: ProofV1(
            proven: true, origin: "original", summary: "proven: 1 of 1 examples agree, largest difference 0.0",
            replayed: 1, recorded: 1, largestDifference: 0),
        problem: problem.map { ProblemV1($0) }, requests: RequestCountsV1(accepted: 12, answered: 11, failed: 1),
        signature: SignatureV1(
            inputs: [.init(name: "age", datatype: "FP32", shape: [-1])],
            outputs: [.init(name: "label", datatype: "INT64", shape: [-1])], columns: ["age"]),
        oneRowMicroseconds: 8.54, predictPath: "/v1/endpoints/\(name)/predict", runsOn: "inline",
        settings: ["deadline": "30s", "run_on": "auto"])
}

func status(_ endpoints: [EndpointV1]) -> StatusV1 {
    StatusV1(
        version: "0.1.0", processID: 42, startedAt: "2026-11-21T05:24:36.123456Z", ready: true,
        engines: [EngineV1(name: "onnxruntime", version: "1.27.0", build: "b", problem: nil)], endpoints: endpoints,
        residentBytes: 45 << 20)
}

/// Enough of a platform to deploy to: it keeps blobs, counts versions by bundle, and remembers what each endpoint has.
final class FakePlatform: Sendable {
    private struct State {
        var blobs: Set<String> = []
        var bundles: [String] = []
        var live: [String: Int] = [:]
    }

    private let state = Mutex(State())

    func reply(to request: FakeServer.Request) throws -> FakeServer.Reply? {
        guard request.headers.first(name: "authorization") == "Bearer secret" else {
            return try .problem(Explanation(.tokenMissing, .denied, "This needs a token."))
        }
        let words = request.line.split(separator: " ")
        let parts = words[1].split(separator: "/").map(String.init)
        return try state.withLock { state in
            switch (words[0], parts.dropFirst().first, parts.last) {
            case ("HEAD", "blobs", let digest?):
                return FakeServer.Reply(status: state.blobs.contains(digest) ? 200 : 404)
            case ("PUT", "blobs", let digest?):
                guard Digest(of: request.body).description == digest else { return FakeServer.Reply(status: 409) }
                state.blobs.insert(digest)
                return FakeServer.Reply(status: 201)
            case ("POST", "registry", "versions"):
                return try .json(register(request, &state))
            case ("POST", "endpoints", "deployments"):
                return try .json(deploy(request, to: parts[2], &state))
            default: return nil
            }
        }
    }

    private func register(_ request: FakeServer.Request, _ state: inout State) throws -> ModelVersionV1 {
        let body = try request.decoded(RegisterVersionV1.self)
        guard state.blobs.isSuperset(of: [body.manifest, body.provenance]) else { throw Absent() }
        if !state.bundles.contains(body.manifest) { state.bundles.append(body.manifest) }
        return ModelVersionV1(
            ModelVersion(
                model: ModelReference(name: try ModelName("churn")),
                number: 1 + (state.bundles.firstIndex(of: body.manifest) ?? 0), bundle: Digest(body.manifest),
                provenance: Digest(body.provenance), status: .ready, origin: .original,
                createdAt: Timestamp(microseconds: 0), createdBy: "admin"))
    }

    private func deploy(
        _ request: FakeServer.Request, to name: String, _ state: inout State
    ) throws -> DeployedV1 {
        let body = try request.decoded(DeployV1.self)
        guard let version = Int(body.version) else { throw Absent() }
        let before = state.live[name]
        state.live[name] = version
        return DeployedV1(
            endpoint: endpoint(name, wanted: version, live: version),
            deployment: DeploymentV1(
                Deployment(
                    generation: version, model: ModelReference(name: try ModelName(body.model)), version: version,
                    restores: nil, base: nil, createdAt: Timestamp(microseconds: 0), createdBy: "admin")),
            replacedVersion: before == version ? nil : before, unchanged: before == version)
    }
}

struct Absent: Error {}

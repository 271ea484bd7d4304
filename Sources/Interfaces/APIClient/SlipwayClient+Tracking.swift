// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import Foundation
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
internal import Tensors

/// What is recorded, as MLflow's clients record it.
extension SlipwayClient {
    /// A run, and where its artifacts are.
    package struct TrackedRun: Sendable {
        package let id: String
        /// By number.
        package let experiment: String

        package init(id: String, experiment: String) {
            self.id = id
            self.experiment = experiment
        }

        package func place(of artifact: String) -> String { "\(experiment)/\(id)/artifacts/\(artifact)" }
    }

    /// A version of data that a run was given.
    package struct RunInput: Sendable {
        package let name: String
        /// At most 36 characters.
        package let digest: String
        package let source: String
        package let schema: String
        package let profile: String

        package init(name: String, digest: String, source: String, schema: String, profile: String) {
            self.name = name
            self.digest = digest
            self.source = source
            self.schema = schema
            self.profile = profile
        }
    }

    /// The number of an experiment, which is made where there is none of the name.
    package func experiment(named name: String) async throws -> String {
        if let found = try await experimentIfAny(named: name) { return found }
        do {
            let made = try await mlflow(.POST, "experiments/create", ["name": .string(name)])
            return try text(made["experiment_id"])
        } catch let refusal as Refusal where refusal.explanation.code == .nameTaken {
            // Somebody else made it meanwhile.
            guard let found = try await experimentIfAny(named: name) else { throw refusal }
            return found
        }
    }

    private func experimentIfAny(named name: String) async throws -> String? {
        do {
            let found = try await mlflow(.GET, "experiments/get-by-name", query: [("experiment_name", name)])
            return try text(found["experiment"]?["experiment_id"])
        } catch let refusal as Refusal where refusal.explanation.code == .experimentUnknown {
            return nil
        }
    }

    /// - Parameter name: One is made up without it.
    package func startRun(
        in experiment: String, name: String?, user: String, at time: Timestamp, tags: [String: String]
    ) async throws -> TrackedRun {
        let answer = try await mlflow(
            .POST, "runs/create",
            .record([
                ("experiment_id", .string(experiment)), ("run_name", name.map(JSONValue.string)),
                ("user_id", .string(user)), ("start_time", .integer(time.milliseconds)), ("tags", keyed(tags)),
            ]))
        return TrackedRun(id: try text(answer["run"]?["info"]?["run_id"]), experiment: experiment)
    }

    /// - Parameter status: `FINISHED`, `FAILED` or `KILLED`.
    package func endRun(_ run: TrackedRun, status: String, at time: Timestamp) async throws {
        _ = try await mlflow(
            .POST, "runs/update",
            ["run_id": .string(run.id), "status": .string(status), "end_time": .integer(time.milliseconds)])
    }

    package func logInputs(_ inputs: [RunInput], of run: TrackedRun) async throws {
        guard !inputs.isEmpty else { return }
        let datasets = inputs.map { input -> JSONValue in
            [
                "tags": [["key": "mlflow.data.context", "value": "training"]],
                "dataset": [
                    "name": .string(input.name), "digest": .string(input.digest), "source_type": "slipway",
                    "source": .string(input.source), "schema": .string(input.schema),
                    "profile": .string(input.profile),
                ],
            ]
        }
        _ = try await mlflow(
            .POST, "runs/log-inputs", ["run_id": .string(run.id), "datasets": .array(datasets)])
    }

    // MARK: Files of runs

    package func putArtifact(_ path: String, _ bytes: [UInt8], of run: TrackedRun) async throws {
        try await put(path, of: run, .bytes(ByteBuffer(bytes: bytes)))
    }

    package func putArtifact(
        _ path: String, byteCount: Int, _ pieces: some AsyncSequence<[UInt8], any Error> & Sendable, of run: TrackedRun
    ) async throws {
        let buffers = pieces.map { ByteBuffer(bytes: $0) }
        try await put(path, of: run, .stream(buffers, length: .known(Int64(byteCount))))
    }

    private func put(_ path: String, of run: TrackedRun, _ body: HTTPClientRequest.Body) async throws {
        let answer = try await exchange(
            Call(
                method: .PUT, path: artifactPath(run.place(of: path)), body: body,
                contentType: "application/octet-stream", patience: .hours(1)))
        guard (200..<300).contains(answer.status) else { throw mlflowRefusal(in: answer) }
    }

    /// - Returns: `nil` where there is no such file.
    package func artifactIfAny(_ path: String, of run: TrackedRun, limit: Int) async throws -> [UInt8]? {
        let answer = try await exchange(
            Call(path: artifactPath(run.place(of: path)), patience: .minutes(10), answerLimit: limit))
        if answer.status == 404 { return nil }
        guard (200..<300).contains(answer.status) else { throw mlflowRefusal(in: answer) }
        return answer.body
    }

    private func artifactPath(_ place: String) -> String {
        "/api/2.0/mlflow-artifacts/artifacts/"
            + place.split(separator: "/").map { segment(String($0)) }.joined(separator: "/")
    }

    // MARK: What came of a run

    /// A registered version that came of a run.
    package struct MadeVersion: Sendable, Hashable {
        package let model: String
        package let version: Int
        package let loggedModel: String?
    }

    /// Newest first.
    package func versionsMade(by run: String) async throws -> [MadeVersion] {
        let answer = try await mlflow(.GET, "model-versions/search", query: [("filter", "run_id = '\(run)'")])
        return try (answer["model_versions"]?.elements ?? []).map { version in
            MadeVersion(
                model: try text(version["name"]), version: Int(try text(version["version"])) ?? 0,
                loggedModel: version["model_id"]?.string)
        }
    }

    /// The name of a logged model.
    package func loggedModelName(_ id: String) async throws -> String {
        let answer = try await mlflow(.GET, "logged-models/\(segment(id))")
        return try text(answer["model"]?["info"]?["name"])
    }

    /// Registers what a run logged as the next version of a model, which is made where it is not there.
    ///
    /// - Parameter source: `models:/m-…` or `runs:/…`.
    package func registerLogged(
        _ source: String, as model: String, run: String, loggedModel: String?
    ) async throws -> MadeVersion {
        do {
            _ = try await mlflow(.POST, "registered-models/create", ["name": .string(model)])
        } catch let refusal as Refusal where refusal.explanation.code == .nameTaken {}
        let answer = try await mlflow(
            .POST, "model-versions/create",
            .record([
                ("name", .string(model)), ("source", .string(source)), ("run_id", .string(run)),
                ("model_id", loggedModel.map(JSONValue.string)),
            ]))
        let version = try text(answer["model_version"]?["version"])
        return MadeVersion(model: model, version: Int(version) ?? 0, loggedModel: loggedModel)
    }

    // MARK: Calls

    private func keyed(_ values: [String: String]) -> JSONValue {
        .array(
            values.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "value": .string($0.value)] })
    }

    private func mlflow(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, query: [(name: String, value: String)] = []
    ) async throws -> JSONValue {
        var call = Call(method: method, path: "/api/2.0/mlflow/\(path)", query: query)
        if let body {
            call.body = .bytes(ByteBuffer(string: body.text))
            call.contentType = "application/json"
        }
        let answer = try await exchange(call)
        guard (200..<300).contains(answer.status) else { throw mlflowRefusal(in: answer) }
        guard let value = try? JSONValue.parse(answer.body) else { throw unreadable("it is no JSON") }
        return value
    }

    /// A failure in MLflow's words, with our code beside them.
    private func mlflowRefusal(in answer: Answer) -> Refusal {
        guard let problem = try? JSONValue.parse(answer.body), let message = problem["message"]?.string else {
            return refusal(in: answer)
        }
        let kind: Explanation.Kind =
            switch answer.status {
            case 401, 403: .denied
            case 404: .notFound
            case 409: .conflict
            case 413: .tooLarge
            case 500...: .unavailable
            default: .invalidInput
            }
        let code = problem["code"]?.string.flatMap(ErrorCode.init(rawValue:)) ?? .serverUnreachable
        return Refusal(code, kind, message)
    }

    private func text(_ value: JSONValue?) throws -> String {
        guard let text = value?.string else { throw unreadable("a field is missing") }
        return text
    }

    private func unreadable(_ reason: String) -> Refusal {
        Refusal(
            .serverUnreachable, .unavailable, "The answer of \(url) cannot be read: \(reason).",
            hint: "Check that a Slipway server is there, and nothing in between answers for it.")
    }
}

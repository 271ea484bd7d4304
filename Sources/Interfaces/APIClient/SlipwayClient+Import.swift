// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1

/// What is brought from another store, thing by thing; every call may be repeated.
extension SlipwayClient {
    package func bring(_ experiment: ForeignExperiment, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(experiment, as: "experiments", to: project)
    }

    package func bringDeletion(ofExperiment number: Int64, in project: ProjectName) async throws {
        _ = try await answer(
            to: Call(
                method: .POST, path: "/v1/import/experiments/\(number)/deletion",
                query: [("project", project.rawValue)]))
    }

    package func bring(_ run: ForeignRun, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(run, as: "runs", to: project)
    }

    package func bring(_ points: ForeignPoints, of run: String, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(points, as: "runs/\(run)/points", to: project)
    }

    package func bring(_ model: ForeignLoggedModel, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(model, as: "logged-models", to: project)
    }

    package func bring(_ files: ForeignArtifacts, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(files, as: "artifacts", to: project)
    }

    package func bring(_ model: ForeignModel, to project: ProjectName) async throws -> ImportOutcome {
        try await bring(model, as: "models", to: project)
    }

    private func bring(
        _ value: some Encodable, as path: String, to project: ProjectName
    ) async throws -> ImportOutcome {
        try await self.value(
            ImportOutcome.self,
            of: try Call(
                path: "/v1/import/\(path)", query: [("project", project.rawValue)], patience: .minutes(10)
            ).posting(value))
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelRollouts
internal import WireTypes

/// `/v1/status`: what runs, what answers, and on what evidence.
struct StatusRoutes: Sendable {
    let administration: Administration
    let version: String

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/status", for: .viewer, "What runs, what answers, and on what evidence.",
                gives: StatusV1.self,
                use: status)
        ]
    }

    /// `GET /v1/status` → `StatusV1`.
    @Sendable private func status(_: Request, _: AdministrationContext) async throws -> Response {
        let table = administration.inference.table
        let memory = administration.rollouts.memory
        return try .json(
            StatusV1(
                version: version, processID: Int(ProcessInfo.processInfo.processIdentifier),
                startedAt: administration.startedAt, ready: table.isComplete, engines: administration.engines(),
                endpoints: table.endpoints.sorted { $0.key < $1.key }.map {
                    EndpointV1($0.value, on: administration.inference)
                },
                residentBytes: administration.residentBytes(), modelBytes: memory.usedBytes,
                memoryBudgetBytes: memory.budgetBytes))
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelRollouts
internal import WireTypes

/// `/v1/status`: what runs, what answers, and on what evidence.
struct StatusRoutes: Sendable {
    let administration: Administration
    let version: String

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/status", needs: .view, of: .common, "What runs, what answers, and on what evidence.",
                gives: StatusV1.self,
                use: status)
        ]
    }

    /// `GET /v1/status` → `StatusV1`, with the endpoints that the token may see.
    @Sendable private func status(_: Request, _ context: AdministrationContext) async throws -> Response {
        let table = administration.inference.table
        let memory = administration.rollouts.memory
        return try .json(
            StatusV1(
                version: version, processID: Int(ProcessInfo.processInfo.processIdentifier),
                startedAt: administration.startedAt, ready: table.isComplete, engines: administration.engines(),
                endpoints: table.endpoints(for: context.principal()).map {
                    EndpointV1($0.state, on: administration.inference)
                },
                residentBytes: administration.residentBytes(), modelBytes: memory.usedBytes,
                memoryBudgetBytes: memory.budgetBytes))
    }
}

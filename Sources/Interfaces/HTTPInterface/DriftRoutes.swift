// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelDomain
internal import ModelMonitoring
internal import WireTypes

/// `/v1/endpoints/{endpoint}/drift`: whether what comes is still what the model was made for.
struct DriftRoutes: Sendable {
    let administration: Administration
    let monitor: TrafficMonitor

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/endpoints/:endpoint/drift", needs: .view, of: .endpoint,
                "How traffic compares with what it is held against, column by column, and the windows before.",
                query: [("windows", "How many windows of the past, 1 to 400; 24 without it.")], gives: DriftV1.self,
                use: show)
        ]
    }

    /// `GET /v1/endpoints/{endpoint}/drift` → `DriftV1`; problem `REG-003`, `SRV-001` where nothing answers, `MON-001` where
    /// nothing is watched.
    @Sendable private func show(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let windows = try request.queryNumber("windows", in: 1...TrafficMonitor.windowsKept, standard: 24)
        let state = try administration.inference.table.endpoint(name.rawValue)
        guard state.record.settings.monitorWindow != nil else { throw notWatched(name) }
        guard let report = try await monitor.report(of: name, in: state.record.project, windows: windows) else {
            _ = try state.ready()
            throw notWatched(name)
        }
        return try .json(DriftV1(report))
    }
}

private func notWatched(_ name: EndpointName) -> Refusal {
    Refusal(
        .notWatched, .notFound, "Nothing is watched of “\(name)”.",
        hint: "`slipway endpoint set \(name) --monitor-window 1h` has its traffic watched.")
}

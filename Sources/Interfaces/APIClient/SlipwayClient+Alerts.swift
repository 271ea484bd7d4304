// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

/// Alerts, silences, and where alerts go.
extension SlipwayClient {
    /// Those that are open, the worst first.
    ///
    /// - Parameter all: Those that are over as well, the newest first.
    package func alerts(all: Bool, endpoint: String?) async throws -> [AlertV1] {
        var query = all ? [(name: "all", value: "true")] : []
        if let endpoint { query.append((name: "endpoint", value: endpoint)) }
        return try await value([AlertV1].self, of: Call(path: "/v1/alerts", query: query))
    }

    package func alert(_ number: Int) async throws -> AlertV1 {
        try await value(AlertV1.self, of: Call(path: "/v1/alerts/\(number)"))
    }

    package func alertSilences(all: Bool) async throws -> [AlertSilenceV1] {
        try await value(
            [AlertSilenceV1].self,
            of: Call(path: "/v1/alerts/silences", query: all ? [(name: "all", value: "true")] : []))
    }

    package func silenceAlerts(_ order: CreateAlertSilenceV1) async throws -> AlertSilenceV1 {
        try await value(AlertSilenceV1.self, of: try Call(path: "/v1/alerts/silences").posting(order))
    }

    package func endAlertSilence(_ number: Int) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/alerts/silences/\(number)"))
    }

    /// By name.
    package func alertDestinations() async throws -> [AlertDestinationV1] {
        try await value([AlertDestinationV1].self, of: Call(path: "/v1/alerts/destinations"))
    }

    package func addAlertDestination(_ order: CreateAlertDestinationV1) async throws -> AlertDestinationV1 {
        try await value(AlertDestinationV1.self, of: try Call(path: "/v1/alerts/destinations").posting(order))
    }

    package func removeAlertDestination(_ name: String) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/alerts/destinations/\(name)"))
    }

    /// - Parameter destination: `nil` for all of them.
    package func testAlerts(to destination: String?) async throws -> [TestedDestinationV1] {
        try await value(
            [TestedDestinationV1].self,
            of: try Call(path: "/v1/alerts/tests").posting(TestAlertV1(destination: destination)))
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import WireTypes

/// `/v1/logs`: the end of the server's log.
struct LogRoutes: Sendable {
    let logLines: @Sendable (_ count: Int) async throws -> [String]

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/logs", needs: .administer, of: .platform,
                "The newest lines of the server's log, oldest first.",
                query: [("lines", "How many, 1 to 10000; 100 without it.")], gives: LogsV1.self, use: list)
        ]
    }

    /// `GET /v1/logs?lines=100` → `LogsV1`, oldest first.
    @Sendable private func list(_ request: Request, _: AdministrationContext) async throws -> Response {
        let count = try request.queryNumber("lines", in: 1...10_000, standard: 100)
        return try .json(LogsV1(lines: try await logLines(count)))
    }
}

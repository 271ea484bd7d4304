// SPDX-License-Identifier: Apache-2.0
package import WireTypes

extension SlipwayClient {
    package func status() async throws -> StatusV1 {
        try await value(StatusV1.self, of: Call(path: "/v1/status"))
    }

    /// The newest lines of the server's log, oldest first.
    package func logs(lines: Int) async throws -> LogsV1 {
        try await value(LogsV1.self, of: Call(path: "/v1/logs", query: [("lines", String(lines))]))
    }
}

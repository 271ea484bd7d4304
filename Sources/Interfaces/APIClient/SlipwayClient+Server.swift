// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
package import WireTypes

extension SlipwayClient {
    package func status() async throws -> StatusV1 {
        try await value(StatusV1.self, of: Call(path: "/v1/status"))
    }

    /// Without what does not change while a version answers, for those who ask again and again.
    package func traffic() async throws -> StatusV1 {
        try await value(
            StatusV1.self, of: Call(path: "/v1/status", query: [("brief", "true")], patience: .seconds(10)))
    }

    /// The newest lines of the server's log, oldest first.
    package func logs(lines: Int) async throws -> LogsV1 {
        try await value(LogsV1.self, of: Call(path: "/v1/logs", query: [("lines", String(lines))]))
    }
}

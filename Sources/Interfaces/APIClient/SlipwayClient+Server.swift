// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import NIOCore
package import WireTypes

extension SlipwayClient {
    package func status() async throws -> StatusV1 {
        try await value(StatusV1.self, of: Call(path: "/v1/status"))
    }

    /// - Parameters:
    ///   - sequence: The first entry wanted.
    ///   - limit: The most entries.
    package func ledger(from sequence: Int, limit: Int) async throws -> LedgerV1 {
        try await value(
            LedgerV1.self,
            of: Call(path: "/v1/ledger", query: [("from", String(sequence)), ("limit", String(limit))]))
    }

    /// What answered at an endpoint at some moment; now for `nil`.
    package func answering(
        at endpoint: EndpointName, in project: ProjectName, time: Timestamp?
    ) async throws -> EndpointMomentV1 {
        try await value(
            EndpointMomentV1.self,
            of: Call(
                path: "/v1/ledger/endpoints/\(endpoint)",
                query: [("project", project.rawValue)] + (time.map { [("at", $0.text)] } ?? [])))
    }

    /// Recomputes every hash of the ledger. Throws `REG-010` when one does not fit.
    package func verifyLedger() async throws -> LedgerVerificationV1 {
        try await value(
            LedgerVerificationV1.self, of: Call(path: "/v1/ledger/verification", patience: .minutes(30)))
    }

    /// The newest lines of the server's log, oldest first.
    package func logs(lines: Int) async throws -> LogsV1 {
        try await value(LogsV1.self, of: Call(path: "/v1/logs", query: [("lines", String(lines))]))
    }
}

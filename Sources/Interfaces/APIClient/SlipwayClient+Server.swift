// SPDX-License-Identifier: Apache-2.0
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

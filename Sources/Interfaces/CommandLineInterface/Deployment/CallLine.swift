// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Lines for a shell that call an endpoint, and work as they are pasted.
struct CallLine {
    /// Longer rows fill the screen and still cannot be read; such endpoints are asked what they take instead.
    static let longestRow = 2000

    let server: String
    let endpoint: String
    let predictPath: String
    /// A row that the model is known to answer, as JSON.
    let row: String?
    /// Options with which further commands reach the same server.
    let sameServer: String

    var lines: [String] {
        guard let row, row.utf8.count <= Self.longestRow else {
            return [
                "curl\(authorization) \(shellWord("\(server)/v2/models/\(endpoint)"))",
                "slipway predict \(endpoint)\(sameServer) --rows FILE    # .csv, .json or .jsonl with the inputs named there",
            ]
        }
        return [
            "curl\(authorization) -H 'content-type: application/json' -d \(shellWord("[\(row)]"))"
                + " \(shellWord(server + predictPath))"
        ]
    }

    /// Only this machine may ask without a token.
    private var authorization: String {
        isLoopback(URLComponents(string: server)?.host ?? "") ? "" : #" -H "Authorization: Bearer $SLIPWAY_TOKEN""#
    }
}

private func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "[::1]" || host == "::1"
        || (host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) })
}

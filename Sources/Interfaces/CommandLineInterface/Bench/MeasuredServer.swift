// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import Foundation
internal import LoadGenerator
internal import ModelDomain
internal import WireTypes

/// Where load is sent to.
///
/// - Parameter command: Which one asks.
/// - Throws: `SYS-008` for what is no plain http address.
func loadAddress(of client: SlipwayClient, for command: String) throws(Refusal) -> (host: String, port: Int) {
    let parts = URLComponents(string: client.url)
    guard let host = parts?.host, parts?.scheme?.lowercased() == "http", parts?.path.isEmpty != false else {
        throw Refusal(
            .optionRefused, .invalidInput,
            "“\(client.url.prefix(200))” cannot be measured: it is no plain http address.",
            hint: "Run `slipway \(command)` beside the server, where it answers over http.")
    }
    return (host.trimmingCharacters(in: ["[", "]"]), parts?.port ?? 80)
}

/// The process to take the processor time of: only a server on a loopback address, whose process is there and ours.
func localProcess(of client: SlipwayClient) async throws -> Int? {
    let host = URLComponents(string: client.url)?.host ?? ""
    guard ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host) else { return nil }
    let process = try await client.status().processID
    return ProcessorTime.name(of: process) == Product.name ? process : nil
}

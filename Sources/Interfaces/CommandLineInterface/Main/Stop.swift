// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the server of this machine, once it has answered what it accepted.",
        discussion: "Example: slipway stop")

    @OptionGroup var folder: DataOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let process = try await Tools.required().stopServer(data: folder.data)
        try output.write(
            StopReport(stopped: process != nil, processID: process),
            asText: process.map { "stopped process \($0)" } ?? "no server was running")
    }
}

private struct StopReport: Encodable {
    let stopped: Bool
    let processID: Int?
}

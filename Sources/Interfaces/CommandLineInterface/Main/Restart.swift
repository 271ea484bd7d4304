// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct Restart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a new process take over from the server of this machine, without a gap.",
        discussion: """
            The new process is this program, with the options and the environment of the running one. It loads and \
            proves everything while \
            the old one serves, takes its socket over, and the old one answers what it accepted. When the new one \
            cannot, the old one goes on.

            Example: slipway restart
            """)

    @OptionGroup var folder: DataOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let result = try await Tools.required().restartServer(data: folder.data)
        let report = RestartReport(
            url: result.server.url, processID: result.server.processID, previousProcessID: result.previousProcessID,
            accepted: result.accepted, answered: result.answered)
        try output.write(report, asText: report.text)
    }
}

private struct RestartReport: Encodable {
    let url: String
    let processID: Int
    let previousProcessID: Int?
    let accepted: Int?
    let answered: Int?

    var text: String {
        guard let previousProcessID, let accepted, let answered else {
            return "process \(processID) serves at \(url)".printable
        }
        return "process \(processID) serves at \(url)\nprocess \(previousProcessID): "
            + "accepted \(accepted), answered \(answered), ended"
    }
}

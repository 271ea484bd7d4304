// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the newest lines of the server's log.",
        discussion: """
            Each line is a JSON object, however the server prints them. On this machine the log can be read when the \
            server does not run, too.

            Example: slipway logs --lines 20 --follow
            """)

    @Option(help: "How many lines.")
    var lines = 100

    @Flag(help: "Wait for further lines.")
    var follow = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...LogTail.window).contains(lines) else {
            throw ValidationError("--lines takes 1 to \(LogTail.window).")
        }
    }

    mutating func run() async throws {
        var tail = LogTail()
        let first = try await newest(follow ? LogTail.window : lines)
        tail.note(first)
        try show(Array(first.suffix(lines)))
        while follow {
            try await Task.sleep(for: .seconds(1))
            let fresh = tail.note(try await newest(LogTail.window))
            if !fresh.isEmpty { try show(fresh) }
        }
    }

    private func newest(_ count: Int) async throws -> [String] {
        guard server.namedURL == nil else { return try await server.client().logs(lines: count).lines }
        return try await Tools.required().logLines(data: server.folder.data, count: count)
    }

    private func show(_ lines: [String]) throws {
        guard !lines.isEmpty || output.format == .json else { return }
        try output.write(LogsV1(lines: lines), asText: lines.map(\.printable).joined(separator: "\n"))
    }
}

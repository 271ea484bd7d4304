// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch what the endpoints do, live: rates, times, errors, versions.",
        discussion: """
            Drawn again every second, until q or Ctrl-C. Into a file or another program one look is printed; with \
            --format json one a line, until it is ended.

            Example: slipway top churn
            """)

    @Argument(help: "The only endpoint to show.")
    var name: EndpointName?

    @Option(help: "How long from one look to the next, as in 500ms.")
    var every: TimeSpan?

    @Flag(help: "Print one look, and end.")
    var once = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard every.map({ $0.nanoseconds >= 100_000_000 }) ?? true else {
            throw ValidationError("--every takes at least 100ms.")
        }
    }

    mutating func run() async throws {
        let client = try await server.client()
        let watched = Watched(client: client, name: name, every: every?.duration ?? .seconds(1))
        let first = try await watched.look()
        if let name, !first.status.endpoints.contains(where: { $0.name == name.rawValue }) {
            throw Refusal(
                .endpointUnknown, .notFound, "There is no endpoint “\(name)”.",
                hint: "See what there is with `slipway status`.")
        }
        switch (output.format, Console.current.terminal) {
        case (.json, _): try await watched.print(after: first, once: once)
        case (.text, let terminal?) where !once:
            try await interruptibly { try await watched.draw(on: terminal, from: first) }
        case (.text, _): try Console.current.line(try await watched.frame(after: first).frame.text)
        }
    }
}

/// A server that is asked again and again.
private struct Watched: Sendable {
    let client: SlipwayClient
    let name: EndpointName?
    let every: Duration

    func look() async throws -> TopFrame.Look { TopFrame.Look(try await client.traffic()) }

    func frame(_ look: TopFrame.Look, since before: TopFrame.Look?) throws -> TopFrame {
        TopFrame(look, since: before, of: name, url: client.url, at: try Tools.required().time)
    }

    /// What has come between a look and the next.
    func frame(after before: TopFrame.Look) async throws -> (frame: TopFrame, look: TopFrame.Look) {
        try await Task.sleep(for: every)
        let look = try await look()
        return (try frame(look, since: before), look)
    }

    /// A frame a line.
    func print(after first: TopFrame.Look, once: Bool) async throws {
        var before = first
        repeat {
            let next = try await frame(after: before)
            try Console.current.line(try jsonText(next.frame))
            before = next.look
        } while !once
    }

    /// Until a person has seen enough.
    func draw(on terminal: Terminal, from first: TopFrame.Look) async throws {
        try await terminal.drawing {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await redraw(on: terminal, from: first) }
                group.addTask {
                    while terminal.key() != UInt8(ascii: "q") { try await Task.sleep(for: .milliseconds(50)) }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func redraw(on terminal: Terminal, from first: TopFrame.Look) async throws {
        var before = first
        var shown = try frame(first, since: nil)
        var problem: String?
        while true {
            let lines = shown.lines(fitting: terminal.size, problem: problem)
            try terminal.draw(lines.map { terminal.styled($0.text, $0.style) })
            do {
                (shown, before) = try await frame(after: before)
                problem = nil
            } catch let error as any ExplainedError {
                // It may be back at the next look: a server that is being replaced, say.
                problem = error.explanation.line
            }
        }
    }
}

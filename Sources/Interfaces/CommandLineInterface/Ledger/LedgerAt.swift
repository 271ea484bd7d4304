// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct LedgerAt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "at",
        abstract: "Say what answered at an endpoint at some moment, by whom and why.",
        discussion: """
            Also of an endpoint that was removed since. `at` may be left out.

            Example: slipway ledger --endpoint churn --at "2026-03-01 14:05"
            """)

    @Option(help: "The endpoint.")
    var endpoint: EndpointName

    @Option(help: ArgumentHelp("The moment: \(Timestamp.form); now without it.", valueName: "time"))
    var at: Timestamp?

    @Option(help: "The project that the endpoint belongs to.")
    var project: ProjectName = .standard

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let moment = try await server.client().answering(at: endpoint, in: project, time: at)
        try output.write(moment, asText: moment.text)
    }
}

extension Timestamp: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension EndpointMomentV1 {
    fileprivate var text: String {
        guard let because else { return "Nothing had been deployed to “\(endpoint)” by \(at)." }
        var rows = [["at", at], ["answered", version ?? "nothing"]]
        if let bundle { rows.append(["bundle", bundle]) }
        rows.append(["since", "\(because.time), entry \(because.sequence)"])
        rows.append(["by", "\(because.actor): \(because.action)"])
        if let reason = because.reason { rows.append(["why", reason]) }
        if let evidence = because.evidence { rows.append(["on", evidence]) }
        if let registered {
            rows.append(["made", "\(registered.time) by \(registered.actor), entry \(registered.sequence)"])
        }
        return Table(rows: rows.map { [$0[0], $0[1].printable] }).text
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import LoadGenerator
internal import ModelDomain

struct Size: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the smallest setting of an endpoint that keeps its objectives at a rate.",
        discussion: """
            Sends single rows at rising rates, whatever the server does, with one setting after the other, the smallest \
            first; prints the first that holds, the knee, and what to copy. The endpoint's settings are put back when it \
            ends, is interrupted, or fails. It wants an endpoint that nobody else asks meanwhile.

            Example: slipway size breast-cancer --slo p99=20ms --rate 500/s
            """)

    @Argument(help: ArgumentHelp("The endpoint.", valueName: "endpoint"))
    var endpoint: EndpointName

    @Option(help: ArgumentHelp("What has to hold, once for each: \(Objective.form).", valueName: "objective"))
    var slo: [Objective]

    @Option(
        help: ArgumentHelp(
            "The rate that has to hold, \(LoadRate.form); without it, the highest that does is looked for.",
            valueName: "n/s"))
    var rate: LoadRate?

    @Option(help: ArgumentHelp("How much more than the rate has to hold.", valueName: "percent"))
    var margin = Percentage(thousandths: 20_000)

    @Option(help: ArgumentHelp("The longest that one rate is tried: \(LoadDuration.form).", valueName: "time"))
    var stepTime = LoadDuration.fiveSeconds

    @Option(help: ArgumentHelp("The most runs at once to try; without it, one a core.", valueName: "count"))
    var maxConcurrency: Int?

    @Option(help: "How many connections, with one request at a time on each.")
    var connections = 64

    @Option(help: "How rows are sent: rows of named values, or Open Inference Protocol as json or binary.")
    var body: BenchBody = .rows

    @Option(
        help: ArgumentHelp("A file of rows (.csv, .json, .jsonl), or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["csv", "json", "jsonl"]))
    var rows: String?

    @Flag(help: "Send rows that are made up from the signature.")
    var generated = false

    @Flag(help: "Measure although others ask the endpoint.")
    var force = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try ServiceLevel(slo)
        guard (0.1...600).contains(stepTime.seconds) else {
            throw ValidationError("--step-time takes 100ms to 10m.")
        }
        guard margin.share <= 9 else { throw ValidationError("--margin takes 0% to 900%.") }
        guard rate.map({ $0.perSecond * (1 + margin.share) <= RateGrid.highestPerSecond }) ?? true else {
            throw ValidationError("--rate and its margin are more than 1000000/s.")
        }
        guard maxConcurrency.map({ (1...EndpointSettings.highestConcurrency).contains($0) }) ?? true else {
            throw ValidationError("--max-concurrency takes 1 to \(EndpointSettings.highestConcurrency).")
        }
        guard (1...4096).contains(connections) else { throw ValidationError("--connections takes 1 to 4096.") }
        guard rows == nil || !generated else { throw ValidationError("Say either --rows or --generated.") }
    }

    mutating func run() async throws {
        let file = try rows.map { try Rows(readFrom: $0) }
        let client = try await server.client()
        _ = try loadAddress(of: client, for: "size")
        let run = SizeRun(
            client: client,
            subject: try await BenchSubject(endpoint, of: client, file: file, generated: generated), body: body,
            level: try ServiceLevel(slo), wanted: rate?.perSecond, margin: margin, connections: connections,
            stepSeconds: stepTime.seconds, highestConcurrency: maxConcurrency, isForced: force,
            serverProcess: try await localProcess(of: client), server: server.repeated)
        let report = SizeReport(run, try await interruptibly { try await run.run() })
        try output.write(report, asText: report.text(run.level))
        for warning in report.warnings { Console.current.note("warning: \(warning.printable)") }
        guard report.holds else { throw refusal(report, run.level) }
    }

    private func refusal(_ report: SizeReport, _ level: ServiceLevel) -> Refusal {
        let found =
            report.knee.perSecond.map { "the highest rate that held is \(rateText($0))" }
            ?? "none that was tried held"
        let wanted = rate.map { " at \(rateText($0.perSecond))" } ?? ""
        return Refusal(
            .objectivesMissed, .overloaded, "“\(endpoint)” does not keep \(level.text)\(wanted): \(found).",
            hint: report.knee.limit == .generator
                ? "This program was the limit: run it on another machine than the server."
                : "Use more cores, a lighter model, or ask for less.")
    }
}

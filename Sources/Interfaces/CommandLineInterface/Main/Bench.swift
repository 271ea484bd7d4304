// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import LoadGenerator
internal import ModelDomain
internal import WireTypes

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure an endpoint under a steady load.",
        discussion: """
            Sends single rows on a schedule, whatever the server does, and counts latency from the moment each was to be \
            sent: a stall costs every request that it delays. Rows are the ones the version was proven with, unless \
            --rows or --generated says otherwise.

            Example: slipway bench breast-cancer --rate 500/s --duration 30s
            """)

    @Argument(help: ArgumentHelp("The endpoint.", valueName: "endpoint"))
    var endpoint: EndpointName?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Two endpoints, measured in turns of about a second.", valueName: "endpoint"))
    var compare: [EndpointName] = []

    @Option(help: ArgumentHelp("How many requests to send: \(LoadRate.form).", valueName: "n/s"))
    var rate: LoadRate

    @Option(help: ArgumentHelp("For how long, for each endpoint: \(LoadDuration.form).", valueName: "time"))
    var duration: LoadDuration

    @Option(
        help: ArgumentHelp("A load before, for each endpoint, that is not counted; 0s for none.", valueName: "time"))
    var warmUp = LoadDuration.oneSecond

    @Option(help: "How many connections, with one request at a time on each.")
    var connections = 16

    @Option(help: "How rows are sent: rows of named values, or Open Inference Protocol as json or binary.")
    var body: BenchBody = .rows

    @Option(
        help: ArgumentHelp("A file of rows (.csv, .json, .jsonl), or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["csv", "json", "jsonl"]))
    var rows: String?

    @Flag(help: "Send rows that are made up from the signature.")
    var generated = false

    @Option(help: ArgumentHelp("What an hour of this machine costs, in any currency.", valueName: "price"))
    var costPerHour: Double?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (endpoint != nil) != (compare.count == 2), endpoint == nil || compare.isEmpty else {
            throw ValidationError("Name one endpoint, or two with --compare.")
        }
        guard duration.seconds > 0 else { throw ValidationError("--duration takes more than no time.") }
        guard rate.perSecond * max(duration.seconds, warmUp.seconds) <= Double(LoadSchedule.countLimit) else {
            throw ValidationError("At most \(LoadSchedule.countLimit) requests are sent: lower --rate or --duration.")
        }
        guard (1...4096).contains(connections) else { throw ValidationError("--connections takes 1 to 4096.") }
        guard rows == nil || !generated else { throw ValidationError("Say either --rows or --generated.") }
        guard costPerHour.map({ $0.isFinite && $0 >= 0 }) ?? true else {
            throw ValidationError("--cost-per-hour takes a price of 0 or more.")
        }
    }

    mutating func run() async throws {
        let file = try rows.map { try Rows(readFrom: $0) }
        let client = try await server.client()
        var subjects: [BenchSubject] = []
        for name in endpoint.map({ [$0] }) ?? compare {
            let subject = try await BenchSubject(name, of: client, file: file, generated: generated)
            if subject.source == .generated, !generated {
                Console.current.note("note: \(name) has no recorded examples, so its rows are made up")
            }
            subjects.append(subject)
        }
        let bench = BenchRun(
            subjects: subjects, body: body, rate: rate, seconds: duration.seconds, warmUpSeconds: warmUp.seconds,
            connections: connections, serverProcess: try await localProcess(of: client))
        let report = BenchReport(
            bench, try await bench.run(on: client), server: client.url, costPerHour: costPerHour)
        try output.write(report, asText: report.text)
        for warning in report.warnings { Console.current.note("warning: \(warning.printable)") }
        guard report.endpoints.contains(where: { ($0.statuses["200"] ?? 0) > 0 }) else {
            throw Refusal(
                .serverUnreachable, .unavailable, "No request got an answer with status 200.",
                hint: "See why with `slipway predict` or `slipway status`.")
        }
    }
}

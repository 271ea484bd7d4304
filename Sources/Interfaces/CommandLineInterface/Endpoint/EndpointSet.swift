// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct EndpointSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract:
            "Set the limits of an endpoint, when its model is loaded, and where and how it runs, while it answers.",
        discussion: """
            Only what is given changes.

            Example: slipway endpoint set breast-cancer --deadline 100ms --rate-per-client 100/s
            """)

    @Argument(help: "The endpoint.")
    var name: EndpointName

    @Option(
        help: ArgumentHelp("The longest that an answer is worth computing, as in 100ms; or none.", valueName: "time"))
    var deadline: String?

    @Option(help: ArgumentHelp("The most requests that wait; or auto.", valueName: "count"))
    var queue: String?

    @Option(help: ArgumentHelp("The most requests that run on lanes at once; or auto.", valueName: "count"))
    var concurrency: String?

    @Option(
        help: ArgumentHelp(
            "The longest that requests wait while a queue stands, as in 50ms; or auto.", valueName: "time"))
    var wait: String?

    @Option(help: ArgumentHelp("What one caller may send, as in 100/s; or none.", valueName: "rate"))
    var ratePerClient: String?

    @Option(help: ArgumentHelp("Where the model runs: auto, inline or lane.", valueName: "place"))
    var runOn: String?

    @Option(
        help: ArgumentHelp(
            "Whether requests that wait share a call of the model: auto, off, or the most rows.", valueName: "rows"))
    var batching: String?

    @Option(
        help: ArgumentHelp(
            "How long a request waits for company though its model is free, as in 2ms; or none.", valueName: "time"))
    var batchDelay: String?

    @Option(
        help: ArgumentHelp(
            "In which time 99 of 100 requests shall be answered, as in 20ms; or auto.", valueName: "time"))
    var p99: String?

    @Option(
        help: ArgumentHelp(
            "What answers that are kept may take of the memory, as in 64MiB; or none.", valueName: "bytes"))
    var cache: String?

    @Option(
        help: ArgumentHelp(
            "When the model is loaded: eager (at the start) or lazy (with the first request).", valueName: "when"))
    var load: String?

    @Option(help: ArgumentHelp("What computes: cpu, cuda, or cuda:N.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("The alias whose version is deployed whenever it moves; or none.", valueName: "alias"))
    var follow: String?

    @Option(
        help: ArgumentHelp("The share of predictions that the log keeps, as in 5%; 0% for none.", valueName: "share"))
    var logSample: String?

    @Option(help: ArgumentHelp("How long the log keeps them, as in 90d.", valueName: "time"))
    var logRetain: String?

    @Option(help: ArgumentHelp("What the log may take of the disk, as in 10GiB.", valueName: "bytes"))
    var logSize: String?

    @Option(
        help: ArgumentHelp(
            "What happens when the disk cannot follow: drop, sample, or block (answer only what is kept).",
            valueName: "what"))
    var logWhenFull: String?

    @Option(
        help: ArgumentHelp(
            "Whether an answer waits until its record is on the disk: true or false.", valueName: "whether"))
    var logDurable: String?

    @Option(
        help: ArgumentHelp(
            "What traffic is judged together: a time, as in 1h, or rows, as in 1000rows; none for no monitor.",
            valueName: "window"))
    var monitorWindow: String?

    @Option(
        help: ArgumentHelp(
            "How often the monitor may cry wolf, as in 1/30d: once in 30 days.", valueName: "rate"))
    var monitorFalseAlarms: String?

    @Flag(help: "Take back everything that is not given.")
    var reset = false

    @Option(help: ArgumentHelp("Why, for the ledger.", valueName: "text"))
    var reason: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard reset || !settings.isEmpty else {
            throw ValidationError("Say what to set, or --reset. `slipway endpoint show` tells what is set.")
        }
    }

    mutating func run() async throws {
        _ = try EndpointSettings(settings)
        let endpoint = try await server.client().configureEndpoint(
            name,
            ConfigureEndpointV1(settings: settingTexts(settings), reset: reset ? true : nil, reason: reason))
        try output.write(endpoint, asText: "\(name): \(settingsLine(endpoint))")
    }

    private var settings: [EndpointSettings.Key: String] {
        let given: [(EndpointSettings.Key, String?)] = [
            (.deadline, deadline), (.queue, queue), (.concurrency, concurrency), (.wait, wait),
            (.ratePerClient, ratePerClient), (.runOn, runOn),
            (.batching, batching), (.batchDelay, batchDelay), (.p99, p99), (.cache, cache),
            (.load, load), (.device, device), (.follow, follow), (.logSample, logSample), (.logRetain, logRetain),
            (.logSize, logSize), (.logWhenFull, logWhenFull), (.logDurable, logDurable),
            (.monitorWindow, monitorWindow), (.monitorFalseAlarms, monitorFalseAlarms),
        ]
        return Dictionary(uniqueKeysWithValues: given.compactMap { key, text in text.map { (key, $0) } })
    }
}

/// Settings by their names, as they travel.
func settingTexts(_ settings: [EndpointSettings.Key: String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: settings.map { ($0.key.rawValue, $0.value) })
}

/// `deadline 30s, queue auto, …`: every setting.
func settingsLine(_ endpoint: EndpointV1) -> String {
    endpoint.settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ").printable
}

// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server until it is told to stop.",
        discussion: """
            Prints `listening on http://HOST:PORT` once it answers. The first start makes an administration token in \
            the file `token` of the data folder.

            Example: slipway serve --port 8080
            """)

    @OptionGroup var folder: DataOptions
    @OptionGroup var registry: DatabaseOptions

    @Option(
        help: """
            The address to listen on; without it, \(ServeOptions.usualHost). Predictions are open without a token on \
            loopback only.
            """)
    var host: String?

    @Option(help: "The port to listen on; 0 lets the system choose; without it, \(ServeOptions.usualPort).")
    var port: Int?

    @Option(
        help: """
            A second port, for gRPC; 0 lets the system choose. Without it there is none: --port takes gRPC as well.
            """)
    var grpcPort: Int?

    @Option(
        help: ArgumentHelp("A file with the administration token, instead of one that is made.", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Serve over TLS with this certificate: PEM, the whole chain. Read again when it changes.", valueName: "file"
        ),
        completion: .file())
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp("The certificate's private key: PEM, without a password.", valueName: "file"),
        completion: .file())
    var tlsKey: String?

    @Option(help: "The largest request body, as in 64MiB.")
    var bodyLimit = ByteCount(bytes: 64 << 20)

    @Option(help: "Threads for models that are too heavy for an event loop; without it, one a core, at least two.")
    var laneThreads: Int?

    @Option(help: "The most processes of one model that does not run natively; beyond the first when all are busy.")
    var workerProcesses = 2

    @Option(
        help: ArgumentHelp(
            "The most memory that loaded models take together, as in 2GiB; those that load lazily make room for one "
                + "another. Without it, SLIPWAY_MEMORY_BUDGET, else no limit.", valueName: "size"))
    var memoryBudget: ByteCount?

    @Flag(help: "Let other servers, with data folders of their own, listen on the same port.")
    var sharePort = false

    @Flag(
        help: """
            Follow the server that runs on the data folder: load and prove everything beside it, then take its socket \
            over. --host and --port count only when none runs.
            """)
    var takeOver = false

    @Option(help: "How long what was accepted may run on after SIGTERM, then it is cut; without it, 30s.")
    var drainTimeout: TimeSpan?

    @Option(help: "The endpoint that answers at /invocations; without it, the only one that there is.")
    var invocations: EndpointName?

    @Flag(
        help: """
            Answer predictions without a token wherever they come from: for servers that nobody but a platform reaches \
            that has let its callers through.
            """)
    var openPredictions = false

    @Flag(help: "Be a container of SageMaker: also implied by the variable SAGEMAKER_BIND_TO_PORT.")
    var sagemaker = false

    @Option(help: ArgumentHelp("Where SageMaker lays models.", valueName: "folder"), completion: .directory)
    var sagemakerRoot = "/opt/ml"

    @Option(
        help: ArgumentHelp(
            "How strongly processes that run models have to be confined: full (without it), weak (as this machine can), off; "
                + "else SLIPWAY_SANDBOX says it.",
            valueName: "how"))
    var sandbox: SandboxChoice?

    @Option(
        help: ArgumentHelp(
            """
            The folder of the contents, which servers on one PostgreSQL database share; without it, one in the data \
            folder. The data folder remembers it.
            """, valueName: "folder"),
        completion: .directory)
    var contents: String?

    @Option(help: "How standard error has the log: as text for a terminal and else as JSON (auto), json, text.")
    var logFormat = LogFormat.auto

    @Option(help: "The least that is logged: debug (why each request was refused, too), info, warning, error.")
    var logLevel = LogLevel.info

    @Option(
        help: ArgumentHelp(
            "Send traces of predictions, metrics and the log to what takes OTLP over HTTP here, as in http://localhost:4318; else "
                + "OTEL_EXPORTER_OTLP_ENDPOINT says it, else nothing is sent.", valueName: "url"))
    var otlp: String?

    @Option(
        help: "How often metrics are sent there; without it, what OTEL_METRIC_EXPORT_INTERVAL says, else 15s.")
    var otlpInterval: TimeSpan?

    @Option(
        help: ArgumentHelp(
            "Of the predictions whose callers do not say whether they are traced, this share is, from 0 to 1; without it, "
                + "what OTEL_TRACES_SAMPLER_ARG says, else 0.01.", valueName: "share"))
    var traceSample: Double?

    @Option(help: "How many endpoints have series of their own at /metrics; the others share one.")
    var metricEndpoints = 1000

    @Option(help: "How often to look whether something needs a person (`slipway alert`); without it, 15s.")
    var alertInterval: TimeSpan?

    @OptionGroup var retention: RetentionOptions

    func validate() throws {
        guard (0...65_535).contains(port ?? 0) else { throw ValidationError("--port takes 0 to 65535.") }
        guard (0...65_535).contains(grpcPort ?? 0) else { throw ValidationError("--grpc-port takes 0 to 65535.") }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard (1...1024).contains(laneThreads ?? 1) else { throw ValidationError("--lane-threads takes 1 to 1024.") }
        guard (1...256).contains(workerProcesses) else {
            throw ValidationError("--worker-processes takes 1 to 256.")
        }
        guard (0...1).contains(traceSample ?? 0) else { throw ValidationError("--trace-sample takes 0 to 1.") }
        guard otlpInterval.map({ $0.nanoseconds >= 100_000_000 }) ?? true else {
            throw ValidationError("--otlp-interval takes at least 100ms.")
        }
        guard (1...100_000).contains(metricEndpoints) else {
            throw ValidationError("--metric-endpoints takes 1 to 100000.")
        }
        guard alertInterval.map({ $0.nanoseconds >= 100_000_000 }) ?? true else {
            throw ValidationError("--alert-interval takes at least 100ms.")
        }
        guard bodyLimit.bytes <= 2 << 30 else { throw ValidationError("--body-limit takes at most 2GiB.") }
    }

    private func memoryBudgetOfEnvironment() throws -> Int? {
        let name = "SLIPWAY_MEMORY_BUDGET"
        guard let text = Console.current.environment[name], !text.isEmpty else { return nil }
        guard let size = ByteCount(argument: text) else {
            throw Refusal(
                .optionRefused, .invalidInput, "\(name) is “\(text.prefix(40))”, which is no size.",
                hint: "Write it as in 2GiB, or leave it out.")
        }
        return size.bytes
    }

    mutating func run() async throws {
        var options = ServeOptions(
            data: folder.data, host: host, port: port, tokenFile: tokenFile, bodyLimit: bodyLimit.bytes,
            laneThreads: laneThreads, workerProcesses: workerProcesses, tlsCertificate: tlsCertificate, tlsKey: tlsKey,
            sharesPort: sharePort,
            takesOver: takeOver, drainTimeout: drainTimeout?.duration ?? .seconds(30),
            invocations: invocations?.rawValue,
            opensPredictions: openPredictions, sagemakerRoot: sagemaker ? sagemakerRoot : nil)
        options.sandbox = sandbox
        options.memoryBudget = try memoryBudget?.bytes ?? memoryBudgetOfEnvironment()
        options.grpcPort = grpcPort
        options.database = registry.chosen
        options.contents = contents
        options.retention = retention.policy
        options.metricEndpoints = metricEndpoints
        options.otlp = otlp
        options.otlpInterval = otlpInterval?.duration
        options.traceShare = traceSample
        options.logFormat = logFormat
        options.logLevel = logLevel
        if let alertInterval { options.alertInterval = alertInterval.duration }
        try await Tools.required().serve(options)
    }
}

extension LogFormat: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}

// SPDX-License-Identifier: Apache-2.0
package import APIClient
package import ContentRetention
package import DataTables
package import DataVersions
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelPackaging

/// What the commands need from the machine they run on. `App` hands it in; no command names an engine, a file or a process
/// itself.
package protocol Toolbox: Sendable {
    // The project.
    func pack(_ options: PackOptions, progress: @escaping @Sendable (String) -> Void) async throws -> any PackedProject
    /// Whether there is a file or a folder of this name.
    func isThere(_ path: String) -> Bool
    /// Writes slipway.yaml into `path`. Returns its text.
    func initialize(_ path: String, name: String?) async throws -> String
    /// The effective project file of `path`, every default filled in, as YAML.
    func effectiveProject(_ path: String) async throws -> String
    /// The project folder of an example that came along with the program; `nil` when it did not.
    func example(_ name: String) async throws -> String?
    /// A configuration file of any kind.
    func configuration(_ path: String) throws -> ConfigNode

    // Data.
    /// - Parameters:
    ///   - format: `nil` to tell it by the name.
    ///   - data: The data folder whose engines and environments serve; `nil` for the usual one.
    func dataFile(_ path: String, format: DataFormat?, data: String?) throws -> any DataFile
    /// A folder that is gone when nobody has it any more, or the command is given up.
    func temporaryFolder() throws -> any TemporaryFolder
    /// Writes a file that is not there yet, piece by piece, whole or not at all.
    func receive(
        _ path: String, _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws
    /// Writes a Parquet file that is not there yet, whole or not at all, from lines of JSON: the columns that there are, then
    /// a prediction each.
    ///
    /// - Parameter data: The data folder whose environments serve; `nil` for the usual one.
    /// - Throws: `ENG-009` for a Python without pyarrow.
    func writePredictions(
        to path: String, data: String?, _ lines: (_ write: (String) throws -> Void) async throws -> Void
    ) async throws

    /// What training runs need.
    var runs: any RunTools { get throws }

    /// A store of MLflow's on this machine, and its files.
    func openMLflowStore(_ place: String, artifacts: String?) throws -> (any ForeignStore, any ForeignFiles)

    // The server of this machine.
    /// Runs the server until it is told to stop.
    func serve(_ options: ServeOptions) async throws
    /// The running server of a data folder; `nil` when none runs there.
    func runningServer(data: String?) async throws -> LocalServer?
    /// Starts a server in the background and waits until it answers.
    func startServer(data: String?) async throws -> LocalServer
    /// Asks the server to end and waits until it has. Returns the process id; `nil` when none runs.
    func stopServer(data: String?) async throws -> Int?
    /// Has a new process take over from the running server without a gap; starts one when none runs.
    func restartServer(data: String?) async throws -> RestartedServer
    /// The last lines of the server's log on this machine, oldest first.
    func logLines(data: String?, count: Int) async throws -> [String]
    /// Hands out every entry of the ledger in a data folder, as it lies there, whether or not a server runs on it.
    func readLedger(data: String?, _ take: (LedgerRow) throws -> Void) async throws

    // Backups.
    /// Copies a platform: from its server, or from a data folder that none uses.
    func backUp(_ options: BackupOptions, progress: @escaping @Sendable (String) -> Void) async throws -> BackupReport
    /// Compares a backup with its digests.
    func verifyBackup(_ path: String, progress: @escaping @Sendable (String) -> Void) async throws -> BackupReport
    /// Makes a data folder of a backup.
    func restore(_ options: RestoreOptions, progress: @escaping @Sendable (String) -> Void) async throws -> BackupReport

    /// Writes a version with its lineage into one file.
    func exportModel(
        _ source: RegisteredSource, from client: SlipwayClient, to path: String,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport
    /// Brings such a file to a server.
    func importModel(
        _ path: String, named name: ModelName?, into project: ProjectName?, of client: SlipwayClient,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport

    // The machine.
    var time: Timestamp { get }
    /// - Parameter database: The URL of the registry's database; `nil` for the data folder's own.
    func doctor(data: String?, port: Int?, database: String?) async -> [DoctorFinding]
    func engines(data: String?) async -> [EngineFinding]
    /// Puts an engine's library (a file, or the wheel that carries it) into the data folder.
    func installEngine(from path: String, data: String?) async throws -> EngineFinding
}

package protocol TemporaryFolder: AnyObject, Sendable {
    var path: String { get }
}

package struct PackOptions: Sendable {
    /// A project folder, or a model file.
    package private(set) var path: String
    package var name: String?
    package var project: String?
    /// Recorded rows, beside or instead of what the project file says.
    package var examples: String?
    /// Training data for the baseline profile.
    package let baseline: String?
    /// A column of both that is no input.
    package var target: String?
    /// A folder with the model's own modules.
    package var code: String?
    /// `auto`, `native` or `worker`.
    package var engine: String?
    package var environment = EnvironmentChoice.active
    /// `nil` for what SLIPWAY_SANDBOX says, else full.
    package var sandbox: SandboxChoice?
    /// The server that has the registered versions which a graph uses; asked only for those.
    package var server: (@Sendable () async throws -> SlipwayClient)?
    /// The data folder whose engines and environments serve; `nil` for the usual one.
    package var data: String?

    /// The same choices for another path.
    package func packing(_ path: String) -> PackOptions {
        var options = self
        options.path = path
        return options
    }

    /// Which Python a worker of this machine uses.
    package enum EnvironmentChoice: String, Sendable, CaseIterable {
        /// The one that the model is packed with.
        case active
        /// One of its own, installed from the lock.
        case locked
    }

    package init(path: String, name: String?, project: String?, examples: String?, baseline: String?) {
        self.path = path
        self.name = name
        self.project = project
        self.examples = examples
        self.baseline = baseline
    }
}

/// How strongly processes with foreign code have to be confined.
package enum SandboxChoice: String, Sendable, CaseIterable {
    /// Everything that must hold, or nothing is started.
    case full
    /// What this machine has.
    case weak
    /// Not at all.
    case off
}

/// How a server writes its log to standard error; its file has JSON whatever is said.
package enum LogFormat: String, Sendable, CaseIterable {
    /// As text where that is a terminal, else as JSON.
    case auto
    case json
    case text
}

/// The least that a server's log takes.
package enum LogLevel: String, Sendable, CaseIterable {
    /// Why each request was refused, too.
    case debug
    case info
    case warning
    case error
}

/// A packed bundle together with the way to its bytes.
package protocol PackedProject: Sendable {
    var bundle: PackedBundle { get }
    /// The version of the registry that it was packed from; `nil` for what came from a disk.
    var registeredVersion: Int? { get }
    /// The bytes of one of the bundle's files, in pieces.
    func read(_ file: BundleFile) -> AsyncThrowingStream<[UInt8], any Error>
    /// Writes the bundle as a folder, whole or not at all; returns the folder's path.
    func write(to path: String) async throws -> String
}

package struct ServeOptions: Sendable {
    package static let usualHost = "127.0.0.1"
    package static let usualPort = 8080

    package let data: String?
    /// `nil` for the usual one, which a container's platform may replace.
    package let host: String?
    package let port: Int?
    package let tokenFile: String?
    /// The most bytes of a request body.
    package let bodyLimit: Int
    /// Threads for models that are too heavy for an event loop; `nil` for one a core.
    package let laneThreads: Int?
    /// The most processes of one model that does not run in this one.
    package let workerProcesses: Int
    /// Certificate chain and key, both as PEM; `nil` for plain HTTP.
    package let tlsCertificate: String?
    package let tlsKey: String?
    /// Whether other processes may listen on the same port.
    package let sharesPort: Bool
    /// Whether to follow the server that runs on the data folder.
    package let takesOver: Bool
    /// How long what was accepted may run on after the server was told to stop.
    package let drainTimeout: Duration
    /// The endpoint that `/invocations` stands for; `nil` for the only one that there is.
    package let invocations: String?
    /// Whether predictions need no token wherever they come from.
    package let opensPredictions: Bool
    /// The folder that SageMaker has laid models under; `nil` outside of its containers.
    package let sagemakerRoot: String?
    /// How strongly processes with foreign code have to be confined; `nil` for what SLIPWAY_SANDBOX says, else full.
    package var sandbox: SandboxChoice?
    /// A port for gRPC beside the other one; `nil` for none.
    package var grpcPort: Int?
    /// The most bytes that loaded models take together; `nil` for no limit.
    package var memoryBudget: Int?
    /// The URL of the registry's database, which may have a password; `nil` for a file in the data folder.
    package var database: String?
    /// A folder for the contents that other servers share; `nil` for the data folder's own, or the one it remembers.
    package var contents: String?
    /// Where traces, metrics and the log go, how often metrics, and which share of traces; `nil` for what OpenTelemetry's variables
    /// say.
    package var otlp: String?
    package var otlpInterval: Duration?
    package var traceShare: Double?
    package var logFormat = LogFormat.auto
    package var logLevel = LogLevel.info
    /// Endpoints that have series of their own at `/metrics`.
    package var metricEndpoints = 1000
    /// How often to look whether something needs a person.
    package var alertInterval: Duration = .seconds(15)
    /// How long what nobody sees any more is kept.
    package var retention = RetentionPolicy()

    package init(
        data: String?, host: String?, port: Int?, tokenFile: String?, bodyLimit: Int, laneThreads: Int?,
        workerProcesses: Int = 2, tlsCertificate: String? = nil, tlsKey: String? = nil, sharesPort: Bool = false,
        takesOver: Bool = false,
        drainTimeout: Duration = .seconds(30), invocations: String? = nil, opensPredictions: Bool = false,
        sagemakerRoot: String? = nil
    ) {
        self.invocations = invocations
        self.opensPredictions = opensPredictions
        self.sagemakerRoot = sagemakerRoot
        self.data = data
        self.host = host
        self.port = port
        self.tokenFile = tokenFile
        self.bodyLimit = bodyLimit
        self.laneThreads = laneThreads
        self.workerProcesses = workerProcesses
        self.tlsCertificate = tlsCertificate
        self.tlsKey = tlsKey
        self.sharesPort = sharesPort
        self.takesOver = takesOver
        self.drainTimeout = drainTimeout
    }
}

/// A server that took over from another.
package struct RestartedServer: Sendable {
    package let server: LocalServer
    /// The one before, what it accepted, and what of that it answered; `nil` when none ran, or it was killed.
    package let previousProcessID: Int?
    package let accepted: Int?
    package let answered: Int?

    package init(server: LocalServer, previousProcessID: Int?, accepted: Int?, answered: Int?) {
        self.server = server
        self.previousProcessID = previousProcessID
        self.accepted = accepted
        self.answered = answered
    }
}

package struct LocalServer: Sendable, Equatable {
    /// `http://127.0.0.1:8080`.
    package let url: String
    package let token: String
    package let processID: Int
    /// The file with the certificate that it shows; `nil` for plain HTTP.
    package let certificate: String?

    package init(url: String, token: String, processID: Int, certificate: String? = nil) {
        self.url = url
        self.token = token
        self.processID = processID
        self.certificate = certificate
    }
}

/// One thing that the doctor looked at.
package struct DoctorFinding: Sendable, Equatable {
    package enum State: String, Sendable { case good, warning, bad }

    package let subject: String
    package let state: State
    package let fact: String
    /// How to mend it.
    package let remedy: String?

    package init(subject: String, state: State, fact: String, remedy: String?) {
        self.subject = subject
        self.state = state
        self.fact = fact
        self.remedy = remedy
    }
}

/// An engine of this machine, usable or not.
package struct EngineFinding: Sendable {
    package let name: String
    package let identity: EngineIdentity?
    package let path: String?
    package let problem: Explanation?

    package init(name: String, identity: EngineIdentity?, path: String?, problem: Explanation?) {
        self.name = name
        self.identity = identity
        self.path = path
        self.problem = problem
    }
}

/// How commands reach the toolbox: ArgumentParser makes the commands itself, so it cannot be passed to them.
package enum Tools {
    @TaskLocal package static var box: (any Toolbox)?
}

// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import DataTables
import DataVersions
import ExperimentTracking
import ModelDomain
import ModelExecution
import ModelPackaging
import Synchronization

/// Tools that do nothing but say what they were asked for.
struct FakeToolbox: Toolbox {
    var packed: Result<FakeProject, Refusal> = .failure(Refusal(.modelNotFound, .invalidInput, "nothing to pack"))
    var running: LocalServer?
    /// What ``startServer(data:)`` starts.
    var startable: LocalServer?
    /// Where the example is that came along.
    var exampleFolder: String?
    var log: [String] = []
    var findings: [DoctorFinding] = []
    var engineFindings: [EngineFinding] = []
    /// The ledger of every data folder.
    var rows: [LedgerRow] = []

    private let record = CallRecord()

    init(_ fill: (inout FakeToolbox) -> Void = { _ in }) { fill(&self) }

    /// The questions, in order.
    var calls: [String] { record.calls }
    private func note(_ call: String) { record.append(call) }

    func pack(
        _ options: PackOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> any PackedProject {
        let words = [options.name, options.project, options.examples, options.baseline].map { $0 ?? "-" }
        note("pack \(options.path) \(words.joined(separator: " "))")
        progress("loading model.onnx")
        return try packed.get()
    }

    func openMLflowStore(_ place: String, artifacts: String?) throws -> (any ForeignStore, any ForeignFiles) {
        throw Refusal(.fileMissing, .notFound, "nothing to bring")
    }

    func isThere(_ path: String) -> Bool { true }

    var runs: any RunTools { get throws { throw Refusal(.bug, .bug, "No command is run here.") } }

    func initialize(_ path: String, name: String?) async throws -> String {
        note("init \(path) \(name ?? "-")")
        return "schema: slipway/1\n"
    }

    func effectiveProject(_ path: String) async throws -> String {
        note("config \(path)")
        return "schema: slipway/1\nmodel:\n  engine: auto\n"
    }

    func example(_ name: String) async throws -> String? {
        note("example \(name)")
        return exampleFolder
    }

    func backUp(
        _ options: BackupOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> BackupReport {
        note("backup \(options.target) \(options.data ?? "-") \(options.withToken) \(options.client?.url ?? "-")")
        return report(options.target, copied: 2)
    }

    func verifyBackup(_ path: String, progress: @escaping @Sendable (String) -> Void) async throws -> BackupReport {
        note("verify \(path)")
        return report(path, copied: nil)
    }

    func restore(
        _ options: RestoreOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> BackupReport {
        note("restore \(options.backup) \(options.data) \(options.database ?? "-")")
        return report(options.data, copied: nil)
    }

    func exportModel(
        _ source: RegisteredSource, from client: SlipwayClient, to path: String,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport {
        note("export \(source.model)@\(source.version) \(path)")
        return TransferReport(
            model: "churn", project: "default", version: 3, bundle: "sha256:00", isNew: true, run: nil,
            loggedModel: nil, contents: 4, file: path)
    }

    func importModel(
        _ path: String, named name: ModelName?, into project: ProjectName?, of client: SlipwayClient,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport {
        note("import \(path) \(name?.rawValue ?? "-") \(project?.rawValue ?? "-")")
        return TransferReport(
            model: "churn", project: "default", version: 1, bundle: "sha256:00", isNew: true, run: nil,
            loggedModel: nil, contents: 4, file: path)
    }

    private func report(_ path: String, copied: Int?) -> BackupReport {
        BackupReport(
            path: path, madeAt: "2026-11-27T16:00:00Z", rows: 10, ledgerEntries: 4, contents: 3, contentBytes: 2048,
            copied: copied, missing: [], digest: "sha256:00")
    }

    func configuration(_ path: String) throws -> ConfigNode { throw nothing(at: path) }

    func dataFile(_ path: String, format: DataFormat?, data: String?) throws -> any DataFile {
        throw nothing(at: path)
    }

    func temporaryFolder() throws -> any TemporaryFolder { throw nothing(at: "/tmp") }

    func writePredictions(
        to path: String, data: String?, _ lines: (_ write: (String) throws -> Void) async throws -> Void
    ) async throws {
        try await lines { note("line for \(path): \($0)") }
    }

    func receive(_ path: String, _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void) async throws {
        throw nothing(at: path)
    }

    var time: Timestamp { Timestamp(microseconds: 0) }

    private func nothing(at path: String) -> Refusal { Refusal(.fileMissing, .notFound, "There is no “\(path)”.") }

    func serve(_ options: ServeOptions) async throws {
        note(
            "serve \(options.data ?? "-") \(options.host ?? "-") \(options.port ?? -1) \(options.tokenFile ?? "-") "
                + "\(options.bodyLimit) \(options.laneThreads.map(String.init) ?? "-") \(options.workerProcesses) "
                + "\(options.sharesPort) \(options.takesOver) \(options.drainTimeout)")
        if let database = options.database { note("database \(database)") }
    }

    func runningServer(data: String?) async throws -> LocalServer? {
        note("running \(data ?? "-")")
        return running
    }

    func startServer(data: String?) async throws -> LocalServer {
        note("start \(data ?? "-")")
        guard let startable else { throw Refusal(.serverDidNotStart, .unavailable, "The server did not start.") }
        return startable
    }

    func stopServer(data: String?) async throws -> Int? {
        note("stop \(data ?? "-")")
        return running?.processID
    }

    func readLedger(data: String?, _ take: (LedgerRow) throws -> Void) async throws {
        note("ledger \(data ?? "-")")
        for row in rows { try take(row) }
    }

    func restartServer(data: String?) async throws -> RestartedServer {
        note("restart \(data ?? "-")")
        guard let server = startable ?? running else { throw Absent() }
        return RestartedServer(
            server: server, previousProcessID: running?.processID, accepted: running.map { _ in 7 },
            answered: running.map { _ in 7 })
    }

    func logLines(data: String?, count: Int) async throws -> [String] {
        note("log \(data ?? "-") \(count)")
        return log.suffix(count)
    }

    func doctor(data: String?, port: Int?, database: String?) async -> [DoctorFinding] {
        note("doctor \(data ?? "-") \(port.map(String.init) ?? "-") \(database ?? "-")")
        return findings
    }

    func engines(data: String?) async -> [EngineFinding] {
        note("engines \(data ?? "-")")
        return engineFindings
    }

    func installEngine(from path: String, data: String?) async throws -> EngineFinding {
        note("install \(path) \(data ?? "-")")
        return EngineFinding(
            name: "onnxruntime", identity: EngineIdentity(name: "onnxruntime", version: "1.27.0", build: "b"),
            path: "/data/engines/lib.so", problem: nil)
    }
}

private final class CallRecord: Sendable {
    private let asked = Mutex<[String]>([])
    var calls: [String] { asked.withLock { $0 } }
    func append(_ call: String) { asked.withLock { $0.append(call) } }
}

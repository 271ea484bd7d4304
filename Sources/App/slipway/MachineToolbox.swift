// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import ExperimentTracking
import Foundation
import ModelDomain
import ModelExecution
import ModelPackaging
import ModelRegistry
import ProcessSandbox
import ProjectFiles
import StoreSQL

/// The commands' tools, on this machine.
struct MachineToolbox: Toolbox {
    func pack(
        _ options: PackOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> any PackedProject {
        // A server that is started for the model is to hold it as its packer was held.
        if let chosen = options.sandbox { unsafe setenv(SandboxDemand.variable, chosen.rawValue, 1) }
        let engines = EngineLibraries(
            folder: DataFolder(options.data), demand: try SandboxDemand(options.sandbox))
        if !isThere(options.path),
            let source = RegisteredSource(options.path, project: try options.project.map { try ProjectName($0) }),
            let server = options.server
        {
            let download = RegisteredDownload(client: try await server(), scratch: { try engines.workers.scratch() })
            let (folder, version) = try await download.files(of: source, progress: progress)
            var chosen = options.packing(folder.staging.path)
            chosen.name = options.name ?? source.model.name.rawValue
            chosen.project = source.model.project.rawValue
            let packed = try pack(chosen, engines: engines, progress: progress)
            return LocalPackedProject(bundle: packed.bundle, registeredVersion: version, folder: folder)
        }
        return try pack(
            options, engines: engines, components: await components(of: options, engines), progress: progress)
    }

    func openMLflowStore(_ place: String, artifacts: String?) throws -> (any ForeignStore, any ForeignFiles) {
        try slipway.openMLflowStore(place, artifacts: artifacts)
    }

    func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The registered versions that a project's graph uses.
    private func components(
        of options: PackOptions, _ engines: EngineLibraries
    ) async throws -> [ComponentReference: Packager.Component] {
        let source = try ProjectSource(options.path)
        guard source.model == nil, let server = options.server else { return [:] }
        let folder = try ConfinedFolder(at: source.folder)
        let named = try ProjectFile.read(in: folder, syntax: YAMLSyntax()).graph?.components ?? []
        guard !named.isEmpty else { return [:] }
        let download = ComponentDownload(client: try await server(), scratch: { try engines.workers.scratch() })
        var found: [ComponentReference: Packager.Component] = [:]
        for reference in named where found[reference] == nil {
            found[reference] = try await download.component(reference)
        }
        return found
    }

    /// Blocks for as long as the model takes to load and to answer.
    func pack(
        _ options: PackOptions, engines: EngineLibraries,
        components: [ComponentReference: Packager.Component] = [:], progress: @escaping @Sendable (String) -> Void
    ) throws -> any PackedProject {
        var choices = Packager.Choices()
        choices.name = try options.name.map { try ModelName($0) }
        choices.project = try options.project.map { try ProjectName($0) }
        let source = try ProjectSource(options.path)
        choices.source = source.model
        choices.target = options.target
        choices.code = options.code.map(source.nameForFile)
        choices.engine = try options.engine.map { text in
            guard let engine = ProjectFile.Engine(rawValue: text) else {
                throw Refusal(
                    .optionRefused, .invalidInput, "There is no engine “\(text.prefix(40))”.",
                    hint: "Use auto, native or worker.")
            }
            return engine
        }
        choices.examples = options.examples.map(source.nameForFile)
        choices.baseline = options.baseline.map(source.nameForFile)
        let named = [choices.source, choices.examples, choices.baseline, choices.code].compactMap(\.self)
            .filter { $0.hasPrefix("/") }
        let folder = try ConfinedFolder(at: source.folder, granting: Set(named))
        let runtimes: RuntimeLookup = { engine throws(EngineError) in try engines.runtime(of: engine) }
        if source.model == nil, try PackedBundle.isBundle(folder) {
            let given = [
                ("--examples", options.examples), ("--baseline", options.baseline), ("--target", options.target),
                ("--code", options.code), ("--engine", options.engine),
            ].filter { $0.1 != nil }.map(\.0)
            guard given.isEmpty else {
                throw Refusal(
                    .optionRefused, .invalidInput,
                    "“\(options.path)” is a bundle: its examples, its baseline and how it runs are part of it.",
                    hint: "Leave \(given.joined(separator: ", ")) out, or pack the project again.")
            }
            let bundle = try PackedBundle(reading: folder, runtimes: runtimes)
            return LocalPackedProject(bundle: try bundle.renamed(choices.name, project: choices.project))
        }
        let packager = Packager(
            folder: folder, runtimes: runtimes, syntax: YAMLSyntax(),
            stamp: PackingStamp(time: .now, actor: NSUserName(), tool: Product.nameAndVersion),
            preparer: { try engines.workers.preparer(adopting: options.environment != .locked) },
            scratch: { try engines.workers.scratch() }, components: components)
        return LocalPackedProject(bundle: try packager.pack(choices, progress: progress))
    }

    func initialize(_ path: String, name: String?) async throws -> String {
        let folder = try ConfinedFolder(at: path)
        let text = try ProjectFile.guess(in: folder, name: name.map { try ModelName($0) })
            .yaml(comment: "Every key has a default; docs/formats/slipway-yaml.md describes them.")
        try folder.create(ProjectFile.fileName, Array(text.utf8))
        return text
    }

    func effectiveProject(_ path: String) async throws -> String {
        let folder = try ConfinedFolder(at: path)
        try ProjectFile.requireProject(folder)
        return try ProjectFile.read(in: folder, syntax: YAMLSyntax()).yaml()
    }

    func example(_ name: String) async throws -> String? { Installation().example(name) }

    func serve(_ options: ServeOptions) async throws {
        try await PlatformServer(options: options).run()
    }

    func runningServer(data: String?) async throws -> LocalServer? {
        BackgroundServer(folder: DataFolder(data)).running()
    }

    func startServer(data: String?) async throws -> LocalServer {
        try await BackgroundServer(folder: DataFolder(data)).start()
    }

    func stopServer(data: String?) async throws -> Int? {
        try await BackgroundServer(folder: DataFolder(data)).stop()
    }

    func restartServer(data: String?) async throws -> RestartedServer {
        let (server, before) = try await BackgroundServer(folder: DataFolder(data)).restart()
        return RestartedServer(
            server: server, previousProcessID: before?.processID, accepted: before?.accepted,
            answered: before?.answered)
    }

    func logLines(data: String?, count: Int) async throws -> [String] {
        LogFile.lines(of: DataFolder(data).logFile, count: count)
    }

    func readLedger(data: String?, _ take: (LedgerRow) throws -> Void) async throws {
        let path = DataFolder(data).database
        guard FileManager.default.fileExists(atPath: path) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no registry in the data folder “\(DataFolder(data).path)”.",
                hint: "Name another with --data. A registry in PostgreSQL is read by its server: start that, and leave "
                    + "--data out.")
        }
        let database = try SQLiteDatabase.openForReading(at: path)
        defer { try? database.close() }
        try await ModelRegistry(store: SQLRegistryStore(database: database), now: { .now }).eachLedgerRow(take)
    }

    func backUp(
        _ options: BackupOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> BackupReport {
        try await BackupRun(options: options, progress: progress).run()
    }

    func verifyBackup(_ path: String, progress: @escaping @Sendable (String) -> Void) async throws -> BackupReport {
        try await onThread { Result { try RestoreRun.verify(path, progress: progress) } }.get()
    }

    func restore(
        _ options: RestoreOptions, progress: @escaping @Sendable (String) -> Void
    ) async throws -> BackupReport {
        try await RestoreRun(options: options, progress: progress).run()
    }

    func exportModel(
        _ source: RegisteredSource, from client: SlipwayClient, to path: String,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport {
        try await TransferRun(client: client, progress: progress).export(source, to: path)
    }

    func importModel(
        _ path: String, named name: ModelName?, into project: ProjectName?, of client: SlipwayClient,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> TransferReport {
        try await TransferRun(client: client, progress: progress).bring(path, named: name, into: project)
    }

    func doctor(data: String?, port: Int?, database: String?) async -> [DoctorFinding] {
        let folder = DataFolder(data)
        return await Doctor(
            folder: folder, engines: EngineLibraries(folder: folder), port: port ?? BackgroundServer.usualPort,
            database: RegistryDatabase(database, in: folder)
        ).findings()
    }

    func engines(data: String?) async -> [EngineFinding] {
        [EngineLibraries(folder: DataFolder(data)).finding()]
    }

    func installEngine(from path: String, data: String?) async throws -> EngineFinding {
        try EngineLibraries(folder: DataFolder(data)).install(path)
    }
}

/// A project folder, or a model file in one.
private struct ProjectSource {
    let folder: String
    /// What the project calls the model file, when a file was named.
    let model: String?

    init(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no file or folder “\(path)”.",
                hint: "Check the path; it is case-sensitive.")
        }
        let url = URL(fileURLWithPath: path)
        folder = isFolder.boolValue ? url.path : url.deletingLastPathComponent().path
        model = isFolder.boolValue ? nil : name(of: path, in: folder)
    }

    /// What a file that the command line names is called inside the project.
    func nameForFile(_ path: String) -> String { name(of: path, in: folder) }
}

/// A path within the folder; an absolute one when the file lies elsewhere, also where a link leads: who names a link means
/// what it points to.
private func name(of path: String, in folder: String) -> String {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    let inside = URL(fileURLWithPath: folder).standardizedFileURL.path + "/"
    let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: absolute)) != nil
    return absolute.hasPrefix(inside) && !isLink ? String(absolute.dropFirst(inside.count)) : absolute
}

private struct LocalPackedProject: PackedProject {
    let bundle: PackedBundle
    var registeredVersion: Int?
    /// What it was packed from, which stays until it is sent.
    var folder: StagedFolder?

    func read(_ file: BundleFile) -> AsyncThrowingStream<[UInt8], any Error> {
        let next = Result { try bundle.pieces(of: file) }
        return AsyncThrowingStream { try next.get()() }
    }

    func write(to path: String) async throws -> String {
        try bundle.write(to: path)
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

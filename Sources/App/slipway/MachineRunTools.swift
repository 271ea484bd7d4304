// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import ModelExecution
import ModelReproduction
import ProcessSandbox
import ProjectFiles
import PythonTools
import Synchronization

extension MachineToolbox {
    var runs: any RunTools { MachineRunTools() }
}

/// Training runs, on this machine.
struct MachineRunTools: RunTools {
    private var variables: [String: String] { ProcessInfo.processInfo.environment }

    func scratch() throws -> any TemporaryFolder { try PlainFolder(at: nil) }

    func workplace(at path: String?) throws -> any KeepableFolder {
        let folder = try PlainFolder(at: path)
        Abandonment.remember(folder.path)
        return folder
    }

    // MARK: The code

    func snapshot(of folder: String, leavingOut paths: [String], in scratch: String) throws -> CodeSnapshot {
        try CodeSnapshot(of: folder, leavingOut: paths, in: scratch)
    }

    func commit(of folder: String) -> RunRecord.Commit? { RunRecord.Commit(of: folder) }

    func layOut(_ archive: String, patch: String?, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try layOutCode(archive, patch: patch, in: folder)
    }

    // MARK: Python

    func python(of words: [String]) throws -> PythonContents? {
        try PythonContents.program(of: words, variables).map { try PythonContents(asking: $0, variables) }
    }

    func activePython() -> PythonContents? { try? PythonContents(active: variables) }

    func makeEnvironment(
        at folder: String, python version: String, requirements: [String],
        progress: @escaping @Sendable (String) -> Void
    ) throws -> String {
        try makeRecordedEnvironment(
            at: folder, python: version, requirements: requirements, variables, progress: progress)
    }

    func usePython(_ program: String) { unsafe setenv("SLIPWAY_PYTHON", program, 1) }

    // MARK: Commands

    func run(_ command: TrainingCommand) async throws -> CommandEnd {
        let run = CommandRun()
        return try await onThread { Result { try run.run(command) } }.get()
    }

    func startServer(data: String) async throws -> LocalServer {
        // A new data folder has no engines, and this machine's has.
        if let library = EngineLibraries(folder: DataFolder(nil)).locate() {
            unsafe setenv("SLIPWAY_ONNXRUNTIME", library, 1)
        }
        return try await BackgroundServer(folder: DataFolder(data)).start(port: 0)
    }

    // MARK: Files

    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? {
        try ConfinedFolder(at: URL(fileURLWithPath: path).deletingLastPathComponent().path, granting: [path])
            .pieces(of: path)
    }

    func files(named name: String, below folder: String, since moment: Timestamp) throws -> [String] {
        filesWritten(named: name, below: folder, since: moment)
    }

    func remove(_ path: String) { unsafe unlink(path) }

    func makeFolder(for path: String) throws {
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        try makeFolder(for: path)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    func open(
        bundleAt folder: String, data: String
    ) throws -> (manifest: BundleManifest, engine: any InferenceEngine) {
        let files = try ConfinedFolder(at: folder)
        let manifest = try BundleManifest(manifest: files.read(BundleManifest.fileName, limit: 16 << 20))
        let engines = EngineLibraries(
            folder: DataFolder(data), demand: try SandboxDemand(nil as SandboxChoice?))
        let runtime = try engines.runtime(of: manifest.engine)
        let model = ModelFile(path: "\(folder)/\(manifest.model)")
        try runtime.prepare(for: model)
        return (manifest, try runtime.open(modelAt: model))
    }
}

/// A folder that goes away with the last one who needs its files, unless it is kept.
private final class PlainFolder: KeepableFolder {
    let path: String
    private let isKept = Mutex(false)

    /// - Throws: `PRJ-008` when there is one at `path` already.
    init(at chosen: String?) throws {
        let temporary = FileManager.default.temporaryDirectory
            .appendingPathComponent("slipway-\(UUID().uuidString.lowercased())").path
        path = chosen.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? temporary
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        guard unsafe mkdir(path, 0o700) == 0 else {
            guard errno == EEXIST else {
                throw Refusal(
                    .notWritable, .unavailable, "The folder “\(path)” cannot be made.", hint: "Check its parent.")
            }
            throw Refusal(
                .projectExists, .conflict, "There is a “\(path)” already.", hint: "Name a folder that is new.")
        }
        // Whatever else in this process is abandoned ends it, and may do so before its last holder lets go.
        Abandonment.takeAlong(path)
    }

    func keep() {
        isKept.withLock { $0 = true }
        Abandonment.forget(path)
    }

    deinit {
        guard !isKept.withLock(\.self) else { return }
        removeForGood(path)
        Abandonment.forget(path)
    }
}

// SPDX-License-Identifier: Apache-2.0
import EngineWorker
import Foundation
import ModelDomain
import ModelExecution
import ModelPackaging
import ProcessSandbox
import ProjectFiles
import PythonTools

/// Everything that runs models in processes of their own, on one data folder.
struct Workers: Sendable {
    let runtime: WorkerRuntime
    private let folder: DataFolder
    private let environments: PythonEnvironments
    private let confinement: SandboxConfinement

    init(
        folder: DataFolder, demand: SandboxDemand, processes: Int,
        log: @escaping @Sendable (_ model: String, _ line: String) -> Void
    ) {
        self.folder = folder
        confinement = SandboxConfinement(demand: demand)
        let package = PythonPackage(folder: "\(folder.path)/python")
        environments = PythonEnvironments(
            folder: "\(folder.path)/environments", package: { () throws(EngineError) in try package.place() },
            variables: ProcessInfo.processInfo.environment, log: { log("environments", $0) })
        var limits = WorkerLimits()
        limits.processCount = processes
        runtime = WorkerRuntime(
            environments: environments, confinement: confinement, folder: "\(folder.path)/workers", limits: limits,
            log: log)
    }

    /// Takes away temporary folders that programs which were killed have left.
    func sweep() {
        let manager = FileManager.default
        let yesterday = Date(timeIntervalSinceNow: -86_400)
        let parent = "\(folder.path)/prepared"
        for name in (try? manager.contentsOfDirectory(atPath: parent)) ?? [] {
            let path = "\(parent)/\(name)"
            let changed = (try? manager.attributesOfItem(atPath: path))?[.modificationDate] as? Date
            if changed.map({ $0 < yesterday }) ?? false { try? manager.removeItem(atPath: path) }
        }
    }

    /// Prepares models with the Python of whoever runs this command.
    ///
    /// - Parameter adopting: Whether workers of this machine may go on using that Python, rather than an environment of
    ///   their own that is installed from the lock.
    func preparer(adopting: Bool) throws -> any ModelPreparer {
        let interpreter = try PythonInterpreter.active(ProcessInfo.processInfo.environment)
        let parent = "\(folder.path)/prepared"
        return PythonPreparer(
            interpreter: interpreter, environments: environments, confinement: confinement,
            stage: {
                let staging = try Staging(in: parent)
                return (staging.path, StagedFolder(staging: staging, files: try ConfinedFolder(at: staging.path)))
            },
            provide: { [environments] lock in
                guard adopting else {
                    return try environments.install(WorkerNeeds(language: "python", command: [], lock: lock))
                }
                try environments.adopt(interpreter, for: lock)
            })
    }
}

/// A folder that goes away with the last one who needs its files.
private final class Staging: Sendable {
    let path: String

    init(in parent: String) throws {
        path = "\(parent)/\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The files of a staging folder, which stay for as long as somebody may read them.
private struct StagedFolder: ProjectFolder {
    let staging: Staging
    let files: ConfinedFolder

    var name: String { files.name }
    func fileNames() throws -> [String] { try files.fileNames() }
    func contains(_ path: String) throws -> Bool { try files.contains(path) }
    func read(_ path: String, limit: Int) throws -> [UInt8] { try files.read(path, limit: limit) }
    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? { try files.pieces(of: path) }
    func describe(_ path: String) throws -> BundleFile { try files.describe(path) }
    func modelFile(_ path: String) throws -> ModelFile { try files.modelFile(path) }
    func place(_ path: String) throws -> String { try files.place(path) }
    func create(_ path: String, _ content: [UInt8]) throws { try files.create(path, content) }
    func commit() -> SourceCommit? { files.commit() }
}

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

    /// A folder that is gone when nobody holds it any more.
    func scratch() throws -> StagedFolder {
        let staging = try Staging(in: "\(folder.path)/prepared")
        return StagedFolder(staging: staging, files: try ConfinedFolder(at: staging.path))
    }

    /// Reads tables with the Python of whoever runs this command.
    func tableConversion() throws -> TableConversion {
        TableConversion(
            interpreter: try PythonInterpreter.active(ProcessInfo.processInfo.environment), environments: environments,
            confinement: confinement)
    }

    /// Writes predictions with the same Python.
    func predictionWriting() throws -> PredictionWriting {
        PredictionWriting(
            interpreter: try PythonInterpreter.active(ProcessInfo.processInfo.environment), environments: environments,
            confinement: confinement)
    }

    /// Prepares models with the Python of whoever runs this command.
    ///
    /// - Parameter adopting: Whether workers of this machine may go on using that Python, rather than an environment of
    ///   their own that is installed from the lock.
    func preparer(adopting: Bool) throws -> any ModelPreparer {
        let interpreter = try PythonInterpreter.active(ProcessInfo.processInfo.environment)
        return PythonPreparer(
            interpreter: interpreter, environments: environments, confinement: confinement,
            stage: { [self] in
                let folder = try scratch()
                return (folder.staging.path, folder)
            },
            provide: { [environments] lock in
                guard adopting else {
                    return try environments.install(WorkerNeeds(language: "python", command: [], lock: lock))
                }
                try environments.adopt(interpreter, for: lock)
            })
    }
}

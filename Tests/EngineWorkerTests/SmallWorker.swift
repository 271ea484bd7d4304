// SPDX-License-Identifier: Apache-2.0
import EngineWorker
import Foundation
import ModelDomain
import ModelExecution
import Synchronization
import Tensors
import TestSupport
import Testing

/// A bundle whose worker is `small_worker.py`, and what became of its processes.
final class SmallWorker: Sendable {
    let folder: String
    private let lines = Mutex<[String]>([])
    private let variables: Mutex<[String: String]>

    /// - Parameter variables: What the worker finds in its environment; later processes get what was set meanwhile.
    init(in folder: String, variables: [String: String] = [:]) throws {
        self.folder = folder
        self.variables = Mutex(variables)
        let script = "\(repositoryRoot)/Tests/Fixtures/workers/small_worker.py"
        try FileManager.default.createDirectory(atPath: "\(folder)/bundle", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: script, toPath: "\(folder)/bundle/worker.py")
        try write(
            "worker.json",
            """
            {"schema": "slipway.worker/1", "command": ["python3", "{folder}/worker.py"],
             "inputs": [{"name": "values", "datatype": "FP32", "shape": [-1, 2]}],
             "outputs": [{"name": "score", "datatype": "FP32", "shape": [-1]}]}
            """)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/bundle/\(name)"))
    }

    var descriptor: ModelFile { ModelFile(path: "\(folder)/bundle/worker.json") }
    var log: [String] { lines.withLock(\.self) }
    /// Files with inputs of requests that ended processes.
    var suspects: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/workers/suspects")) ?? []
    }

    func runtime(_ limits: WorkerLimits = WorkerLimits()) -> WorkerRuntime {
        WorkerRuntime(
            environments: Environments(variables: variables.withLock(\.self)), confinement: Unconfined(),
            folder: "\(folder)/workers", limits: limits,
            log: { [self] _, line in lines.withLock { $0.append(line) } })
    }

    /// The process that took over last, or the first one that the system knows below this process.
    func children() throws -> [pid_t] {
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        return all.filter { process in
            let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return String(decoding: command, as: UTF8.self).contains("\(folder)/bundle/worker.py")
        }
    }

    private struct Environments: WorkerEnvironments {
        let variables: [String: String]

        func program(for needs: WorkerNeeds) throws(EngineError) -> WorkerProgram {
            WorkerProgram(
                program: "/usr/bin/env", arguments: needs.command,
                environment: variables.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { first, _ in first },
                readable: [])
        }

        func install(_ needs: WorkerNeeds) throws(EngineError) {}
    }

    /// As the sandbox has tests of its own.
    private struct Unconfined: ProcessConfinement {
        func launch(_ program: ConfinedProgram) throws(Refusal) -> ProcessLaunch {
            ProcessLaunch(
                executable: program.program, arguments: program.arguments, environment: program.environment)
        }
    }
}

extension InferenceEngine {
    /// The answer to one row.
    func score(_ first: Float, _ second: Float = 1, until deadline: Moment = .never) throws(EngineError) -> Float {
        let row = Tensor(.float32, shape: [1, 2], elements: [first, second])
        return try run([row], until: deadline)[0].elements(as: Float.self)[0]
    }
}

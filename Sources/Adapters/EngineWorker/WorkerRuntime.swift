// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution
internal import Tensors

/// How much the processes of one model may be and take.
package struct WorkerLimits: Sendable {
    /// The most processes of one model. The first is there from the start, others come when all are busy.
    package var processCount = 2
    package var loadNanoseconds = 120_000_000_000
    /// Of one call, whatever its caller's deadline.
    package var callNanoseconds = 60_000_000_000
    /// Of each process.
    package var memoryBytes = ConfinedProgram.standardMemoryBytes

    package init() {}
}

/// Opens bundles whose model runs in a process of its own.
package struct WorkerRuntime: EngineRuntime {
    /// Of the protocol, and of the program that speaks it.
    package let identity = EngineIdentity(name: EngineName.worker, version: "1", build: Product.version)
    private let environments: any WorkerEnvironments
    private let confinement: any ProcessConfinement
    private let folder: String
    private let limits: WorkerLimits
    private let log: @Sendable (_ model: String, _ line: String) -> Void

    /// - Parameters:
    ///   - folder: Where processes get folders for temporary files, and requests that end processes are kept.
    ///   - log: Gets what processes print and what happens to them, with the folder of their bundle.
    package init(
        environments: any WorkerEnvironments, confinement: any ProcessConfinement, folder: String,
        limits: WorkerLimits = WorkerLimits(), log: @escaping @Sendable (_ model: String, _ line: String) -> Void
    ) {
        self.environments = environments
        self.confinement = confinement
        self.folder = folder
        self.limits = limits
        self.log = log
    }

    /// What processes of this program write into while they run.
    package static func runningFolder(_ folder: String, of process: Int32 = getpid()) -> String {
        "\(folder)/running/\(process)"
    }

    package func install(for file: ModelFile) throws(EngineError) {
        try environments.install(WorkerDescriptor(at: file).needs)
    }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        let descriptor = try WorkerDescriptor(at: file)
        let program = try environments.program(for: descriptor.needs)
        let scratch = try ScratchFolder(in: Self.runningFolder(folder))
        let confined = ConfinedProgram(
            program: program.program, arguments: program.arguments, environment: program.environment,
            readable: [descriptor.folder] + program.readable, writable: [scratch.path],
            memoryBytes: limits.memoryBytes)
        let launch: ProcessLaunch
        do throws(Refusal) {
            launch = try confinement.launch(confined)
        } catch {
            throw .unavailable(error.explanation)
        }
        let model = descriptor.folder
        return try WorkerEngine(
            descriptor, launch: launch, scratch: scratch, limits: limits, log: { log(model, $0) },
            keepSuspect: { inputs, how in
                let place = keep(inputs, of: descriptor)
                log(model, "a request ended two processes (\(how)); its inputs are kept in \(place ?? "no file")")
            })
    }

    /// As an example without an answer, for the owner of the model to run by hand.
    ///
    /// - Returns: The file; `nil` when it could not be written.
    private func keep(_ inputs: [NamedTensor], of descriptor: WorkerDescriptor) -> String? {
        let suspects = "\(folder)/suspects"
        let signature = Signature(inputs: descriptor.inputs, outputs: descriptor.outputs)
        guard let format = try? ExampleFormat(signature: signature, outputs: []),
            let line = try? format.write([Example(inputs: inputs.map(\.tensor), outputs: [])])
        else { return nil }
        let file = "\(suspects)/\(Digest(of: line).hex.prefix(16)).jsonl"
        try? FileManager.default.createDirectory(
            atPath: suspects, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // The last hundred are enough to find the fault, and no caller fills the disk with them.
        let kept = (try? FileManager.default.contentsOfDirectory(atPath: suspects)) ?? []
        guard kept.count < 100 || FileManager.default.fileExists(atPath: file) else { return nil }
        return FileManager.default.createFile(
            atPath: file, contents: Data(line), attributes: [.posixPermissions: 0o600]) ? file : nil
    }
}

/// A folder for temporary files that goes away with its owner.
final class ScratchFolder: Sendable {
    let path: String

    init(in parent: String) throws(EngineError) {
        path = "\(parent)/\(UUID().uuidString.lowercased())"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .workerUnavailable(reason: "no folder for its temporary files can be made in “\(parent)”")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

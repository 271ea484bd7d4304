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
    ///   - folder: Where requests that end processes are kept.
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

    package func prepare(for file: ModelFile) throws(EngineError) {
        try environments.install(WorkerDescriptor(at: file).needs)
    }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        let descriptor = try WorkerDescriptor(at: file)
        let program = try environments.program(for: descriptor.needs)
        let confined = ConfinedProgram(
            program: program.program, arguments: program.arguments, environment: program.environment,
            readable: [descriptor.folder] + program.readable, memoryBytes: limits.memoryBytes)
        let launch: ProcessLaunch
        do throws(Refusal) {
            launch = try confinement.launch(confined)
        } catch {
            throw .unavailable(error.explanation)
        }
        let model = descriptor.folder
        return try WorkerEngine(
            descriptor, launch: launch, limits: limits, log: { log(model, $0) },
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

// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution
internal import Synchronization
package import Tensors

/// A model that runs in processes of its own, through the worker protocol (`docs/formats/worker-protocol.md`).
///
/// Calls go to whichever process is free; a process answers one at a time. A process that ends is followed by another,
/// and what it was working on is tried once more.
package final class WorkerEngine: InferenceEngine {
    /// How many of the first answers each later process has to give as well.
    private static let sampleSize = 3
    private static let failuresBeforeCheck = 3

    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package var runsElsewhere: Bool { true }
    package var recovery: EngineRecovery { pool.recovery }
    private let pool: WorkerPool
    private let callNanoseconds: Int
    private let sample: WorkerSample
    private let keepSuspect: @Sendable (_ inputs: [NamedTensor], _ how: String) -> Void

    /// - Throws: ``EngineError`` when the first process does not start or cannot load the model.
    init(
        _ descriptor: WorkerDescriptor, launch: ProcessLaunch, limits: WorkerLimits,
        log: @escaping @Sendable (String) -> Void,
        keepSuspect: @escaping @Sendable (_ inputs: [NamedTensor], _ how: String) -> Void
    ) throws(EngineError) {
        inputs = descriptor.inputs
        outputs = descriptor.outputs
        callNanoseconds = limits.callNanoseconds
        self.keepSuspect = keepSuspect
        let sample = WorkerSample(inputs: descriptor.inputs, outputs: descriptor.outputs, size: Self.sampleSize)
        self.sample = sample
        let load = { @Sendable () throws(EngineError) in
            try loaded(descriptor, launch: launch, limits: limits, log: log)
        }
        pool = WorkerPool(first: try load(), maximum: limits.processCount, log: log) { () throws(EngineError) in
            let process = try load()
            guard let difference = sample.difference(of: process, within: limits.callNanoseconds) else {
                return process
            }
            process.end()
            throw .workerUnavailable(reason: difference)
        }
    }

    deinit { pool.close() }

    package func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { try run(inputs, until: .never) }

    package func run(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try run(inputs, until: deadline, attempts: 2)
    }

    package func runJoint(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try run(inputs, until: deadline, attempts: 1)
    }

    private func run(_ inputs: [Tensor], until deadline: Moment, attempts: Int) throws(EngineError) -> [Tensor] {
        try requireFit(inputs)
        let named = zip(self.inputs, inputs).map { NamedTensor($0.name, $1) }
        // Nobody waits for ever for code that may never return.
        let deadline = min(deadline, Moment.now.after(callNanoseconds))
        var endings: [String] = []
        while endings.count < attempts {
            let process = try pool.take(until: deadline)
            guard process.isQuiet else {
                // It ended, or said what nobody asked for: whoever comes next is not to blame, and must not be answered.
                pool.lose(process, because: "it did not wait for the next request")
                continue
            }
            do throws(WorkerFault) {
                let answers = try process.predict(named, until: deadline)
                let tensors = try checked(answers, rows: inputs.first?.shape.first)
                process.failures.store(0, ordering: .relaxed)
                pool.give(process)
                sample.keep(inputs, tensors)
                return tensors
            } catch {
                switch error {
                case .refused(let code, let message):
                    giveBack(process, after: code)
                    throw refusal(code, message)
                case .late:
                    pool.lose(process, because: "it did not answer in time, and did not stop when told to")
                    throw .deadlinePassed
                case .broken(let reason):
                    pool.lose(process, because: reason)
                    throw .runFailed(reason: "the worker does not keep the protocol: \(reason)")
                case .ended:
                    endings.append(pool.lose(process))
                }
            }
        }
        if attempts > 1 { keepSuspect(named, endings.joined(separator: "; ")) }
        throw .endsWorkers
    }

    /// A process whose model fails again and again has to show that it still answers as it did in the beginning: a
    /// request may have spoilt it for all that follow.
    private func giveBack(_ process: WorkerProcess, after code: String) {
        guard code == "failed",
            process.failures.add(1, ordering: .relaxed).newValue >= Self.failuresBeforeCheck
        else { return pool.give(process) }
        process.failures.store(0, ordering: .relaxed)
        guard let difference = sample.difference(of: process, within: callNanoseconds) else {
            return pool.give(process)
        }
        pool.lose(process, because: difference)
    }

    /// The answer as the signature has it, or why it is none.
    private func checked(_ answers: [NamedTensor], rows: Int?) throws(WorkerFault) -> [Tensor] {
        guard answers.count == outputs.count else {
            throw .refused(code: "failed", message: "it gave \(answers.count) outputs, \(outputs.count) were promised")
        }
        for (answer, spec) in zip(answers, outputs) {
            let shape = answer.tensor.shape
            let countsRows = spec.shape.first.map { $0.size == nil } ?? false
            guard answer.name == spec.name, answer.tensor.fits(spec), !countsRows || rows == nil || shape.first == rows
            else {
                throw .refused(
                    code: "failed",
                    message: "it gave “\(answer.name)” \(answer.tensor.datatype.rawValue) \(shape), and promised "
                        + "“\(spec.name)” \(spec.datatype.rawValue) \(spec.shapeDescription)")
            }
        }
        return answers.map(\.tensor)
    }
}

private func refusal(_ code: String, _ message: String) -> EngineError {
    switch code {
    case "invalid": .inputsRefused(reason: message)
    case "cancelled": .deadlinePassed
    default: .runFailed(reason: message)
    }
}

/// Starts a process and has it load the model.
private func loaded(
    _ descriptor: WorkerDescriptor, launch: ProcessLaunch, limits: WorkerLimits,
    log: @escaping @Sendable (String) -> Void
) throws(EngineError) -> WorkerProcess {
    let process: WorkerProcess
    do throws(WorkerFault) {
        process = try WorkerProcess(launch, log: log)
    } catch {
        throw .workerUnavailable(reason: error.reason)
    }
    do throws(WorkerFault) {
        let specs = try process.load(descriptor, until: Moment.now.after(limits.loadNanoseconds))
        guard specs.inputs == descriptor.inputs, specs.outputs == descriptor.outputs else {
            throw .broken("what it takes and gives is not what “\(descriptor.name)” says")
        }
        return process
    } catch {
        let how = process.end()
        switch error {
        case .refused(code: "module_missing", let message):
            throw .environmentMissing(
                reason: message, hint: "Add it to the environment the model is packed with, or its folder with --code.")
        case .refused(_, let message): throw .modelRefused(reason: message)
        case .ended: throw .modelRefused(reason: "the process that was to load it is gone: \(how)")
        case .late:
            throw .modelRefused(reason: "it took longer than \(limits.loadNanoseconds / 1_000_000_000) s to load")
        case .broken(let reason): throw .modelRefused(reason: reason)
        }
    }
}

extension WorkerFault {
    var reason: String {
        switch self {
        case .ended(let reason), .broken(let reason), .refused(_, let reason): reason
        case .late: "it took too long"
        }
    }
}

/// The first answers of a model, which every later process of it has to give as well before it is let near a caller.
private final class WorkerSample: Sendable {
    private let replay: Replay
    private let inputs: [TensorSpec]
    private let outputs: [TensorSpec]
    private let size: Int
    private let kept = Mutex<[Example]>([])
    private let isFull = Atomic<Bool>(false)

    init(inputs: [TensorSpec], outputs: [TensorSpec], size: Int) {
        self.inputs = inputs
        self.outputs = outputs
        self.size = size
        replay = Replay(signature: Signature(inputs: inputs, outputs: outputs), tolerance: .standard, task: nil)
    }

    func keep(_ inputs: [Tensor], _ answers: [Tensor]) {
        guard !isFull.load(ordering: .relaxed) else { return }
        kept.withLock { kept in
            guard kept.count < size else { return isFull.store(true, ordering: .relaxed) }
            kept.append(Example(inputs: inputs, outputs: zip(outputs, answers).map { NamedTensor($0.name, $1) }))
        }
    }

    /// - Returns: How the process answers otherwise; `nil` when it does not.
    func difference(of process: WorkerProcess, within nanoseconds: Int) -> String? {
        for example in kept.withLock(\.self) {
            do throws(WorkerFault) {
                let answers = try process.predict(
                    zip(inputs, example.inputs).map { NamedTensor($0.name, $1) }, until: Moment.now.after(nanoseconds))
                guard replay.agrees(answers.map(\.tensor), with: example) else {
                    return "a process does not answer as the first one did"
                }
            } catch {
                return "a process does not answer what the first one did: \(error.reason)"
            }
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Tensors

/// One loaded model that turns tensors into tensors.
///
/// Safe to call from several threads at the same time; what an engine needs per call or per thread it keeps to itself.
/// A class, because its memory is given back when the last request that holds it lets go.
/// Every conforming type passes `InferenceEngineContract`.
package protocol InferenceEngine: AnyObject, Sendable {
    /// In the order in which ``run(_:)`` takes them.
    var inputs: [TensorSpec] { get }
    /// In the order in which ``run(_:)`` gives them.
    var outputs: [TensorSpec] { get }

    /// Whether another process runs the model: then a call may wait for that to start, and is never for an event loop.
    var runsElsewhere: Bool { get }

    /// What it has lost of what runs the model.
    var recovery: EngineRecovery { get }

    /// Runs the model; blocks until the answer is there.
    ///
    /// - Parameter inputs: One tensor for each of ``inputs``, in that order, of its type, and of a shape that it accepts.
    /// - Returns: One tensor for each of ``outputs``, in that order.
    /// - Throws: ``EngineError/runFailed(reason:)`` in the engine's own words; the engine stays usable.
    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor]

    /// The same for a caller who does not wait for ever. An engine that cannot stop in between runs to its end.
    ///
    /// - Throws: ``EngineError/deadlinePassed`` when the answer was given up.
    func run(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor]

    /// The same for the rows of several calls. It is given up at the first trouble: then each call is run alone.
    func runJoint(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor]

    /// The same as ``run(_:until:)``; a model of several steps notes on `clock` how long each took.
    func run(_ inputs: [Tensor], until deadline: Moment, timing clock: StepClock) throws(EngineError) -> [Tensor]

    /// What its steps have done so far; empty for a model that is one.
    var steps: [StepCounts] { get }

    /// What each value of the inputs contributes to an output, where the model itself knows: trees do.
    ///
    /// - Parameters:
    ///   - output: Its position among ``outputs``.
    ///   - position: Of the value in an output `[rows, n]`.
    /// - Returns: `nil` where it does not know.
    func contributions(
        _ inputs: [Tensor], toward output: Int, position: Int?
    ) throws(EngineError) -> ValueContributions?
}

extension InferenceEngine {
    package var runsElsewhere: Bool { false }
    package var recovery: EngineRecovery { EngineRecovery() }
    package var steps: [StepCounts] { [] }

    package func contributions(
        _ inputs: [Tensor], toward output: Int, position: Int?
    ) throws(EngineError) -> ValueContributions? { nil }

    package func run(
        _ inputs: [Tensor], until deadline: Moment, timing clock: StepClock
    ) throws(EngineError) -> [Tensor] {
        let begun = Moment.now
        let answers = try run(inputs, until: deadline)
        clock.note(
            StepTime(name: "model", rows: inputs.first?.shape.first ?? 1, nanoseconds: Moment.now.since(begun)))
        return answers
    }

    package func run(_ inputs: [Tensor], until _: Moment) throws(EngineError) -> [Tensor] { try run(inputs) }

    package func runJoint(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        try run(inputs, until: deadline)
    }

    /// For engines that have nobody else to check what they are given.
    package func requireFit(_ tensors: [Tensor]) throws(EngineError) {
        guard tensors.count == inputs.count else {
            throw .runFailed(reason: "the model takes \(inputs.count) inputs and was given \(tensors.count)")
        }
        for (tensor, spec) in zip(tensors, inputs) where !tensor.fits(spec) {
            throw .runFailed(
                reason: "“\(spec.name)” is \(spec.datatype.rawValue) \(spec.shapeDescription), and "
                    + "\(tensor.datatype.rawValue) \(tensor.shape) was given")
        }
    }
}

extension Tensor {
    /// Whether it is of the type and of a shape that `spec` takes.
    package func fits(_ spec: TensorSpec) -> Bool { datatype == spec.datatype && spec.accepts(shape) }
}

/// How an engine recovers from what ended its processes. While it does, what a call takes says nothing about later ones.
package struct EngineRecovery: Sendable, Hashable {
    /// Whether nothing is there at the moment that could run the model.
    package var isUnderway = false
    /// How often something ended that ran the model.
    package var losses = 0

    package init() {}
}

/// What executes a kind of model files, and opens them.
package protocol EngineRuntime: Sendable {
    /// Name, version and build of the engine, for receipts and `slipway engines`.
    var identity: EngineIdentity { get }

    /// - Parameter file: Lies in a folder together with the files it refers to.
    /// - Throws: ``EngineError/modelRefused(reason:)`` for a file that is no model, damaged, or asks for what this
    ///   engine does not have; ``EngineError/memoryShort(reason:)`` for one that does not fit beside what is loaded;
    ///   ``EngineError/typeUnsupported(name:type:)`` for inputs or outputs that are no tensors.
    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine

    /// The same for a model that `device` computes, all of it: nothing falls back to the processor.
    ///
    /// - Throws: ``EngineError/deviceUnavailable(_:reason:hint:)`` as well, where the device, or what the engine needs for
    ///   it, is not there.
    func open(modelAt file: ModelFile, on device: ComputeDevice) throws(EngineError) -> any InferenceEngine

    /// Whether the first model that it opens has it take memory that stays for all of them.
    var keepsCommonMemory: Bool { get }

    /// Gets what a model needs and this machine lacks, and finds out whether opening it does harm: once, before it is
    /// opened here for the first time, never at a start. May take minutes.
    func prepare(for file: ModelFile) throws(EngineError)
}

extension EngineRuntime {
    package func prepare(for _: ModelFile) throws(EngineError) {}
    package var keepsCommonMemory: Bool { false }

    /// For engines that only the processor runs.
    package func open(modelAt file: ModelFile, on device: ComputeDevice) throws(EngineError) -> any InferenceEngine {
        guard device == .cpu else {
            throw .deviceUnavailable(
                device, reason: "the engine “\(identity.name)” has no form for graphics cards",
                hint: "Set the endpoint's device to cpu, or export the model to ONNX.")
        }
        return try open(modelAt: file)
    }
}

/// What bundles call the engines.
package enum EngineName {
    package static let native = "onnxruntime"
    package static let forest = "forest"
    package static let worker = "worker"
    package static let graph = "graph"
}

/// Finds what executes bundles of an engine's name. Asked at every load, so that an engine
/// installed later is found.
package typealias RuntimeLookup = @Sendable (_ engine: String) throws(EngineError) -> any EngineRuntime

/// Which engine answered.
package struct EngineIdentity: Sendable, Hashable {
    /// `onnxruntime`.
    package let name: String
    /// `1.27.0`.
    package let version: String
    /// What else tells builds apart: SHA-256 of the library, where there is one.
    package let build: String

    package init(name: String, version: String, build: String) {
        self.name = name
        self.version = version
        self.build = build
    }
}

/// A model file as an engine opens it. Made by blob stores and project folders, never from a caller's text.
package struct ModelFile: Sendable, Hashable {
    package let path: String

    package init(path: String) { self.path = path }

    /// A file of the same bundle.
    ///
    /// - Parameter path: From the folder that this file lies in, and inside of it.
    package func sibling(_ path: String) -> ModelFile {
        let folder = self.path.lastIndex(of: "/").map { self.path[...$0] } ?? ""
        return ModelFile(path: folder + path)
    }
}

/// Reads a file that an engine is to open, if it is a regular one of at most `limit` bytes. No link is followed: foreign
/// code may have written it.
///
/// - Throws: `PRJ-009`.
package typealias FileReading = @Sendable (_ file: ModelFile, _ limit: Int) throws(Refusal) -> [UInt8]

package enum EngineError: ExplainedError, Equatable {
    /// The engine's library is not installed.
    case missing(engine: String, hint: String)
    /// The library is there and cannot be used.
    case unusable(engine: String, reason: String)
    case modelRefused(reason: String)
    /// The model does not fit into the memory that is left.
    case memoryShort(reason: String)
    case typeUnsupported(name: String, type: String)
    /// The device that was asked for, or what the engine needs for it, is not there.
    case deviceUnavailable(ComputeDevice, reason: String, hint: String)
    case runFailed(reason: String)
    /// The model itself refuses these values.
    case inputsRefused(reason: String)
    /// The answer was given up when nobody waited any more.
    case deadlinePassed
    /// The process that runs the model does not start, or does not stay.
    case workerUnavailable(reason: String)
    /// The request ended the process that ran it twice; its inputs were kept for the model's owner.
    case endsWorkers
    /// What the model's code needs is not installed.
    case environmentMissing(reason: String, hint: String)
    /// Something that explains itself keeps the engine from opening the model.
    case unavailable(Explanation)

    package var explanation: Explanation {
        switch self {
        case .missing(let engine, let hint):
            Explanation(.engineMissing, .unavailable, "The engine \(engine) is not installed.", hint: hint)
        case .unusable(let engine, let reason):
            Explanation(
                .engineUnusable, .unavailable, "The library of \(engine) cannot be used: \(sentence(reason))",
                hint: "Check it with `slipway doctor`.")
        case .modelRefused(let reason):
            Explanation(
                .modelRefused, .invalidInput, "The engine cannot load this model: \(sentence(reason))",
                hint: "Check that the file opens where it was made, and export it again.")
        case .memoryShort(let reason):
            Explanation(
                .memoryShort, .memoryShort, "There is not enough memory to load this model: \(sentence(reason))",
                hint: "Unload another endpoint, or give the server more memory.")
        case .typeUnsupported(let name, let type):
            Explanation(
                .typeUnsupported, .invalidInput, "“\(name)” is \(type), which has no tensor form.",
                hint: "Export the model with tensor inputs and outputs.")
        case .deviceUnavailable(let device, let reason, let hint):
            Explanation(
                .deviceUnavailable, .unavailable, "“\(device)” cannot compute this model: \(sentence(reason))",
                hint: hint)
        case .runFailed(let reason):
            Explanation(
                .runFailed, .bug, "The engine failed while it ran the model: \(sentence(reason))",
                hint: "Look for the prediction id in `slipway logs`.")
        case .inputsRefused(let reason):
            Explanation(
                .inputsRefused, .invalidInput, "The model refuses these values: \(sentence(reason))",
                hint: "Send values as the model was trained with.")
        case .deadlinePassed:
            Explanation(
                .deadlineExceeded, .deadlineExceeded, "The deadline passed before there was an answer.",
                hint: "Allow more time, or see with `slipway endpoint show` what takes so long.")
        case .workerUnavailable(let reason):
            Explanation(
                .workerUnavailable, .unavailable, "The process that runs this model is not there: \(sentence(reason))",
                hint: "See with `slipway logs` what it printed.", retryAfterSeconds: 5)
        case .endsWorkers:
            Explanation(
                .endsWorkers, .bug, "This request ended the process that ran the model, twice, and is not tried again.",
                hint: "Its inputs are kept for the model's owner: `slipway logs` says where.")
        case .environmentMissing(let reason, let hint):
            Explanation(.environmentMissing, .unavailable, sentence(reason), hint: hint)
        case .unavailable(let explanation): explanation
        }
    }
}

/// An engine's own words, ended as a sentence is.
private func sentence(_ reason: String) -> String { reason.hasSuffix(".") ? reason : reason + "." }

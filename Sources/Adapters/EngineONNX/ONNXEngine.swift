// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelExecution
package import Tensors

/// What the maker of a model wrote into it.
package struct ModelMetadata: Sendable, Hashable {
    /// The program that exported it; may be empty.
    package let producer: String
    package let custom: [String: String]
}

/// An ONNX model in ONNX Runtime.
///
/// A call runs on the caller's thread and takes no lock; answers do not depend on what else runs.
/// Outputs borrow the memory that the library computed them in.
package final class ONNXEngine: InferenceEngine {
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package let metadata: ModelMetadata
    private let session: ORTSession
    private let path: String
    /// For each output, whether it is declared as a tensor: asking each value anew costs more than reading it.
    private let areTensors: [Bool]

    /// - Throws: ``EngineError/modelRefused(reason:)``, ``EngineError/memoryShort(reason:)``,
    ///   ``EngineError/typeUnsupported(name:type:)``, ``EngineError/deviceUnavailable(_:reason:hint:)``.
    init(_ library: ORTLibrary, modelAt path: String, on device: ComputeDevice = .cpu) throws(EngineError) {
        self.path = path
        // Only the format that is checked most: the library has one of its own, which it would also take.
        var entries = [(key: "session.load_model_format", value: "ONNX")]
        var card: Int?
        if case .cuda(let index) = device {
            try requireCUDA(of: library, for: device)
            card = index
            // The library would put on the processor what the card cannot do, and say nothing.
            entries.append(("session.disable_cpu_ep_fallback", "1"))
        }
        do throws(ORTFailure) {
            session = try ORTSession(library: library, path: path, entries: entries, card: card)
            metadata = try session.metadata()
        } catch {
            if error.isForWantOfMemory { throw .memoryShort(reason: "the system gave no more") }
            if device != .cpu, let refusal = error.deviceRefusal(of: device, model: path) { throw refusal }
            throw .modelRefused(reason: error.reason(model: path))
        }
        inputs = try Self.specs(session.inputs, path) { $1.inputSpec(named: $0) }
        var areTensors: [Bool] = []
        outputs = try Self.specs(session.outputs, path) { name, type in
            if case .tensor = type { areTensors.append(true) } else { areTensors.append(false) }
            return type.outputSpec(named: name)
        }
        self.areTensors = areTensors
    }

    private static func specs(
        _ declared: () throws(ORTFailure) -> [(name: String, type: ORTType)], _ path: String,
        _ spec: (String, ORTType) -> TensorSpec?
    ) throws(EngineError) -> [TensorSpec] {
        let all: [(name: String, type: ORTType)]
        do throws(ORTFailure) { all = try declared() } catch {
            throw .modelRefused(reason: error.reason(model: path))
        }
        return try all.map { name, type throws(EngineError) in
            guard let spec = spec(name, type) else { throw .typeUnsupported(name: name, type: type.description) }
            return spec
        }
    }

    package func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        guard inputs.count == self.inputs.count else {
            throw .runFailed(reason: "the model takes \(self.inputs.count) inputs and was given \(inputs.count)")
        }
        var inputs = inputs
        // Requests lend bytes from anywhere in a payload.
        for index in inputs.indices where !inputs[index].isAligned { inputs[index] = inputs[index].copied() }
        do throws(ORTFailure) {
            let values = try session.run(inputs)
            var tensors: [Tensor] = []
            tensors.reserveCapacity(values.count)
            for index in values.indices {
                let value = values[index]
                tensors.append(try value.tensorForm(outputs[index], isTensor: areTensors[index], lent: inputs))
            }
            // A value may lie in an input; until here it was read.
            withExtendedLifetime(inputs) {}
            return tensors
        } catch {
            throw .runFailed(reason: error.reason(model: path))
        }
    }
}

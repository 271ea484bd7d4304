// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import Tensors

/// `/v1/models`: what clients of KServe and of TensorFlow Serving ask, in one object for both.
extension EventLoopSlot {
    /// `GET /v1/models/NAME[/versions/VERSION]`
    func describeServed(_ name: String, version: String?) throws -> AnswerHead {
        let state = try table.endpoint(name)
        guard state.answers else {
            let reason = ServingError.notReady(state.record.name, because: state.problem).explanation
            let status = served(
                String(state.record.current.version), state.problem == nil ? "LOADING" : "END",
                code: state.problem == nil ? "OK" : "UNAVAILABLE", message: state.problem?.message ?? "")
            var members: [(name: String, value: JSONValue)] = [
                ("name", .string(name)), ("ready", false), ("model_version_status", [status]),
            ]
            members += reason.inferenceProtocolMembers
            return write(.object(members), status: 503)
        }
        try state.requireAnswer(version: version)
        return write([
            "name": .string(name), "ready": true,
            "model_version_status": [served(state.versionText, "AVAILABLE", code: "OK", message: "")],
        ])
    }

    private func served(_ version: String, _ state: String, code: String, message: String) -> JSONValue {
        [
            "version": .string(version), "state": .string(state),
            "status": ["error_code": .string(code), "error_message": .string(message)],
        ]
    }

    /// `GET /v1/models/NAME[/versions/VERSION]/metadata`, as TensorFlow Serving describes a signature.
    func servedMetadata(_ name: String, _ live: LiveVersion) -> JSONValue {
        let definition: JSONValue = [
            "inputs": .object(live.signature.inputs.map { ($0.name, $0.signatureDefinition) }),
            "outputs": .object(live.signature.outputs.map { ($0.name, $0.signatureDefinition) }),
            "method_name": "tensorflow/serving/predict",
        ]
        return [
            "model_spec": ["name": .string(name), "signature_name": "", "version": .string(live.versionText)],
            "metadata": ["signature_def": ["signature_def": ["serving_default": definition]]],
        ]
    }
}

extension TensorSpec {
    fileprivate var signatureDefinition: JSONValue {
        [
            "name": .string(name), "dtype": .string(dtype),
            "tensor_shape": [
                "dim": .array(
                    shape.map {
                        ["size": .string(String($0.size ?? -1)), "name": .string($0.size == nil ? "\($0)" : "")]
                    }),
                "unknown_rank": false,
            ],
        ]
    }

    private var dtype: String {
        switch datatype {
        case .bool: "DT_BOOL"
        case .uint8: "DT_UINT8"
        case .uint16: "DT_UINT16"
        case .uint32: "DT_UINT32"
        case .uint64: "DT_UINT64"
        case .int8: "DT_INT8"
        case .int16: "DT_INT16"
        case .int32: "DT_INT32"
        case .int64: "DT_INT64"
        case .float16: "DT_HALF"
        case .bfloat16: "DT_BFLOAT16"
        case .float32: "DT_FLOAT"
        case .float64: "DT_DOUBLE"
        case .bytes: "DT_STRING"
        }
    }
}

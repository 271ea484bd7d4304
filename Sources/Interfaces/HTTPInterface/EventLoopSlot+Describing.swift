// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import Tensors

/// Health and metadata of the Open Inference Protocol.
extension EventLoopSlot {
    func describe(_ route: FastRoute) -> AnswerHead {
        writer.removeAll()
        do throws(ServingError) {
            switch route {
            case .server: return write(serverMetadata)
            case .live: return write(["live": true])
            case .ready:
                let isReady = table.isComplete
                return write(["ready": .bool(isReady)], status: isReady ? 200 : 503)
            case .models:
                return write(["models": .array(table.endpoints.keys.sorted().map(JSONValue.string))])
            case .metadata(let name, let version):
                return write(modelMetadata(name, try table.endpoint(name).ready(version: version)))
            case .modelReady(let name, let version):
                return try describeReadiness(of: name, version: version)
            case .infer, .predict, .unknown:
                return ErrorForm.inferenceProtocol.write(
                    Explanation(
                        .routeUnknown, .notFound, "Nothing is at this path.",
                        hint: "The protocol's paths start with /v2/health, /v2/models/NAME."), into: writer)
            }
        } catch {
            return ErrorForm.inferenceProtocol.write(error.explanation, into: writer)
        }
    }

    private func write(_ value: JSONValue, status: Int = 200) -> AnswerHead {
        value.write(into: writer)
        return AnswerHead(status: status)
    }

    private var serverMetadata: JSONValue {
        [
            "name": "slipway", "version": .string(settings.version),
            "extensions": ["binary_tensor_data", "parameters"],
        ]
    }

    private func modelMetadata(_ name: String, _ live: LiveVersion) -> JSONValue {
        [
            "name": .string(name), "versions": [.string(live.versionText)], "platform": "onnxruntime_onnx",
            "inputs": .array(live.signature.inputs.map(\.metadata)),
            "outputs": .array(live.signature.outputs.map(\.metadata)),
        ]
    }

    /// An endpoint whose wanted version failed is ready while its last proven one answers, and says so.
    private func describeReadiness(of name: String, version: String?) throws(ServingError) -> AnswerHead {
        let state = try table.endpoint(name)
        guard let live = state.live else {
            let reason = ServingError.notReady(state.record.name, because: state.problem).explanation
            var members: [(name: String, value: JSONValue)] = [("name", .string(name)), ("ready", false)]
            members += reason.inferenceProtocolMembers.filter { $0.name != "details" }
            members.append(("details", .array(reason.details.map { .string("\($0.name): \($0.value)") })))
            return write(.object(members), status: 503)
        }
        _ = try state.ready(version: version)
        var members: [(name: String, value: JSONValue)] = [
            ("name", .string(name)), ("ready", true), ("version", .string(live.versionText)),
        ]
        if let problem = state.problem { members.append(("problem", .object(problem.inferenceProtocolMembers))) }
        return write(.object(members))
    }
}

extension TensorSpec {
    /// As the protocol describes a tensor: −1 stands for a size that each request decides.
    fileprivate var metadata: JSONValue {
        [
            "name": .string(name), "datatype": .string(datatype.rawValue),
            "shape": .array(shape.map { .integer(Int64($0.size ?? -1)) }),
        ]
    }
}

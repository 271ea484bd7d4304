// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// Health and metadata, as each protocol words them.
extension EventLoopSlot {
    /// Answers what is no prediction.
    ///
    /// - Parameter principal: Who asks: lists show what they may see. `nil` for somebody to whom everything is open.
    func describe(
        _ route: FastRoute, _ terms: RequestTerms, body: ByteBuffer? = nil, awakened: AwakenedEndpoint? = nil,
        for principal: Principal?
    ) -> Prediction {
        do {
            return .answered(try description(route, body: body, awakened, for: principal))
        } catch ServingError.cold(let state) {
            return .cold(state, terms)
        } catch {
            return .answered(route.errorForm.write(explanation(of: error), into: writer))
        }
    }

    private func description(
        _ route: FastRoute, body: ByteBuffer?, _ awakened: AwakenedEndpoint?, for principal: Principal?
    ) throws -> AnswerHead {
        writer.removeAll()
        func endpoint(_ name: String) throws(ServingError) -> EndpointState {
            try table.endpoint(name, or: awakened)
        }
        switch route {
        case .server: return write(serverMetadata)
        case .live: return write(["live": true])
        case .ready:
            let isReady = table.isComplete
            return write(["ready": .bool(isReady)], status: isReady ? 200 : 503)
        case .models, .servedModels:
            return write(["models": .array(table.endpoints(for: principal).map { .string($0.name) })])
        case .metadata(let name, let version):
            return write(modelMetadata(name, try endpoint(name).ready(version: version)))
        case .configuration(let name, let version):
            return write(modelConfiguration(name, try endpoint(name).ready(version: version)))
        case .modelReady(let name, let version): return try describeReadiness(of: name, version: version)
        case .statistics(let name, let version):
            return write(try statistics(of: name, version: version, for: principal))
        case .repositoryIndex: return write(try repositoryIndex(body, for: principal))
        case .servedModel(let name, let version): return try describeServed(name, version: version)
        case .servedMetadata(let name, let version):
            return write(servedMetadata(name, try endpoint(name).ready(version: version)))
        case .alive: return write(["status": "alive"])
        case .ping: return describePing()
        case .programVersion: return write(text: settings.version)
        case .document: return describeDocument()
        case .endpointDocument(let name): return try describeDocument(of: endpoint(name))
        case .unsupported(let what): return refuse(what)
        case .infer, .predict, .explain, .predictInstances, .score, .predictContainer, .unknown:
            return refuseUnknown()
        }
    }

    func write(_ value: JSONValue, status: Int = 200) -> AnswerHead {
        value.write(into: writer)
        return AnswerHead(status: status)
    }

    private func write(text: String, status: Int = 200) -> AnswerHead {
        writer.append(utf8: text)
        return AnswerHead(status: status, contentType: "text/plain; charset=utf-8")
    }

    /// What MLflow, SageMaker and Vertex ask: whether predictions are answered. A container must not be sent any before.
    private func describePing() -> AnswerHead {
        let states = table.endpoints.values
        let isReady = table.isComplete && (states.isEmpty || states.contains(where: \.answers))
        guard settings.container != nil, states.isEmpty, !(settings.container?.servesModels ?? false) else {
            return isReady ? write(text: "\n") : write(text: "not ready\n", status: 503)
        }
        return write(text: "no model is deployed\n", status: 503)
    }

    private func refuseUnknown() -> AnswerHead {
        ErrorForm.inferenceProtocol.write(
            Explanation(
                .routeUnknown, .notFound, "Nothing is at this path.",
                hint: "The protocol's paths start with /v2/health, /v2/models/NAME and /v2/repository."), into: writer)
    }

    /// What other servers have and this one has not: an explained refusal, never an answer that pretends.
    private func refuse(_ what: FastRoute.Unsupported) -> AnswerHead {
        let (message, hint) =
            switch what {
            case .trace: ("Traces are not set here.", "Every answer has a prediction id; /v2 lists the extensions.")
            case .logging: ("The log is not set here.", "Read it with GET /v1/logs.")
            case .sharedMemory:
                ("Shared memory is not mapped here.", "Send tensors as bytes with the binary extension.")
            case .streaming: ("Models here answer in one piece.", "POST to /v2/models/NAME/infer.")
            case .label:
                (
                    "Labels are not looked up for a prediction: they are aliases of the registry.",
                    "Leave the label out, or name the version: /v1/models/NAME/versions/N:predict."
                )
            case .classify, .regress:
                ("Examples of TensorFlow are not read here.", "POST rows to /v1/models/NAME:predict.")
            case .explain: ("Explanations are not made here.", "POST rows to /v1/models/NAME:predict.")
            }
        return ErrorForm.inferenceProtocol.write(
            Explanation(.unsupportedOption, .invalidInput, message, hint: hint), status: 501, into: writer)
    }

    // MARK: The Open Inference Protocol

    private var serverMetadata: JSONValue {
        [
            "name": "slipway", "version": .string(settings.version),
            "extensions": .array(protocolExtensions.map(JSONValue.string)),
        ]
    }

    private func modelMetadata(_ name: String, _ live: LiveVersion) -> JSONValue {
        [
            "name": .string(name), "versions": [.string(live.versionText)], "platform": .string(platformName),
            "inputs": .array(live.signature.inputs.map(\.metadata)),
            "outputs": .array(live.signature.outputs.map(\.metadata)),
        ]
    }

    /// Triton's configuration, as far as a model here has one: sizes of every dimension, and no batching of its own.
    private func modelConfiguration(_ name: String, _ live: LiveVersion) -> JSONValue {
        [
            "name": .string(name), "platform": .string(platformName), "backend": "onnxruntime",
            "version_policy": ["specific": ["versions": [.integer(Int64(live.version.number))]]],
            "max_batch_size": 0, "input": .array(live.signature.inputs.map(\.configuration)),
            "output": .array(live.signature.outputs.map(\.configuration)),
        ]
    }

    /// An endpoint whose wanted version failed is ready while its last proven one answers, and says so.
    private func describeReadiness(of name: String, version: String?) throws(ServingError) -> AnswerHead {
        let state = try table.endpoint(name)
        guard state.answers else {
            let reason = ServingError.notReady(state.record.name, because: state.problem).explanation
            var members: [(name: String, value: JSONValue)] = [("name", .string(name)), ("ready", false)]
            members += reason.inferenceProtocolMembers.filter { $0.name != "details" }
            members.append(("details", .array(reason.details.map { .string("\($0.name): \($0.value)") })))
            return write(.object(members), status: 503)
        }
        try state.requireAnswer(version: version)
        var members: [(name: String, value: JSONValue)] = [
            ("name", .string(name)), ("ready", true), ("version", .string(state.versionText)),
        ]
        if let problem = state.problem { members.append(("problem", .object(problem.inferenceProtocolMembers))) }
        return write(.object(members))
    }
}

extension TensorSpec {
    /// As the protocol describes a tensor: −1 stands for a size that each request decides.
    fileprivate var metadata: JSONValue {
        ["name": .string(name), "datatype": .string(datatype.rawValue), "shape": .array(sizes)]
    }

    /// As Triton's configuration describes a tensor.
    fileprivate var configuration: JSONValue {
        let type = datatype == .bytes ? "STRING" : datatype.rawValue
        return ["name": .string(name), "data_type": .string("TYPE_\(type)"), "dims": .array(sizes)]
    }

    /// The sizes of the dimensions, −1 where each request decides.
    var sizes: [JSONValue] { shape.map { .integer(Int64($0.size ?? -1)) } }
}

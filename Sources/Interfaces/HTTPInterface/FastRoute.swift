// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The calls that are answered on the event loop, before the web framework sees them.
package enum FastRoute: Equatable, Sendable {
    // The Open Inference Protocol.
    /// `/v2`
    case server
    /// `/v2/health/live`
    case live
    /// `/v2/health/ready`
    case ready
    /// `/v2/models`
    case models
    /// `/v2/models/NAME[/versions/VERSION]`
    case metadata(String, version: String?)
    /// `/v2/models/NAME[/versions/VERSION]/ready`
    case modelReady(String, version: String?)
    /// `/v2/models/NAME[/versions/VERSION]/config`
    case configuration(String, version: String?)
    /// `/v2/models[/NAME[/versions/VERSION]]/stats`
    case statistics(String?, version: String?)
    /// `/v2/repository/index`
    case repositoryIndex
    /// `/v2/models/NAME[/versions/VERSION]/infer`
    case infer(String, version: String?)

    // KServe's first protocol, and TensorFlow Serving's.
    /// `/`
    case alive
    /// `/v1/models`
    case servedModels
    /// `/v1/models/NAME[/versions/VERSION]`
    case servedModel(String, version: String?)
    /// `/v1/models/NAME[/versions/VERSION]/metadata`
    case servedMetadata(String, version: String?)
    /// `/v1/models/NAME[/versions/VERSION]:predict`
    case predictInstances(String, version: String?)

    // The scoring server of MLflow, and containers.
    /// `/invocations`, or `/models/NAME/invoke` of a container that serves several models.
    case score(String?)
    /// The predictions of a Vertex container, at a path that its environment gives.
    case predictContainer
    /// `/ping`, `/health`, and the health of a Vertex container.
    case ping
    /// `/version`
    case programVersion

    // Our own.
    /// `/v1/endpoints/NAME/predict`
    case predict(String)
    /// `/v1/endpoints/NAME/explain`
    case explain(String)
    /// `/openapi.json`
    case document
    /// `/v1/endpoints/NAME/openapi.json`
    case endpointDocument(String)

    /// Something that another server of the protocol has, and this one has not.
    case unsupported(Unsupported)
    /// Anything else under `/v2`: its clients expect errors in their own form.
    case unknown

    /// What is known and refused, with its reason.
    package enum Unsupported: Equatable, Sendable {
        case trace, logging, sharedMemory, streaming, label, classify, regress, explain
    }
}

extension FastRoute {
    /// Whether answers to it carry a prediction id.
    package var isPrediction: Bool {
        switch self {
        case .infer, .predict, .explain, .predictInstances, .score, .predictContainer: true
        default: false
        }
    }

    /// What a token has to have for it, where one is needed: one of several is enough.
    package var needs: Permission { isPrediction ? .predict : [.view, .predict] }

    /// Whether it is about no endpoint in particular: what it tells of them is cut to what the token may see.
    var isOfServer: Bool {
        switch self {
        case .server, .live, .ready, .models, .statistics(nil, _), .repositoryIndex, .alive, .servedModels, .ping,
            .programVersion, .document, .unsupported, .unknown:
            true
        case .metadata, .modelReady, .configuration, .statistics, .infer, .servedModel, .servedMetadata,
            .predictInstances, .score, .predictContainer, .predict, .explain, .endpointDocument:
            false
        }
    }

    /// Whether it takes POST, rather than GET and HEAD.
    var takesBody: Bool { isPrediction || self == .repositoryIndex }

    /// Whether it looks at what it is asked with. Others say themselves what they think of any method.
    var hasMethod: Bool {
        switch self {
        case .unknown, .unsupported: false
        default: true
        }
    }

    /// Whether a prediction may have something behind a “?”.
    var takesQuery: Bool {
        switch self {
        case .score, .explain, .predictContainer: true
        default: !isPrediction
        }
    }

    /// The endpoint that its path names.
    package var endpoint: String? {
        switch self {
        case .metadata(let name, _), .modelReady(let name, _), .configuration(let name, _), .infer(let name, _),
            .servedModel(let name, _), .servedMetadata(let name, _), .predictInstances(let name, _),
            .predict(let name), .explain(let name), .endpointDocument(let name):
            name
        case .statistics(let name, _), .score(let name): name
        case .server, .live, .ready, .models, .repositoryIndex, .alive, .servedModels, .predictContainer, .ping,
            .programVersion, .document, .unsupported, .unknown:
            nil
        }
    }

    /// How its callers read errors.
    var errorForm: ErrorForm {
        switch self {
        case .predict, .explain, .document, .endpointDocument: .problem
        case .score: .scoring
        default: .inferenceProtocol
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Tensors

extension FastRoute {
    /// One of every call that is there, with names for what callers put into its path.
    package static let documented: [FastRoute] = [
        .predict("{name}"), .explain("{name}"), .endpointDocument("{name}"), .document, .server, .live, .ready, .models,
        .metadata("{name}", version: nil), .metadata("{name}", version: "{version}"),
        .modelReady("{name}", version: nil), .modelReady("{name}", version: "{version}"),
        .configuration("{name}", version: nil), .configuration("{name}", version: "{version}"),
        .statistics(nil, version: nil), .statistics("{name}", version: nil),
        .statistics("{name}", version: "{version}"), .repositoryIndex, .infer("{name}", version: nil),
        .infer("{name}", version: "{version}"), .alive, .servedModels, .servedModel("{name}", version: nil),
        .servedModel("{name}", version: "{version}"), .servedMetadata("{name}", version: nil),
        .servedMetadata("{name}", version: "{version}"), .predictInstances("{name}", version: nil),
        .predictInstances("{name}", version: "{version}"), .score(nil), .ping, .programVersion,
    ]

    /// The paths at which it is, with its names in them; empty for what a container's platform decides, and for what is
    /// not there.
    package var paths: [String] {
        func model(_ root: String, _ name: String, _ version: String?, _ verb: String = "") -> [String] {
            ["\(root)/\(name)" + (version.map { "/versions/\($0)" } ?? "") + verb]
        }
        return switch self {
        case .server: ["/v2"]
        case .live: ["/v2/health/live"]
        case .ready: ["/v2/health/ready"]
        case .models: ["/v2/models"]
        case .metadata(let name, let version): model("/v2/models", name, version)
        case .modelReady(let name, let version): model("/v2/models", name, version, "/ready")
        case .configuration(let name, let version): model("/v2/models", name, version, "/config")
        case .statistics(nil, _): ["/v2/models/stats"]
        case .statistics(let name?, let version): model("/v2/models", name, version, "/stats")
        case .repositoryIndex: ["/v2/repository/index"]
        case .infer(let name, let version): model("/v2/models", name, version, "/infer")
        case .alive: ["/"]
        case .servedModels: ["/v1/models"]
        case .servedModel(let name, let version): model("/v1/models", name, version)
        case .servedMetadata(let name, let version): model("/v1/models", name, version, "/metadata")
        case .predictInstances(let name, let version): model("/v1/models", name, version, ":predict")
        case .score(nil): ["/invocations"]
        case .ping: ["/ping", "/health"]
        case .programVersion: ["/version"]
        case .predict(let name): ["/v1/endpoints/\(name)/predict"]
        case .explain(let name): ["/v1/endpoints/\(name)/explain"]
        case .document: ["/openapi.json"]
        case .endpointDocument(let name): ["/v1/endpoints/\(name)/openapi.json"]
        case .score, .predictContainer, .unsupported, .unknown: []
        }
    }

    /// The calls that it stands for.
    ///
    /// - Parameter rows: What rows of one endpoint are; `nil` for a description that holds for all.
    func operations(rows: RowSchemas? = nil) -> [Operation] {
        let (summary, tag) = words
        let (takes, gives) = contents(rows ?? RowSchemas())
        return paths.map { path in
            Operation(
                method: takesBody ? "post" : "get", path: path, summary: summary, tag: tag,
                query: query,
                takes: takes, gives: gives, errors: errorForm, needs: .whereClosed(needs))
        }
    }

    private var query: [(name: String, meaning: String)] {
        switch self {
        case .score(nil): [("endpoint", "The endpoint that shall answer, where there are several.")]
        case .explain:
            [
                ("output", "Which output, NAME or NAME[i]; the first number without it."),
                ("method", "auto, trees, additive or sampled; auto without it."),
                ("budget", "How long sampling may take for each row, as 100ms; 100ms without it."),
            ]
        default: []
        }
    }

    private var words: (summary: String, tag: String) {
        let (v2, v1) = ("Open Inference Protocol", "KServe v1 and TensorFlow Serving")
        return switch self {
        case .server: ("What the server is, and which extensions of the protocol work.", v2)
        case .live: ("Whether the server runs.", v2)
        case .ready: ("Whether every endpoint has a verdict.", v2)
        case .models: ("The endpoints.", v2)
        case .metadata: ("What an endpoint takes and gives.", v2)
        case .modelReady: ("Whether an endpoint answers.", v2)
        case .configuration: ("An endpoint in Triton's configuration format.", v2)
        case .statistics: ("What was answered since the server started.", v2)
        case .repositoryIndex: ("Every endpoint with its state.", v2)
        case .infer: ("Tensors in, tensors out.", v2)
        case .alive: ("Whether the server runs.", v1)
        case .servedModels: ("The endpoints.", v1)
        case .servedModel: ("Whether an endpoint answers, and with which version.", v1)
        case .servedMetadata: ("What an endpoint takes and gives, as TensorFlow describes it.", v1)
        case .predictInstances: ("Rows as instances, or columns as inputs.", v1)
        case .score, .predictContainer: ("Rows in any form of MLflow's scoring server.", "MLflow and containers")
        case .ping: ("Whether predictions are answered.", "MLflow and containers")
        case .programVersion: ("The program's version.", "MLflow and containers")
        case .predict: ("Rows of named values in, predictions out.", "Predictions")
        case .explain: ("What each column of a row contributed to an answer.", "Predictions")
        case .document: ("This document.", "Predictions")
        case .endpointDocument: ("An endpoint in OpenAPI, made from its signature.", "Predictions")
        case .unsupported, .unknown: ("", "")
        }
    }

    private func contents(_ rows: RowSchemas) -> (takes: [Operation.Content], gives: [Operation.Content]) {
        let (object, text, csv) = (
            JSONValue.object([("type", "object")]), JSONValue.object([("type", "string")]), "text/csv"
        )
        func json(_ schema: JSONValue) -> [Operation.Content] { [("application/json", schema)] }
        return switch self {
        case .predict:
            (json(rows.body) + [(csv, text)], json(rows.answer) + [(csv, text)])
        case .explain: (json(rows.body) + [(csv, text)], json(object))
        case .infer:
            (
                json(rows.inferRequest) + [("application/octet-stream", text)],
                json(rows.inferResponse) + [("application/octet-stream", text)]
            )
        case .predictInstances: (json(rows.instances), json(object))
        case .score, .predictContainer: (json(rows.scoring) + [(csv, text)], json(rows.predictions) + [(csv, text)])
        case .repositoryIndex:
            (
                json(["type": "object", "properties": ["ready": ["type": "boolean"]]]),
                json(["type": "array", "items": object])
            )
        case .ping, .programVersion: ([], [("text/plain", text)])
        default: ([], json(object))
        }
    }
}

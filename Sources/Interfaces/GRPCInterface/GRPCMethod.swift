// SPDX-License-Identifier: Apache-2.0

/// The calls that are answered.
enum GRPCMethod {
    case infer, streamInfer
    case serverLive, serverReady, modelReady, serverMetadata, modelMetadata, modelConfig, modelStatistics
    case repositoryIndex, repositoryModelLoad, repositoryModelUnload
    case healthCheck, healthWatch
    case reflection

    /// By path.
    static let byPath: [String: GRPCMethod] = {
        var methods: [String: GRPCMethod] = [:]
        let inference: [(String, GRPCMethod)] = [
            ("ModelInfer", .infer), ("ModelStreamInfer", .streamInfer), ("ServerLive", .serverLive),
            ("ServerReady", .serverReady), ("ModelReady", .modelReady), ("ServerMetadata", .serverMetadata),
            ("ModelMetadata", .modelMetadata), ("ModelConfig", .modelConfig), ("ModelStatistics", .modelStatistics),
            ("RepositoryIndex", .repositoryIndex), ("RepositoryModelLoad", .repositoryModelLoad),
            ("RepositoryModelUnload", .repositoryModelUnload),
        ]
        for (name, method) in inference { methods["/inference.GRPCInferenceService/\(name)"] = method }
        methods["/grpc.health.v1.Health/Check"] = .healthCheck
        methods["/grpc.health.v1.Health/Watch"] = .healthWatch
        for version in ["v1", "v1alpha"] {
            methods["/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo"] = .reflection
        }
        return methods
    }()

    /// Whether the client may send several messages.
    var streamsRequests: Bool { self == .streamInfer || self == .reflection }

    /// Whether several messages may answer it.
    var streamsAnswers: Bool { streamsRequests || self == .healthWatch }

    var isPrediction: Bool { self == .infer || self == .streamInfer }

    /// Why `path` is none of them.
    static func refusal(of path: String) -> GRPCStatus {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let reason =
            if path.contains("SharedMemory") {
                "Shared memory is not mapped here. Send tensors as raw_input_contents."
            } else if name == "TraceSetting" {
                "Traces are not set here. Every answer has a prediction id."
            } else if name == "LogSettings" {
                "The log is not set here. Read it with GET /v1/logs."
            } else {
                "There is no call “\(path.prefix(100))”. Ask the server's reflection for those that there are."
            }
        return GRPCStatus(.unimplemented, reason)
    }
}

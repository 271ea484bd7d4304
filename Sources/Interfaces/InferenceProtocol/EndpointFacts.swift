// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain

/// What the Open Inference Protocol is told of servers and endpoints, whichever way it is asked.

/// Extensions of the protocol: only what works from the first to the last call of it.
package let protocolExtensions = [
    "binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters", "statistics",
]

/// What executes a model, in the names that clients know.
package let platformName = "onnxruntime_onnx"

extension EndpointState {
    /// As a repository's index says it. What is not in memory is ready: the first request has it loaded.
    package var stateWord: String { answers ? "READY" : problem == nil ? "LOADING" : "UNAVAILABLE" }

    /// As a repository's index explains it.
    package var stateReason: String {
        problem?.message ?? (isCold ? "not in memory: the first request has it loaded" : "")
    }
}

/// Why a repository call that would load something else than what is deployed is refused.
package func unsupportedRepositoryParameter(_ name: String) -> Refusal {
    Refusal(
        .unsupportedOption, .invalidInput, "The parameter “\(name.prefix(100))” is not supported here.",
        hint: "What an endpoint answers with comes from its deployment: use `slipway deploy`.",
        details: [.init("parameter", name)])
}

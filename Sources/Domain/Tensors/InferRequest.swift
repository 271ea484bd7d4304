// SPDX-License-Identifier: Apache-2.0

/// A request of the Open Inference Protocol v2, as far as its bytes tell: names and shapes are not yet compared with a
/// model.
package struct InferRequest: Sendable {
    /// An output that the client asks for.
    package struct RequestedOutput: Sendable {
        package let name: String
        /// Whether its elements shall follow the JSON as bytes.
        package let wantsBinary: Bool
        /// Everything under `parameters`, for whoever knows more of them (`classification`).
        package let parameters: [(name: String, value: JSONValue)]

        package init(name: String, wantsBinary: Bool, parameters: [(name: String, value: JSONValue)] = []) {
            self.name = name
            self.wantsBinary = wantsBinary
            self.parameters = parameters
        }
    }

    package var id: String?
    package var parameters: [(name: String, value: JSONValue)]
    package var inputs: [NamedTensor]
    /// The outputs asked for, or `nil` for all of them.
    package var outputs: [RequestedOutput]?
    /// Whether outputs that are not asked for by name shall be binary (`binary_data_output`).
    package var wantsBinaryOutputs: Bool
    /// The content types that inputs name, in the words of MLServer. Those in base64 are decoded already.
    package var inputContentTypes: [String] = []

    /// The content type that holds for every input that names none.
    package var contentType: String? { parameters.first { $0.name == "content_type" }?.value.string }

    package init(
        id: String? = nil, parameters: [(name: String, value: JSONValue)] = [], inputs: [NamedTensor] = [],
        outputs: [RequestedOutput]? = nil, wantsBinaryOutputs: Bool = false
    ) {
        self.id = id
        self.parameters = parameters
        self.inputs = inputs
        self.outputs = outputs
        self.wantsBinaryOutputs = wantsBinaryOutputs
    }
}

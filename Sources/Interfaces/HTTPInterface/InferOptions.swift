// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// Refuses what a request asks for and this server does not do: an option that is not honoured is never passed over.
///
/// - Throws: `IN-002` for an output that the model has not, `IN-004` for one asked for twice, `IN-010` for an option.
func checkOptions(of request: InferRequest, outputs: [TensorSpec]) throws {
    for parameter in request.parameters where parameter.name != "binary_data_output" {
        try checkParameter(parameter.name, parameter.value, field: nil)
    }
    guard let asked = request.outputs else { return }
    for (index, output) in asked.enumerated() {
        guard outputs.contains(where: { $0.name == output.name }) else {
            let names = outputs.map(\.name)
            let hint =
                closestName(to: output.name, among: names).map { "Did you mean “\($0)”?" }
                ?? "The model gives: \(names.prefix(8).joined(separator: ", "))."
            throw Refusal(
                .unknownName, .invalidInput, "The model has no output “\(output.name.prefix(100))”.", hint: hint,
                details: [.init("field", output.name)])
        }
        guard !asked[..<index].contains(where: { $0.name == output.name }) else {
            throw CodecError(.duplicate, "The output “\(output.name)” is asked for twice.", field: output.name)
        }
        for parameter in output.parameters where parameter.name != "binary_data" {
            try checkParameter(parameter.name, parameter.value, field: output.name)
        }
    }
}

private func checkParameter(_ name: String, _ value: JSONValue, field: String?) throws(Refusal) {
    let isReserved =
        switch name {
        case "classification", "priority", "timeout", "headers": true
        // Other content types only say how the caller came by the tensors; these two change what they mean.
        case "content_type": value.string == "base64" || value.string == "datetime"
        default: ["sequence_", "shared_memory_", "triton_"].contains { name.hasPrefix($0) }
        }
    guard isReserved else { return }
    throw Refusal(
        .unsupportedOption, .invalidInput, "The parameter “\(name.prefix(100))” is not supported.",
        hint: "Leave it out.", details: (field.map { [.init("field", $0)] } ?? []) + [.init("parameter", name)])
}

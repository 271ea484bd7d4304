// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
internal import ModelExecution
package import Tensors

/// Refuses what a request asks for and this server does not do: an option that is not honoured is never passed over.
///
/// - Throws: `IN-002` for an output that the model has not, `IN-004` for one asked for twice, `IN-010` for an option.
package func checkOptions(of request: InferRequest, outputs: [TensorSpec]) throws {
    for type in request.inputContentTypes { try checkContentType(.string(type), field: nil) }
    let known = ["binary_data_output", "timeout", "priority", finalAnswerParameter]
    for parameter in request.parameters where !known.contains(parameter.name) {
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
            if parameter.name == "classification" {
                try checkClassCount(parameter.value, field: output.name)
            } else {
                try checkParameter(parameter.name, parameter.value, field: output.name)
            }
        }
    }
}

/// How Triton's clients ask to be told which answer of a stream is the last to its request. Here there is one.
package let finalAnswerParameter = "triton_enable_empty_final_response"

/// The terms of a request that says itself how long its answer is of use: `timeout`, in microseconds.
///
/// - Throws: `IN-006` for a timeout or a priority that is none.
package func terms(of request: InferRequest, _ terms: RequestTerms) throws(Refusal) -> RequestTerms {
    guard !request.parameters.isEmpty else { return terms }
    return RequestTerms(
        caller: terms.caller, deadline: try deadline(of: request, terms), clock: terms.clock,
        priority: try priority(of: request) ?? terms.priority, origin: terms.origin, trace: terms.trace)
}

private func priority(of request: InferRequest) throws(Refusal) -> RequestPriority? {
    guard let level = request.parameters.first(where: { $0.name == "priority" })?.value else { return nil }
    guard let priority = level.integer.flatMap(RequestPriority.init(level:)) else {
        throw Refusal(
            .outOfRange, .invalidInput, "The parameter “priority” is not known.",
            hint: "Give \(RequestPriority.levelForm).", details: [.init("parameter", "priority")])
    }
    return priority
}

/// What the header `slipway-priority` says.
///
/// - Throws: `IN-006` for a priority that is none.
package func requestPriority(header text: String?) throws(Refusal) -> RequestPriority {
    guard let text else { return .interactive }
    guard let priority = RequestPriority(name: text) else {
        throw Refusal(
            .outOfRange, .invalidInput, "slipway-priority is “\(text.prefix(40))”.",
            hint: "Write it as \(RequestPriority.form).", details: [.init("header", "slipway-priority")])
    }
    return priority
}

private func deadline(of request: InferRequest, _ terms: RequestTerms) throws(Refusal) -> Moment? {
    guard let timeout = request.parameters.first(where: { $0.name == "timeout" })?.value else { return terms.deadline }
    guard let microseconds = timeout.integer, (0...86_400_000_000).contains(microseconds) else {
        throw Refusal(
            .outOfRange, .invalidInput, "The parameter “timeout” is no number of microseconds.",
            hint: "Give at most a day; 0 stands for no limit.", details: [.init("parameter", "timeout")])
    }
    guard microseconds > 0 else { return terms.deadline }
    let deadline = Moment.now.after(Int(microseconds) * 1000)
    return terms.deadline.map { min($0, deadline) } ?? deadline
}

extension InferRequest.RequestedOutput {
    /// How many classes are asked for, instead of the tensor itself; `nil` for the tensor.
    var classCount: Int? {
        guard !parameters.isEmpty, let count = parameters.first(where: { $0.name == "classification" })?.value.integer,
            count > 0
        else { return nil }
        return Int(count)
    }
}

private func checkClassCount(_ value: JSONValue, field: String) throws(Refusal) {
    // 0 is what clients send who ask for none.
    guard let count = value.integer, (0...1_000_000).contains(count) else {
        throw Refusal(
            .outOfRange, .invalidInput, "“classification” is no number of classes.",
            hint: "Say how many of the highest values shall come.",
            details: [.init("field", field), .init("parameter", "classification")])
    }
}

private func checkContentType(_ value: JSONValue, field: String?) throws(Refusal) {
    // Others only say how the caller came by the tensors. In base64 are the inputs, which were decoded with the request.
    guard value.string == "datetime" || (field != nil && value.string == "base64") else { return }
    throw unsupported(
        "content_type", field: field, "Content of the type “\(value.string ?? "")” is not supported here.",
        hint: value.string == "datetime"
            ? "Send the times as the numbers or the texts that the model was trained with."
            : "Ask for the output's bytes with binary_data.")
}

private func checkParameter(_ name: String, _ value: JSONValue, field: String?) throws(Refusal) {
    switch name {
    case "content_type": try checkContentType(value, field: field)
    case "classification", "headers", "timeout", "priority":
        throw unsupported(name, field: field, "The parameter “\(name)” is not supported here.", hint: "Leave it out.")
    default:
        guard ["sequence_", "shared_memory_", "triton_"].contains(where: { name.hasPrefix($0) }) else { return }
        throw unsupported(
            name, field: field, "The parameter “\(name.prefix(100))” is not supported.", hint: "Leave it out.")
    }
}

private func unsupported(_ name: String, field: String?, _ message: String, hint: String) -> Refusal {
    Refusal(
        .unsupportedOption, .invalidInput, message, hint: hint,
        details: (field.map { [.init("field", $0)] } ?? []) + [.init("parameter", name)])
}

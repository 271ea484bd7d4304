// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension Signature {
    /// Puts the named tensors of a request into the order of ``inputs``, and checks each against its declaration.
    ///
    /// - Returns: One tensor for each input.
    /// - Throws: ``CodecError`` that names the input and the rule, for an unknown, missing or repeated name, another
    ///   datatype, a shape that does not fit, or leading dimensions that disagree.
    package func arrange(_ named: [NamedTensor]) throws(CodecError) -> [Tensor] {
        if let inOrder = try inDeclaredOrder(named) { return inOrder }
        var arranged = [Tensor?](repeating: nil, count: inputs.count)
        for entry in named {
            let index = try inputIndex(of: entry.name)
            guard arranged[index] == nil else {
                throw CodecError(.duplicate, "the input is there twice", field: entry.name)
            }
            try check(entry.tensor, against: inputs[index])
            arranged[index] = entry.tensor
        }
        var complete: [Tensor] = []
        complete.reserveCapacity(inputs.count)
        for (spec, tensor) in zip(inputs, arranged) {
            guard let tensor else {
                throw CodecError(.missing, "the input is missing", field: spec.name)
            }
            complete.append(tensor)
        }
        try checkSharedDimensions(of: complete)
        return complete
    }

    /// Callers mostly keep the declared order, which is seen at once.
    ///
    /// - Returns: `nil` when they do not.
    private func inDeclaredOrder(_ named: [NamedTensor]) throws(CodecError) -> [Tensor]? {
        guard named.count == inputs.count else { return nil }
        for index in inputs.indices where named[index].name != inputs[index].name { return nil }
        var tensors: [Tensor] = []
        tensors.reserveCapacity(inputs.count)
        for index in inputs.indices {
            try check(named[index].tensor, against: inputs[index])
            tensors.append(named[index].tensor)
        }
        try checkSharedDimensions(of: tensors)
        return tensors
    }

    private func inputIndex(of name: String) throws(CodecError) -> Int {
        if let index = inputs.firstIndex(where: { $0.name == name }) { return index }
        let known =
            closestName(to: name, among: inputs.map(\.name)).map { "did you mean “\($0)”?" }
            ?? "it takes \(inputs.prefix(8).map(\.name).joined(separator: ", "))"
        throw CodecError(.unknownName, "the model has no such input; \(known)", field: name)
    }

    private func check(_ tensor: Tensor, against spec: TensorSpec) throws(CodecError) {
        guard tensor.datatype == spec.datatype else {
            throw CodecError(
                .type, "the model takes \(spec.datatype.rawValue), the request says \(tensor.datatype.rawValue)",
                field: spec.name)
        }
        guard spec.accepts(tensor.shape) else {
            throw CodecError(
                .shape, "the model takes shape \(spec.shapeDescription), the request says \(tensor.shape)",
                field: spec.name)
        }
    }

    /// Dimensions of the same name are one size, over all inputs.
    private func checkSharedDimensions(of tensors: [Tensor]) throws(CodecError) {
        guard inputs.count > 1 else { return }
        var sizes: [String: (size: Int, input: String)] = [:]
        for (spec, tensor) in zip(inputs, tensors) {
            for (dimension, size) in zip(spec.shape, tensor.shape) {
                guard case .symbolic(let name) = dimension, !name.isEmpty else { continue }
                if let known = sizes[name], known.size != size {
                    throw CodecError(
                        .shape,
                        "“\(name)” is \(size) here and \(known.size) in “\(known.input)”; it must be one size",
                        field: spec.name)
                }
                sizes[name] = (size, spec.name)
            }
        }
    }
}

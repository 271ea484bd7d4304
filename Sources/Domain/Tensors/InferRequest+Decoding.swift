// SPDX-License-Identifier: Apache-2.0

/// Decodes the body of an `infer` call: JSON, or JSON with the binary extension behind it.
///
/// Keys may come in any order; unknown ones are passed over, as the protocol's servers do. A tensor's data may be flat
/// or nested like its shape. Nothing is rounded, wrapped or cut to fit.
///
/// - Parameters:
///   - body: The whole body.
///   - jsonByteCount: The length of the JSON at its front, from `Inference-Header-Content-Length`; `nil` when the body
///     is nothing but JSON.
///   - owner: What keeps `body` alive. With it, binary tensors of fixed width use the body's bytes in place; without it,
///     they are copied.
/// - Throws: ``CodecError``, with the input or output concerned in ``CodecError/field``.
@unsafe package func decodeInferRequest(
    _ body: UnsafeRawBufferPointer, jsonByteCount: Int? = nil, owner: AnyObject? = nil,
    limits: CodecLimits = .standard
) throws(CodecError) -> InferRequest {
    let jsonByteCount = jsonByteCount ?? body.count
    guard (0...body.count).contains(jsonByteCount) else {
        throw CodecError(.shape, "the JSON shall have \(jsonByteCount) bytes, the body has \(body.count)")
    }
    guard body.count <= limits.maxBodyBytes else {
        throw CodecError(.limit, "the body has \(body.count) bytes, at most \(limits.maxBodyBytes) are taken")
    }
    let json = unsafe UnsafeRawBufferPointer(rebasing: body[..<jsonByteCount])
    var reader = try unsafe InferRequestReader(JSONReader(checking: json, limits: limits))
    let (request, inputs) = try reader.read()
    var payload = unsafe BinaryPayload(body: body, position: jsonByteCount, owner: owner, limits: limits)
    var result = request
    result.inputs.reserveCapacity(inputs.count)
    let isBase64 = request.contentType == "base64"
    for input in inputs {
        let tensor = try located(field: input.name) { () throws(CodecError) in
            let tensor =
                switch input.content {
                case .tensor(let tensor): tensor
                case .binary(let byteCount): try payload.take(input.datatype, shape: input.shape, byteCount: byteCount)
                }
            // What holds for the request holds for the inputs that it can mean.
            let decodes =
                input.contentType.map { $0 == "base64" } ?? (isBase64 && input.datatype == .bytes)
            return decodes ? try tensor.decodingBase64() : tensor
        }
        result.inputs.append(NamedTensor(input.name, tensor))
        if let type = input.contentType { result.inputContentTypes.append(type) }
    }
    try payload.finish()
    return result
}

/// An input of a request, its binary data not yet looked up.
struct DecodedInput {
    enum Content {
        case tensor(Tensor)
        case binary(byteCount: Int)
    }

    let name: String
    let datatype: Datatype
    let shape: Shape
    let content: Content
    /// How the client came by the tensor, in the words of MLServer.
    let contentType: String?
}

/// Reads the JSON part of a request.
struct InferRequestReader {
    private var reader: JSONReader

    init(_ reader: JSONReader) { self.reader = reader }

    mutating func read() throws(CodecError) -> (request: InferRequest, inputs: [DecodedInput]) {
        var request = InferRequest()
        var inputs: [DecodedInput]?
        var outputs: [(name: String, wantsBinary: Bool?, parameters: [(name: String, value: JSONValue)])]?
        var keys = KeySet()
        try reader.enterObject()
        var isFirst = true
        while let key = try reader.nextName(isFirst: isFirst) {
            isFirst = false
            switch try keys.insert(key, reader) {
            case .inputs: inputs = try readInputs()
            case .outputs: outputs = try readOutputs()
            case .id: request.id = try located(field: "id") { () throws(CodecError) in try reader.readName() }
            case .parameters: request.parameters = try reader.readParameters()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        guard let inputs else { throw CodecError(.missing, "\"inputs\" is missing", field: "inputs") }
        let isBinary = try request.parameters.flag("binary_data_output") ?? false
        request.wantsBinaryOutputs = isBinary
        // The request's parameter may stand behind the outputs it speaks of.
        request.outputs = outputs?.map { output in
            InferRequest.RequestedOutput(
                name: output.name, wantsBinary: output.wantsBinary ?? isBinary, parameters: output.parameters)
        }
        return (request, inputs)
    }

    private mutating func readInputs() throws(CodecError) -> [DecodedInput] {
        var inputs: [DecodedInput] = []
        var names = NameSet()
        guard reader.peek() == UInt8(ascii: "[") else { throw reader.wrongKind("an array").located(field: "inputs") }
        try reader.enterArray()
        while try reader.nextElement(isFirst: inputs.isEmpty) {
            guard inputs.count < reader.limits.maxTensors else {
                throw CodecError(.limit, "more than \(reader.limits.maxTensors) inputs", field: "inputs")
            }
            var input = InputReader()
            let decoded = try located(field: input.name ?? "inputs[\(inputs.count)]") { () throws(CodecError) in
                try input.read(&reader)
            }
            guard names.insert(decoded.name) else {
                throw CodecError(.duplicate, "two inputs are named \(quoted(decoded.name))", field: decoded.name)
            }
            inputs.append(decoded)
        }
        return inputs
    }

    private mutating func readOutputs() throws(CodecError) -> [(
        name: String, wantsBinary: Bool?, parameters: [(name: String, value: JSONValue)]
    )] {
        var outputs: [(name: String, wantsBinary: Bool?, parameters: [(name: String, value: JSONValue)])] = []
        var outputNames = NameSet()
        guard reader.peek() == UInt8(ascii: "[") else { throw reader.wrongKind("an array").located(field: "outputs") }
        try reader.enterArray()
        while try reader.nextElement(isFirst: outputs.isEmpty) {
            guard outputs.count < reader.limits.maxTensors else {
                throw CodecError(.limit, "more than \(reader.limits.maxTensors) outputs", field: "outputs")
            }
            var name: String?
            var parameters: [(name: String, value: JSONValue)] = []
            let wantsBinary = try located(field: name ?? "outputs[\(outputs.count)]") { () throws(CodecError) in
                guard reader.peek() == UInt8(ascii: "{") else { throw reader.wrongKind("an object") }
                var keys = KeySet()
                try reader.enterObject()
                var isFirst = true
                while let key = try reader.nextName(isFirst: isFirst) {
                    isFirst = false
                    switch try keys.insert(key, reader) {
                    case .name: name = try reader.readName()
                    case .parameters: parameters = try reader.readParameters()
                    default: try reader.skipValue()
                    }
                }
                return try parameters.flag("binary_data")
            }
            guard let name else {
                throw CodecError(.missing, "\"name\" is missing", field: "outputs[\(outputs.count)]")
            }
            guard outputNames.insert(name) else {
                throw CodecError(.duplicate, "the output \(quoted(name)) is asked for twice", field: name)
            }
            outputs.append((name, wantsBinary, parameters))
        }
        return outputs
    }
}

extension JSONReader {
    mutating func readName() throws(CodecError) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw wrongKind("a string") }
        return string(try readText())
    }

    mutating func readParameters() throws(CodecError) -> [(name: String, value: JSONValue)] {
        guard peek() == UInt8(ascii: "{") else { throw wrongKind("an object").located(field: "parameters") }
        var count = parameterCount
        defer { parameterCount = count }
        return try readValue(counting: &count, atMost: limits.maxParameterValues).members ?? []
    }
}

extension [(name: String, value: JSONValue)] {
    /// The parameter `name`, which must be true or false if it is there.
    func flag(_ name: String) throws(CodecError) -> Bool? {
        guard let parameter = first(where: { $0.name == name }) else { return nil }
        guard let flag = parameter.value.bool else {
            throw CodecError(.type, "expected true or false for \(name)", field: name)
        }
        return flag
    }
}

/// The request that a body without any JSON stands for: the elements of the model's only input, as they are.
///
/// The one size that the model leaves open follows from the number of bytes. For BYTES the body is the one element.
///
/// - Parameter owner: What keeps `body` alive; see ``decodeInferRequest(_:jsonByteCount:owner:limits:)``.
/// - Throws: ``CodecError``: `missing` for a model with several inputs, `shape` for a byte count that tells no shape.
@unsafe package func decodeRawInferRequest(
    _ body: UnsafeRawBufferPointer, inputs: [TensorSpec], owner: AnyObject? = nil, limits: CodecLimits = .standard
) throws(CodecError) -> InferRequest {
    guard let spec = inputs.first, inputs.count == 1 else {
        throw CodecError(
            .missing,
            "the model has \(inputs.count) inputs: name each in JSON, and say its length in the header "
                + "Inference-Header-Content-Length")
    }
    guard body.count <= limits.maxBodyBytes else {
        throw CodecError(.limit, "the body has \(body.count) bytes, at most \(limits.maxBodyBytes) are taken")
    }
    var request = InferRequest()
    request.wantsBinaryOutputs = true
    let tensor = try located(field: spec.name) { () throws(CodecError) in
        guard let width = spec.datatype.byteWidth else {
            guard let shape = solvedShape(spec.shape, elementCount: 1) else {
                throw CodecError(.shape, "a body of bytes is one element, and the model takes \(spec.shapeDescription)")
            }
            var elements = TextElements()
            unsafe elements.append(body)
            return elements.tensor(shape: shape)
        }
        guard body.count % width == 0, let shape = solvedShape(spec.shape, elementCount: body.count / width),
            body.count / width <= limits.maxElements
        else {
            throw CodecError(
                .shape,
                "\(body.count) bytes of \(spec.datatype.rawValue) do not tell a shape like "
                    + spec.shapeDescription)
        }
        var payload = unsafe BinaryPayload(body: body, position: 0, owner: owner, limits: limits)
        return try payload.take(spec.datatype, shape: shape, byteCount: body.count)
    }
    request.inputs = [NamedTensor(spec.name, tensor)]
    return request
}

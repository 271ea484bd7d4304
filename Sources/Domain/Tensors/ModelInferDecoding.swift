// SPDX-License-Identifier: Apache-2.0

/// `inference.ModelInferRequest`, as far as its bytes tell.
package struct ModelInferMessage: Sendable {
    /// The endpoint.
    package let modelName: String
    /// Empty for whichever is live.
    package let modelVersion: String
    package let request: InferRequest
}

/// Decodes `inference.ModelInferRequest`.
///
/// Tensors come either all as `raw_input_contents` or each as the typed contents of its datatype.
///
/// - Parameter owner: What keeps `message` alive. With it, raw tensors of fixed width use its bytes in place; without it,
///   they are copied.
/// - Throws: ``CodecError``, with the input or output concerned in ``CodecError/field``.
@unsafe package func decodeModelInfer(
    _ message: UnsafeRawBufferPointer, owner: AnyObject? = nil, limits: CodecLimits = .standard
) throws(CodecError) -> ModelInferMessage {
    var reader = ModelInferReader(limits: limits)
    var message = unsafe ProtobufReader(message)
    try reader.read(&message)
    return ModelInferMessage(
        modelName: reader.modelName, modelVersion: reader.modelVersion, request: try reader.request(owner: owner))
}

private struct ModelInferReader {
    private struct Input {
        var name = ""
        var datatype: Datatype?
        var shape: Shape = []
        var contents: [ProtobufReader] = []
        var contentType: String?
    }

    let limits: CodecLimits
    private(set) var modelName = ""
    private(set) var modelVersion = ""
    private var decoded = InferRequest()
    private var inputs: [Input] = []
    private var raw: [ProtobufReader] = []
    private var parameterCount = 0

    init(limits: CodecLimits) { self.limits = limits }

    mutating func read(_ message: inout ProtobufReader) throws(CodecError) {
        var outputs: [InferRequest.RequestedOutput] = []
        while let (number, wire) = try message.nextField() {
            guard (1...7).contains(number) else {
                try message.skip(wire)
                continue
            }
            try message.require(wire, .bytes, in: "field \(number)")
            switch number {
            case 1: modelName = try message.readString()
            case 2: modelVersion = try message.readString()
            case 3: decoded.id = try message.readString()
            case 4:
                var entry = try message.readMessage()
                var parameters = decoded.parameters
                try readParameter(&entry, into: &parameters)
                decoded.parameters = parameters
            case 5:
                guard inputs.count < limits.maxTensors else { throw tooMany("inputs") }
                var input = try message.readMessage()
                inputs.append(try readInput(&input))
            case 6:
                guard outputs.count < limits.maxTensors else { throw tooMany("outputs") }
                var output = try message.readMessage()
                outputs.append(try readOutput(&output))
            default:
                guard raw.count < limits.maxTensors else { throw tooMany("raw_input_contents") }
                raw.append(try message.readMessage())
            }
        }
        decoded.outputs = outputs.isEmpty ? nil : outputs
    }

    private func tooMany(_ what: String) -> CodecError {
        CodecError(.limit, "more than \(limits.maxTensors) \(what)", field: what)
    }

    private mutating func readInput(_ message: inout ProtobufReader) throws(CodecError) -> Input {
        var input = Input()
        while let (number, wire) = try message.nextField() {
            switch number {
            case 1:
                try message.require(wire, .bytes, in: "name")
                input.name = try message.readString()
            case 2:
                try message.require(wire, .bytes, in: "datatype")
                let text = try unsafe message.readBytes()
                guard let datatype = unsafe Datatype(utf8: text) else {
                    let name = unsafe String(decoding: text.prefix(40), as: UTF8.self)
                    throw CodecError(.type, "the datatype \(quoted(name)) is not known", field: input.name)
                }
                input.datatype = datatype
            case 3:
                if wire == .varint {
                    try append(size: try message.readVarint(), to: &input)
                } else {
                    try message.require(wire, .bytes, in: "shape")
                    var sizes = try message.readMessage()
                    while !sizes.isAtEnd { try append(size: try sizes.readVarint(), to: &input) }
                }
            case 4:
                try message.require(wire, .bytes, in: "parameters")
                var entry = try message.readMessage()
                var parameters: [(name: String, value: JSONValue)] = []
                try readParameter(&entry, into: &parameters)
                for (name, value) in parameters where name == "content_type" { input.contentType = value.string }
                if parameters.contains(where: { $0.name.hasPrefix("shared_memory_") }) {
                    throw CodecError(
                        .unsupported, "shared memory is not mapped here: send the tensor's bytes", field: input.name)
                }
            case 5:
                try message.require(wire, .bytes, in: "contents")
                input.contents.append(try message.readMessage())
            default: try message.skip(wire)
            }
        }
        return input
    }

    private func append(size: UInt64, to input: inout Input) throws(CodecError) {
        guard input.shape.count < limits.maxRank else {
            throw CodecError(.limit, "more than \(limits.maxRank) dimensions", field: input.name)
        }
        input.shape.append(Int(Int64(bitPattern: size)))
    }

    private mutating func readOutput(
        _ message: inout ProtobufReader
    ) throws(CodecError) -> InferRequest.RequestedOutput {
        var name = ""
        var parameters: [(name: String, value: JSONValue)] = []
        while let (number, wire) = try message.nextField() {
            switch number {
            case 1:
                try message.require(wire, .bytes, in: "name")
                name = try message.readString()
            case 2:
                try message.require(wire, .bytes, in: "parameters")
                var entry = try message.readMessage()
                try readParameter(&entry, into: &parameters)
            default: try message.skip(wire)
            }
        }
        return InferRequest.RequestedOutput(name: name, wantsBinary: true, parameters: parameters)
    }

    /// An entry of a map from names to values that are one of several types.
    private mutating func readParameter(
        _ entry: inout ProtobufReader, into parameters: inout [(name: String, value: JSONValue)]
    ) throws(CodecError) {
        parameterCount += 1
        guard parameterCount <= limits.maxParameterValues else {
            throw CodecError(.limit, "more than \(limits.maxParameterValues) parameters", field: "parameters")
        }
        var name = ""
        var value = JSONValue.null
        while let (number, wire) = try entry.nextField() {
            switch number {
            case 1:
                try entry.require(wire, .bytes, in: "parameters")
                name = try entry.readString()
            case 2:
                try entry.require(wire, .bytes, in: name)
                var choice = try entry.readMessage()
                value = try readChoice(&choice, name)
            default: try entry.skip(wire)
            }
        }
        // The last one of a name counts, as in every map of the format.
        parameters.removeAll { $0.name == name }
        parameters.append((name, value))
    }

    private func readChoice(_ message: inout ProtobufReader, _ name: String) throws(CodecError) -> JSONValue {
        var value = JSONValue.null
        while let (number, wire) = try message.nextField() {
            switch (number, wire) {
            case (1, .varint): value = .bool(try message.readBool())
            case (2, .varint): value = .integer(Int64(bitPattern: try message.readVarint()))
            case (3, .bytes): value = .string(try message.readString())
            case (4, .fixed64): value = .double(Double(bitPattern: try message.readFixed64()))
            case (5, .varint):
                let number = try message.readVarint()
                value = Int64(exactly: number).map(JSONValue.integer) ?? .unsigned(number)
            case (1...5, _): try message.require(.varint, .bytes, in: name)
            default: try message.skip(wire)
            }
        }
        return value
    }

    // MARK: Tensors

    mutating func request(owner: AnyObject?) throws(CodecError) -> InferRequest {
        guard raw.isEmpty || raw.count == inputs.count else {
            throw CodecError(
                .shape, "\(raw.count) raw_input_contents for \(inputs.count) inputs", field: "raw_input_contents")
        }
        decoded.inputs.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() {
            if inputs.count > 1, decoded.inputs.contains(where: { $0.name == input.name }) {
                throw CodecError(.duplicate, "two inputs are named \(quoted(input.name))", field: input.name)
            }
            let tensor = try located(field: input.name) { () throws(CodecError) in
                try self.tensor(of: input, at: index, owner: owner)
            }
            decoded.inputs.append(NamedTensor(input.name, tensor))
            if let type = input.contentType { decoded.inputContentTypes.append(type) }
        }
        return decoded
    }

    private func tensor(of input: Input, at index: Int, owner: AnyObject?) throws(CodecError) -> Tensor {
        guard let datatype = input.datatype else { throw CodecError(.missing, "it has no datatype") }
        guard let count = elementCount(of: input.shape), count <= limits.maxElements else {
            throw CodecError(.shape, "no tensor has the shape \(input.shape)")
        }
        let tensor: Tensor
        if raw.isEmpty {
            tensor = try TypedContents(datatype, count: count, limits: limits).read(input.contents)
                .reshaped(to: input.shape)
        } else {
            guard input.contents.isEmpty else {
                throw CodecError(.shape, "it has contents of its own beside raw_input_contents")
            }
            tensor = try raw[index].rawTensor(datatype, shape: input.shape, owner: owner, limits: limits)
        }
        let isBase64 =
            input.contentType.map { $0 == "base64" } ?? (decoded.contentType == "base64" && datatype == .bytes)
        return isBase64 ? try tensor.decodingBase64() : tensor
    }
}

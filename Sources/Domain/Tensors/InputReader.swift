// SPDX-License-Identifier: Apache-2.0

/// Reads one input of a request, whatever the order of its keys.
struct InputReader {
    private(set) var name: String?
    private var datatype: Datatype?
    private var shape: Shape?
    private var tensor: Tensor?
    /// Where data begin that came before their shape or type.
    private var postponed: Int?
    private var binaryByteCount: Int?
    private var contentType: String?
    /// The parameter that says that the data are in shared memory.
    private var sharedMemory: String?

    mutating func read(_ reader: inout JSONReader) throws(CodecError) -> DecodedInput {
        guard reader.peek() == UInt8(ascii: "{") else { throw reader.wrongKind("an object") }
        try reader.enterObject()
        var keys = KeySet()
        var isFirst = true
        while let key = try reader.nextName(isFirst: isFirst) {
            isFirst = false
            try readMember(try keys.insert(key, reader), &reader)
        }
        if let postponed, let datatype, let shape {
            let end = reader.position
            reader.position = postponed
            tensor = try reader.readTensor(datatype, shape: shape)
            reader.position = end
        }
        guard let name else { throw CodecError(.missing, "\"name\" is missing") }
        if let sharedMemory {
            throw CodecError(
                .unsupported, "\(quoted(sharedMemory)) is not supported: no shared memory is read")
        }
        guard let datatype else { throw CodecError(.missing, "\"datatype\" is missing") }
        guard let shape else { throw CodecError(.missing, "\"shape\" is missing") }
        switch (tensor, binaryByteCount) {
        case (let tensor?, nil):
            return DecodedInput(
                name: name, datatype: datatype, shape: shape, content: .tensor(tensor), contentType: contentType)
        case (nil, let count?):
            return DecodedInput(
                name: name, datatype: datatype, shape: shape, content: .binary(byteCount: count),
                contentType: contentType)
        case (_?, _?): throw CodecError(.duplicate, "both \"data\" and \"binary_data_size\" are given")
        case (nil, nil): throw CodecError(.missing, "\"data\" is missing")
        }
    }

    private mutating func readMember(_ key: InferKey?, _ reader: inout JSONReader) throws(CodecError) {
        switch key {
        case .name: name = try reader.readName()
        case .datatype: datatype = try Self.readDatatype(&reader)
        case .shape: shape = try Self.readShape(&reader)
        case .data:
            if let datatype, let shape {
                tensor = try reader.readTensor(datatype, shape: shape)
            } else {
                _ = reader.peek()
                postponed = reader.position
                try reader.skipValue()
            }
        case .parameters:
            let parameters = try reader.readParameters()
            sharedMemory = parameters.first { $0.name.hasPrefix("shared_memory_") }?.name
            contentType = parameters.first { $0.name == "content_type" }?.value.string
            guard let size = parameters.first(where: { $0.name == "binary_data_size" }) else { return }
            guard let count = size.value.integer, count >= 0 else {
                throw CodecError(.type, "expected a byte count for binary_data_size")
            }
            binaryByteCount = Int(count)
        default: try reader.skipValue()
        }
    }

    private static func readDatatype(_ reader: inout JSONReader) throws(CodecError) -> Datatype {
        guard reader.peek() == UInt8(ascii: "\"") else { throw reader.wrongKind("a string") }
        let text = try reader.readText()
        // The usual ones without making a `String`.
        if reader.matches(text, "FP32") { return .float32 }
        if reader.matches(text, "INT64") { return .int64 }
        let name = reader.string(text)
        guard let datatype = Datatype(rawValue: name) else {
            throw CodecError(.type, "\(quoted(name)) is no datatype of the Open Inference Protocol")
        }
        return datatype
    }

    private static func readShape(_ reader: inout JSONReader) throws(CodecError) -> Shape {
        guard reader.peek() == UInt8(ascii: "[") else { throw reader.wrongKind("an array") }
        try reader.enterArray()
        var shape: Shape = []
        while try reader.nextElement(isFirst: shape.isEmpty) {
            guard shape.count < reader.limits.maxRank else {
                throw CodecError(.limit, "a shape has more than \(reader.limits.maxRank) dimensions")
            }
            shape.append(Int(try Int64.read(&reader)))
        }
        _ = try reader.checkedCount(of: shape)
        return shape
    }
}

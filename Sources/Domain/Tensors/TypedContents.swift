// SPDX-License-Identifier: Apache-2.0

/// Reads `inference.InferTensorContents`: the elements of one tensor in the field of their type.
struct TypedContents {
    private let datatype: Datatype
    private let count: Int
    private let limits: CodecLimits

    /// - Parameter count: The elements that the shape asks for.
    init(_ datatype: Datatype, count: Int, limits: CodecLimits) {
        self.datatype = datatype
        self.count = count
        self.limits = limits
    }

    /// - Parameter messages: One; a sender may cut it into several, which then follow one another.
    /// - Returns: A tensor of one dimension.
    func read(_ messages: [ProtobufReader]) throws(CodecError) -> Tensor {
        switch datatype {
        case .bool: try varints(messages, field: 1) { UInt8(truncatingIfNeeded: $0 != 0 ? 1 : 0) }
        case .int8: try varints(messages, field: 2) { Int8(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int16: try varints(messages, field: 2) { Int16(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int32: try varints(messages, field: 2) { Int32(truncatingIfNeeded: $0) }
        case .int64: try varints(messages, field: 3) { Int64(bitPattern: $0) }
        case .uint8: try varints(messages, field: 4) { UInt8(exactly: UInt32(truncatingIfNeeded: $0)) }
        case .uint16: try varints(messages, field: 4) { UInt16(exactly: UInt32(truncatingIfNeeded: $0)) }
        case .uint32: try varints(messages, field: 4) { UInt32(truncatingIfNeeded: $0) }
        case .uint64: try varints(messages, field: 5) { $0 }
        case .float32:
            try numbers(messages, field: 6, .fixed32) { (reader) throws(CodecError) in try reader.readFixed32() }
        case .float64:
            try numbers(messages, field: 7, .fixed64) { (reader) throws(CodecError) in try reader.readFixed64() }
        case .bytes: try texts(messages)
        case .float16, .bfloat16:
            throw CodecError(.type, "\(datatype.rawValue) has no typed contents: send raw_input_contents")
        }
    }

    private func varints<Element: BitwiseCopyable>(
        _ messages: [ProtobufReader], field: Int, _ convert: (UInt64) -> Element?
    ) throws(CodecError) -> Tensor {
        try numbers(messages, field: field, .varint) { (reader) throws(CodecError) in
            guard let element = convert(try reader.readVarint()) else {
                throw CodecError(.range, "a number does not fit \(datatype.rawValue)")
            }
            return element
        }
    }

    private func numbers<Element: BitwiseCopyable>(
        _ messages: [ProtobufReader], field: Int, _ wire: ProtobufReader.Wire,
        _ read: (inout ProtobufReader) throws(CodecError) -> Element
    ) throws(CodecError) -> Tensor {
        // A shape that lies gets no memory: what is there decides.
        var elements: [Element] = []
        elements.reserveCapacity(min(count, messages.reduce(0) { $0 + $1.bytesLeft }))
        for message in messages {
            var message = message
            while let (number, found) = try message.nextField() {
                try requireField(number, field)
                if found == wire {
                    try append(try read(&message), to: &elements)
                } else {
                    try message.require(found, .bytes, in: "contents")
                    var packed = try message.readMessage()
                    while !packed.isAtEnd { try append(try read(&packed), to: &elements) }
                }
            }
        }
        guard elements.count == count else { throw wrongCount(elements.count) }
        return Tensor(datatype, shape: [count], elements: elements)
    }

    private func texts(_ messages: [ProtobufReader]) throws(CodecError) -> Tensor {
        var elements = TextElements()
        for message in messages {
            var message = message
            while let (number, wire) = try message.nextField() {
                try requireField(number, 8)
                try message.require(wire, .bytes, in: "contents")
                let text = try unsafe message.readBytes()
                guard text.count <= limits.maxStringBytes else {
                    throw CodecError(.limit, "a BYTES element is longer than \(limits.maxStringBytes) bytes")
                }
                guard elements.count < count else { throw wrongCount(elements.count + 1) }
                unsafe elements.append(text)
            }
        }
        guard elements.count == count else { throw wrongCount(elements.count) }
        return elements.tensor(shape: [count])
    }

    @inline(__always)
    private func append<Element>(_ element: Element, to elements: inout [Element]) throws(CodecError) {
        guard elements.count < count else { throw wrongCount(elements.count + 1) }
        elements.append(element)
    }

    private func requireField(_ number: Int, _ expected: Int) throws(CodecError) {
        guard number == expected else {
            let names = [
                1: "bool_contents", 2: "int_contents", 3: "int64_contents", 4: "uint_contents", 5: "uint64_contents",
                6: "fp32_contents", 7: "fp64_contents", 8: "bytes_contents",
            ]
            throw CodecError(
                .type,
                "\(datatype.rawValue) belongs into \(names[expected] ?? ""), not into \(names[number] ?? "field \(number)")"
            )
        }
    }

    private func wrongCount(_ found: Int) -> CodecError {
        CodecError(.shape, "\(found > count ? "more than \(count)" : "\(found)") elements, the shape takes \(count)")
    }
}

extension ProtobufReader {
    /// The rest as a tensor in the form of the protocol's binary extension.
    func rawTensor(
        _ datatype: Datatype, shape: Shape, owner: AnyObject?, limits: CodecLimits
    ) throws(CodecError) -> Tensor {
        try unsafe withRest { (bytes) throws(CodecError) in
            var payload = unsafe BinaryPayload(body: bytes, position: 0, owner: owner, limits: limits)
            return try payload.take(datatype, shape: shape, byteCount: bytes.count)
        }
    }
}

extension Datatype {
    /// The first eight bytes of each name as one number.
    private static let keys = allCases.map { type in
        unsafe Array(type.rawValue.utf8).withUnsafeBytes { unsafe (key: key(of: $0), type: type) }
    }

    /// The type that the protocol calls so.
    init?(utf8 name: UnsafeRawBufferPointer) {
        guard name.count <= 8 else { return nil }
        let key = unsafe Self.key(of: name)
        guard let known = Self.keys.first(where: { $0.key == key }) else { return nil }
        self = known.type
    }

    private static func key(of name: UnsafeRawBufferPointer) -> UInt64 {
        unsafe name.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The data of a tensor: an array of as many elements as the shape says, flat, or nested just as the shape is.
extension JSONReader {
    /// Reads data into a tensor of its own storage.
    mutating func readTensor(_ datatype: Datatype, shape: Shape) throws(CodecError) -> Tensor {
        let count = try checkedCount(of: shape)
        // An element takes a byte and a comma at least: a shape that the rest of the body cannot fill gets no memory.
        guard count <= (bytes.count - position + 1) / 2 else {
            _ = try skipValue()
            throw CodecError(.shape, "shape \(shape) asks for more elements than the data have")
        }
        guard let width = datatype.byteWidth else {
            var texts = TextElements()
            try readTexts(shape: shape, count: count, into: &texts)
            return texts.tensor(shape: shape)
        }
        let storage = TensorStorage(byteCount: count * width)
        try unsafe storage.withUnsafeMutableBytes { (target) throws(CodecError) in
            guard let base = target.baseAddress else { return }
            try unsafe readElements(datatype, shape: shape, count: count, to: base)
        }
        return Tensor(datatype, shape: shape, storage: storage)
    }

    func checkedCount(of shape: Shape) throws(CodecError) -> Int {
        guard let count = elementCount(of: shape) else {
            throw CodecError(.shape, "shape \(shape) has a negative dimension or too many elements to count")
        }
        guard count <= limits.maxElements else {
            throw CodecError(.limit, "shape \(shape) has \(count) elements, at most \(limits.maxElements) are taken")
        }
        return count
    }

    /// Reads data of a fixed-width type to `target`, which has room for `count` elements and is aligned for them.
    @unsafe mutating func readElements(
        _ datatype: Datatype, shape: Shape, count: Int, to target: UnsafeMutableRawPointer
    ) throws(CodecError) {
        switch datatype {
        case .bool: try unsafe readData(BoolElement.self, shape, count, target)
        case .uint8: try unsafe readData(UInt8.self, shape, count, target)
        case .uint16: try unsafe readData(UInt16.self, shape, count, target)
        case .uint32: try unsafe readData(UInt32.self, shape, count, target)
        case .uint64: try unsafe readData(UInt64.self, shape, count, target)
        case .int8: try unsafe readData(Int8.self, shape, count, target)
        case .int16: try unsafe readData(Int16.self, shape, count, target)
        case .int32: try unsafe readData(Int32.self, shape, count, target)
        case .int64: try unsafe readData(Int64.self, shape, count, target)
        case .float16: try unsafe readData(Float16Element.self, shape, count, target)
        case .bfloat16: try unsafe readData(BFloat16Element.self, shape, count, target)
        case .float32: try unsafe readData(Float.self, shape, count, target)
        case .float64: try unsafe readData(Double.self, shape, count, target)
        case .bytes: preconditionFailure("BYTES have no fixed width")
        }
    }

    /// Reads one plain value of a fixed-width type to `target`.
    @inline(__always)
    @unsafe mutating func readElement(_ datatype: Datatype, to target: UnsafeMutableRawPointer) throws(CodecError) {
        switch datatype {
        case .bool: unsafe target.storeBytes(of: try readElement(BoolElement.self), as: BoolElement.self)
        case .uint8: unsafe target.storeBytes(of: try readElement(UInt8.self), as: UInt8.self)
        case .uint16: unsafe target.storeBytes(of: try readElement(UInt16.self), as: UInt16.self)
        case .uint32: unsafe target.storeBytes(of: try readElement(UInt32.self), as: UInt32.self)
        case .uint64: unsafe target.storeBytes(of: try readElement(UInt64.self), as: UInt64.self)
        case .int8: unsafe target.storeBytes(of: try readElement(Int8.self), as: Int8.self)
        case .int16: unsafe target.storeBytes(of: try readElement(Int16.self), as: Int16.self)
        case .int32: unsafe target.storeBytes(of: try readElement(Int32.self), as: Int32.self)
        case .int64: unsafe target.storeBytes(of: try readElement(Int64.self), as: Int64.self)
        case .float16: unsafe target.storeBytes(of: try readElement(Float16Element.self), as: Float16Element.self)
        case .bfloat16: unsafe target.storeBytes(of: try readElement(BFloat16Element.self), as: BFloat16Element.self)
        case .float32: unsafe target.storeBytes(of: try readElement(Float.self), as: Float.self)
        case .float64: unsafe target.storeBytes(of: try readElement(Double.self), as: Double.self)
        case .bytes: preconditionFailure("BYTES have no fixed width")
        }
    }

    private mutating func readData<Element: JSONElement>(
        _: Element.Type, _ shape: Shape, _ count: Int, _ target: UnsafeMutableRawPointer
    ) throws(CodecError) {
        var next = unsafe target.assumingMemoryBound(to: Element.self)
        try readRuns(shape: shape, count: count) { (reader, length) throws(CodecError) in
            try unsafe reader.readRun(length, to: next)
            unsafe next += length
        }
    }

    /// Finds the innermost arrays: one when the data are flat, else as many as the shape says.
    private mutating func readRuns(
        shape: Shape, count: Int, _ body: (inout JSONReader, Int) throws(CodecError) -> Void
    ) throws(CodecError) {
        guard peek() == UInt8(ascii: "[") else { throw wrongKind("an array") }
        if shape.count > 1, holdsArrays {
            try readNested(shape[...], body)
        } else {
            try body(&self, count)
        }
    }

    /// Whether the array that begins here has an array as its first element.
    private var holdsArrays: Bool {
        var probe = self
        return probe.consume(UInt8(ascii: "[")) && probe.peek() == UInt8(ascii: "[")
    }

    private mutating func readNested(
        _ shape: ArraySlice<Int>, _ body: (inout JSONReader, Int) throws(CodecError) -> Void
    ) throws(CodecError) {
        guard let size = shape.first else { return }
        guard shape.count > 1 else { return try body(&self, size) }
        guard peek() == UInt8(ascii: "[") else { throw notNestedAsShape() }
        try enterArray()
        for index in 0..<size {
            guard try nextElement(isFirst: index == 0) else { throw wrongCount(size, found: index) }
            guard peek() == UInt8(ascii: "[") else { throw notNestedAsShape() }
            try readNested(shape.dropFirst(), body)
        }
        guard try !nextElement(isFirst: size == 0) else { throw wrongCount(size, found: nil) }
    }

    /// Reads one array of exactly `count` plain values.
    @inline(__always)
    private mutating func readRun<Element: JSONElement>(
        _ count: Int, to target: UnsafeMutablePointer<Element>
    ) throws(CodecError) {
        try enterArray()
        // Kept apart from the reader, which the compiler would write back at every step.
        let bytes = self.bytes
        var position = self.position
        for index in 0..<count {
            let isPlain = index == 0 || (position < bytes.count && bytes[position] == UInt8(ascii: ","))
            var start = index == 0 ? position : position &+ 1
            // Python writes ", ".
            if start < bytes.count, bytes[start] == UInt8(ascii: " ") { start &+= 1 }
            if isPlain, let found = Element.scan(bytes, at: start) {
                unsafe target[index] = found.value
                position = found.end
                continue
            }
            self.position = position
            guard try nextElement(isFirst: index == 0) else { throw wrongCount(count, found: index) }
            skipWhitespace()
            unsafe target[index] = try readElement(Element.self)
            position = self.position
        }
        self.position = position
        guard try !nextElement(isFirst: count == 0) else { throw wrongCount(count, found: nil) }
    }

    /// Reads data of BYTES, which are strings in JSON.
    mutating func readTexts(shape: Shape, count: Int, into texts: inout TextElements) throws(CodecError) {
        try readRuns(shape: shape, count: count) { (reader, length) throws(CodecError) in
            try reader.enterArray()
            for index in 0..<length {
                guard try reader.nextElement(isFirst: index == 0) else {
                    throw reader.wrongCount(length, found: index)
                }
                try reader.readTextElement(into: &texts)
            }
            guard try !reader.nextElement(isFirst: length == 0) else { throw reader.wrongCount(length, found: nil) }
        }
    }

    mutating func readTextElement(into texts: inout TextElements) throws(CodecError) {
        if takesBase64, peek() == UInt8(ascii: "{") { return try readBase64Element(into: &texts) }
        guard peek() == UInt8(ascii: "\"") else {
            guard takesNull, consume(literal: "null") else { throw wrongKind("a string") }
            return unsafe texts.append(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        let text = try readText()
        if text.hasEscapes {
            unsafe unescaped(text).withUnsafeBytes { unsafe texts.append($0) }
        } else {
            unsafe texts.append(bytes.buffer(text.range))
        }
    }

    @inline(never)
    private func wrongCount(_ expected: Int, found: Int?) -> CodecError {
        if found == nil, position < bytes.count, bytes[position] == UInt8(ascii: "]") { return unexpected("a value") }
        let found = found.map(String.init) ?? "more"
        return CodecError(.shape, "expected \(expected) elements, found \(found)", offset: position)
    }

    @inline(never)
    private func notNestedAsShape() -> CodecError {
        CodecError(.shape, "the data are nested otherwise than their shape", offset: position)
    }
}

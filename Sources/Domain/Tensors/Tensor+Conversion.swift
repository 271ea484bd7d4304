// SPDX-License-Identifier: Apache-2.0

extension Tensor {
    /// The same numbers in another datatype: the nearest ones of a floating-point type, exactly these of an integer type.
    ///
    /// - Throws: ``CodecError/Rule/type`` between numbers, BOOL and BYTES, and for a fraction that shall become an integer;
    ///   ``CodecError/Rule/range`` for a number that does not fit.
    package func converted(to wanted: Datatype) throws(CodecError) -> Tensor {
        if datatype == wanted { return self }
        let isNumber = datatype.isInteger || datatype.isFloatingPoint
        guard isNumber, wanted.isInteger || wanted.isFloatingPoint else {
            throw CodecError(.type, "the model takes \(wanted.rawValue), the request says \(datatype.rawValue)")
        }
        switch wanted {
        case .uint8: return try exact(UInt8.self, wanted)
        case .uint16: return try exact(UInt16.self, wanted)
        case .uint32: return try exact(UInt32.self, wanted)
        case .uint64: return try exact(UInt64.self, wanted)
        case .int8: return try exact(Int8.self, wanted)
        case .int16: return try exact(Int16.self, wanted)
        case .int32: return try exact(Int32.self, wanted)
        case .int64: return try exact(Int64.self, wanted)
        case .float16: return try nearest(wanted) { Float16($0).bitPattern }
        case .bfloat16:
            return try nearest(wanted) { UInt16(Float(BFloat16Element.nearest(to: $0)).bitPattern >> 16) }
        case .float32: return try nearest(wanted) { Float($0) }
        case .float64: return try nearest(wanted) { $0 }
        case .bool, .bytes: preconditionFailure("neither is a number")
        }
    }

    private func nearest<Element: BitwiseCopyable>(
        _ wanted: Datatype, _ convert: (Double) -> Element
    ) throws(CodecError) -> Tensor {
        let source = doubles ?? []
        let result = Tensor(wanted, shape: shape, elements: source.map(convert))
        // A finite number that has become infinite did not fit.
        for (before, after) in zip(source, result.doubles ?? []) where before.isFinite && !after.isFinite {
            throw CodecError(.range, "\(before) does not fit \(wanted.rawValue)")
        }
        return result
    }

    private func exact<Element: FixedWidthInteger & BitwiseCopyable>(
        _ type: Element.Type, _ wanted: Datatype
    ) throws(CodecError) -> Tensor {
        var elements: [Element] = []
        elements.reserveCapacity(elementCount)
        if datatype == .uint64 {
            for value in self.elements(as: UInt64.self) {
                elements.append(try fitting(Element(exactly: value), value, wanted))
            }
        } else if datatype == .int64 {
            for value in self.elements(as: Int64.self) {
                elements.append(try fitting(Element(exactly: value), value, wanted))
            }
        } else {
            for value in doubles ?? [] {
                guard value == value.rounded() else {
                    throw CodecError(.type, "the model takes \(wanted.rawValue), found \(value)")
                }
                elements.append(try fitting(Element(exactly: value), value, wanted))
            }
        }
        return Tensor(wanted, shape: shape, elements: elements)
    }

    private func fitting<Element>(
        _ element: Element?, _ value: some CustomStringConvertible, _ wanted: Datatype
    ) throws(CodecError) -> Element {
        guard let element else { throw CodecError(.range, "\(value) does not fit \(wanted.rawValue)") }
        return element
    }

    /// The tensor with elements that lie aligned.
    var inOwnStorage: Tensor {
        guard datatype != .bytes else { return self }
        let own = TensorStorage(byteCount: storage.byteCount)
        unsafe own.withUnsafeMutableBytes { target in
            unsafe storage.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        return Tensor(datatype, shape: shape, storage: own)
    }
}

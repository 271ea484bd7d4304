// SPDX-License-Identifier: Apache-2.0

extension Tensor {
    /// The elements as doubles; `nil` for BYTES. 64-bit integers above 2^53 are rounded: for statistics, not for answers.
    package var doubles: [Double]? {
        switch datatype {
        case .bool, .uint8: converted(UInt8.self) { Double($0) }
        case .uint16: converted(UInt16.self) { Double($0) }
        case .uint32: converted(UInt32.self) { Double($0) }
        case .uint64: converted(UInt64.self) { Double($0) }
        case .int8: converted(Int8.self) { Double($0) }
        case .int16: converted(Int16.self) { Double($0) }
        case .int32: converted(Int32.self) { Double($0) }
        case .int64: converted(Int64.self) { Double($0) }
        case .float16: converted(UInt16.self) { Double(Float16(bitPattern: $0)) }
        case .bfloat16: converted(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
        case .float32: converted(Float.self) { Double($0) }
        case .float64: converted(Double.self) { $0 }
        case .bytes: nil
        }
    }

    private func converted<Element: BitwiseCopyable>(
        _ type: Element.Type, _ convert: (Element) -> Double
    ) -> [Double] {
        withElements(as: type) { span in span.indices.map { convert(span[$0]) } }
    }
}

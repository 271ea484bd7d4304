// SPDX-License-Identifier: Apache-2.0

/// Fills `count` elements of a floating-point type with NaN.
@unsafe func fill(_ address: UnsafeMutableRawPointer, withNaN datatype: Datatype, count: Int) {
    switch datatype {
    case .float16: unsafe address.initializeMemory(as: UInt16.self, repeating: 0x7E00, count: count)
    case .bfloat16: unsafe address.initializeMemory(as: UInt16.self, repeating: 0x7FC0, count: count)
    case .float32: unsafe address.initializeMemory(as: Float.self, repeating: .nan, count: count)
    case .float64: unsafe address.initializeMemory(as: Double.self, repeating: .nan, count: count)
    default: preconditionFailure("\(datatype) has no NaN")
    }
}

/// Refuses elements outside the field's allowed range. NaN passes where the field may be missing.
@unsafe func check(
    _ field: RowPlan.Field, _ count: Int, _ address: UnsafeMutableRawPointer
) throws(CodecError) {
    switch field.datatype {
    case .bool: try unsafe check(field, count, address, BoolElement.self)
    case .uint8: try unsafe check(field, count, address, UInt8.self)
    case .uint16: try unsafe check(field, count, address, UInt16.self)
    case .uint32: try unsafe check(field, count, address, UInt32.self)
    case .uint64: try unsafe check(field, count, address, UInt64.self)
    case .int8: try unsafe check(field, count, address, Int8.self)
    case .int16: try unsafe check(field, count, address, Int16.self)
    case .int32: try unsafe check(field, count, address, Int32.self)
    case .int64: try unsafe check(field, count, address, Int64.self)
    case .float16: try unsafe check(field, count, address, Float16Element.self)
    case .bfloat16: try unsafe check(field, count, address, BFloat16Element.self)
    case .float32: try unsafe check(field, count, address, Float.self)
    case .float64: try unsafe check(field, count, address, Double.self)
    case .bytes: return
    }
}

private func check<Element: JSONElement>(
    _ field: RowPlan.Field, _ count: Int, _ address: UnsafeMutableRawPointer, _: Element.Type
) throws(CodecError) {
    guard let range = field.range else { return }
    let (lower, upper) = (Element.nearest(to: range.lowerBound), Element.nearest(to: range.upperBound))
    let elements = unsafe address.assumingMemoryBound(to: Element.self)
    for index in 0..<count {
        let value = unsafe elements[index].number
        guard (value >= lower && value <= upper) || (value.isNaN && field.isNullable) else {
            throw CodecError(
                .range, "\(value) lies outside \(range.lowerBound) to \(range.upperBound)", field: field.name)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Reads decimal numbers with a space between each two.
package enum DecimalList {
    /// - Parameter text: The whole list.
    /// - Returns: The nearest `Double` of each; infinity where one is too large. `nil` when anything is no number.
    package static func doubles(_ text: ArraySlice<UInt8>) -> [Double]? {
        unsafe text.withUnsafeBytes { text in
            let bytes = unsafe ByteView(text)
            var found: [Double] = []
            var position = 0
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: " ") {
                    position += 1
                    continue
                }
                guard let number = DecimalText.scan(bytes, at: position, grammar: .relaxed) else { return nil }
                position = number.range.upperBound
                guard position == bytes.count || bytes[position] == UInt8(ascii: " ") else { return nil }
                found.append(number.double(bytes))
            }
            return found
        }
    }

    /// - Returns: `nil` when anything is no whole number, or has more than eighteen digits.
    package static func integers(_ text: ArraySlice<UInt8>) -> [Int]? {
        var found: [Int] = []
        var (value, digits, isNegative) = (0, 0, false)
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                value = value &* 10 &+ Int(byte &- UInt8(ascii: "0"))
                digits += 1
            case UInt8(ascii: "-") where digits == 0 && !isNegative: isNegative = true
            case UInt8(ascii: " ") where digits > 0 || !isNegative:
                if digits > 0 { found.append(isNegative ? -value : value) }
                (value, digits, isNegative) = (0, 0, false)
            default: return nil
            }
            if digits > 18 { return nil }
        }
        if digits > 0 { found.append(isNegative ? -value : value) }
        return isNegative && digits == 0 ? nil : found
    }
}

// SPDX-License-Identifier: Apache-2.0

extension ByteView {
    /// The first position in `range` where the bytes are not UTF-8; `nil` when all are.
    ///
    /// Refuses overlong forms, surrogates and code points beyond U+10FFFF.
    func firstInvalidUTF8(in range: Range<Int>) -> Int? {
        var position = range.lowerBound
        let end = range.upperBound
        while position < end {
            if end - position >= 8, word(at: position) & 0x8080_8080_8080_8080 == 0 {
                position += 8
                continue
            }
            let lead = self[position]
            if lead < 0x80 {
                position += 1
                continue
            }
            let length: Int
            // The second byte's range depends on the first; the others are always 80 to BF.
            let second: ClosedRange<UInt8>
            switch lead {
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xE1...0xEC, 0xEE, 0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return position
            }
            guard end - position >= length, second.contains(self[position + 1]) else { return position }
            for index in (position + 2)..<(position + length) where self[index] & 0xC0 != 0x80 { return position }
            position += length
        }
        return nil
    }
}

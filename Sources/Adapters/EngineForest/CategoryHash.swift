// SPDX-License-Identifier: Apache-2.0

/// CatBoost's numbers of categories: the lower half of CityHash64, in its first version, of the category's text.
enum CategoryHash {
    /// - Parameter text: Its bytes in UTF-8.
    static func of(_ text: UnsafeRawBufferPointer) -> UInt32 { unsafe UInt32(truncatingIfNeeded: city(text)) }

    /// Of a whole number, which stands for its decimal digits.
    static func of(_ number: some FixedWidthInteger) -> UInt32 {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.count
            var rest = UInt64(number.magnitude)
            repeat {
                start -= 1
                unsafe digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                start -= 1
                unsafe digits[start] = UInt8(ascii: "-")
            }
            return unsafe of(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[start...]))
        }
    }

    /// The number of a combination, one element further. Categories are taken with their sign.
    @inline(__always)
    static func combined(_ hash: UInt64, _ element: UInt64) -> UInt64 {
        let factor: UInt64 = 0x4906_ba49_4954_cb65
        return factor &* (hash &+ factor &* element)
    }

    /// Four primes between 2^63 and 2^64.
    private static let primes: (UInt64, UInt64, UInt64, UInt64) = (
        0xc3a5_c85c_97cb_3127, 0xb492_b66f_be98_f273, 0x9ae1_6a3b_2f90_404f, 0xc949_d7c7_509e_6557
    )

    private static func city(_ text: UnsafeRawBufferPointer) -> UInt64 {
        switch text.count {
        case 0: primes.2
        case 1...3: unsafe upTo3(text)
        case 4...7:
            unsafe mixed(UInt64(text.count) &+ half(text, 0) << 3, half(text, text.count - 4))
        case 8: unsafe mixed(UInt64(8) &+ half(text, 0) << 3, half(text, 4))
        case 9...16: unsafe upTo16(text)
        case 17...32: unsafe upTo32(text)
        case 33...64: unsafe upTo64(text)
        default: unsafe long(text)
        }
    }

    private static func upTo3(_ text: UnsafeRawBufferPointer) -> UInt64 {
        let (first, middle, last) = unsafe (text[0], text[text.count / 2], text[text.count - 1])
        let y = UInt64(first) + UInt64(middle) << 8
        let z = UInt64(text.count) + UInt64(last) << 2
        return shifted(y &* primes.2 ^ z &* primes.3) &* primes.2
    }

    private static func upTo16(_ text: UnsafeRawBufferPointer) -> UInt64 {
        let last = unsafe word(text, text.count - 8)
        return unsafe mixed(word(text, 0), rotated(last &+ UInt64(text.count), text.count)) ^ last
    }

    private static func upTo32(_ text: UnsafeRawBufferPointer) -> UInt64 {
        let count = text.count
        let a = unsafe word(text, 0) &* primes.1
        let b = unsafe word(text, 8)
        let c = unsafe word(text, count - 8) &* primes.2
        let d = unsafe word(text, count - 16) &* primes.0
        return mixed(
            rotated(a &- b, 43) &+ rotated(c, 30) &+ d, a &+ rotated(b ^ primes.3, 20) &- c &+ UInt64(count))
    }

    private static func upTo64(_ text: UnsafeRawBufferPointer) -> UInt64 {
        let count = text.count
        /// Of 32 bytes from `start` on.
        func half(_ start: Int, _ seed: UInt64) -> (UInt64, UInt64) {
            var a = seed
            var z = unsafe word(text, start + 24)
            var b = rotated(a &+ z, 52)
            var c = rotated(a, 37)
            a = unsafe a &+ word(text, start + 8)
            c = c &+ rotated(a, 7)
            a = unsafe a &+ word(text, start + 16)
            z = z &+ a
            b = b &+ rotated(a, 31) &+ c
            return (z, b)
        }
        let first = unsafe half(0, word(text, 0) &+ (UInt64(count) &+ word(text, count - 16)) &* primes.0)
        let second = unsafe half(count - 32, word(text, 16) &+ word(text, count - 32))
        let r = shifted((first.0 &+ second.1) &* primes.2 &+ (second.0 &+ first.1) &* primes.0)
        return shifted(r &* primes.0 &+ first.1) &* primes.2
    }

    private static func long(_ text: UnsafeRawBufferPointer) -> UInt64 {
        let count = text.count
        var x = unsafe word(text, 0)
        var y = unsafe word(text, count - 16) ^ primes.1
        var z = unsafe word(text, count - 56) ^ primes.0
        var v = unsafe weak(text, count - 64, UInt64(count), y)
        var w = unsafe weak(text, count - 32, UInt64(count) &* primes.1, primes.0)
        z = z &+ shifted(v.1) &* primes.1
        x = rotated(z &+ x, 39) &* primes.1
        y = rotated(y, 33) &* primes.1
        for start in stride(from: 0, to: (count - 1) / 64 * 64, by: 64) {
            x = unsafe rotated(x &+ y &+ v.0 &+ word(text, start + 16), 37) &* primes.1
            y = unsafe rotated(y &+ v.1 &+ word(text, start + 48), 42) &* primes.1
            x ^= w.1
            y ^= v.0
            z = rotated(z ^ w.0, 33)
            v = unsafe weak(text, start, v.1 &* primes.1, x &+ w.0)
            w = unsafe weak(text, start + 32, z &+ w.1, y)
            swap(&z, &x)
        }
        return mixed(mixed(v.0, w.0) &+ shifted(y) &* primes.1 &+ z, mixed(v.1, w.1) &+ x)
    }

    /// Of 32 bytes from `start` on.
    private static func weak(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ first: UInt64, _ second: UInt64
    ) -> (UInt64, UInt64) {
        let last = unsafe word(text, start + 24)
        let before = unsafe first &+ word(text, start)
        let a = unsafe before &+ word(text, start + 8) &+ word(text, start + 16)
        let b = rotated(second &+ before &+ last, 21) &+ rotated(a, 44)
        return (a &+ last, b &+ before)
    }

    private static func mixed(_ u: UInt64, _ v: UInt64) -> UInt64 {
        let factor: UInt64 = 0x9ddf_ea08_eb38_2d69
        let a = shifted((u ^ v) &* factor)
        return shifted((v ^ a) &* factor) &* factor
    }

    private static func shifted(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

    private static func rotated(_ value: UInt64, _ places: Int) -> UInt64 {
        value >> UInt64(places) | value << UInt64(64 - places)
    }

    private static func word(_ text: UnsafeRawBufferPointer, _ start: Int) -> UInt64 {
        unsafe UInt64(littleEndian: text.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }

    private static func half(_ text: UnsafeRawBufferPointer, _ start: Int) -> UInt64 {
        unsafe UInt64(UInt32(littleEndian: text.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }
}

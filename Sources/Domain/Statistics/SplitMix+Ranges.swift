// SPDX-License-Identifier: Apache-2.0

extension SplitMix {
    /// From 0 up to 1, without 1: the 53 upper bits of the next number.
    package mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// One of 0 ..< `count`; the same in every version of the standard library, which does not promise that.
    package mutating func nextIndex(below count: Int) -> Int {
        Int(UInt64(count).multipliedFullWidth(by: next()).high)
    }
}

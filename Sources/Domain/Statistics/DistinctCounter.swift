// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How many different values there were, in 4 KiB: HyperLogLog with 2¹² registers, off by 1.6 % (one standard deviation).
///
/// - SeeAlso: P. Flajolet et al., “HyperLogLog”, 2007; O. Ertl, *New cardinality estimation algorithms for HyperLogLog
///   sketches*, 2017, for the estimate, which needs no tables and no switch between ranges.
package struct DistinctCounter: Sendable, Hashable {
    /// The longest run of zeros (plus one) among the hashes that fell to each register; shape `[2^precision]`.
    package private(set) var registers: [UInt8]
    private let precision: Int

    /// - Parameter precision: Between 4 and 18; one more halves the variance and doubles the memory.
    package init(precision: Int = 12) {
        self.precision = min(18, max(4, precision))
        registers = [UInt8](repeating: 0, count: 1 << self.precision)
    }

    package mutating func add(_ bytes: Span<UInt8>) { add(hash: contentHash(bytes)) }

    /// - Parameter hash: ``contentHash(_:seed:)`` of the value, always with the same seed.
    package mutating func add(hash: UInt64) {
        let place = Int(hash >> (64 - precision))
        // The bit that is set ends the run where the hash is used up.
        let run = UInt8((hash << precision | 1 << (precision - 1)).leadingZeroBitCount + 1)
        if registers[place] < run { registers[place] = run }
    }

    /// Adds what `other` has seen.
    ///
    /// - Precondition: Both have the same precision.
    package mutating func merge(_ other: DistinctCounter) {
        precondition(precision == other.precision)
        for place in registers.indices { registers[place] = max(registers[place], other.registers[place]) }
    }

    package var estimate: Double {
        let longest = 64 - precision
        var histogram = [Double](repeating: 0, count: longest + 2)
        for register in registers { histogram[Int(register)] += 1 }
        let size = Double(registers.count)
        var sum = size * tau(1 - histogram[longest + 1] / size)
        for run in stride(from: longest, through: 1, by: -1) { sum = 0.5 * (sum + histogram[run]) }
        sum += size * sigma(histogram[0] / size)
        return size * size / (2 * log(2)) / sum
    }
}

/// x + Σ x^(2ᵏ) 2ᵏ⁻¹: what empty registers add.
private func sigma(_ share: Double) -> Double {
    guard share < 1 else { return .infinity }
    var (power, factor, sum, last) = (share, 1.0, share, -1.0)
    while sum != last {
        power *= power
        last = sum
        sum += power * factor
        factor += factor
    }
    return sum
}

/// (1 − x − Σ (1 − x^(2⁻ᵏ))² 2⁻ᵏ)/3: what registers take away that cannot count further.
private func tau(_ share: Double) -> Double {
    guard share > 0, share < 1 else { return 0 }
    var (root, factor, sum, last) = (share, 1.0, 1 - share, -1.0)
    while sum != last {
        root = root.squareRoot()
        last = sum
        factor *= 0.5
        sum -= (1 - root) * (1 - root) * factor
    }
    return sum / 3
}

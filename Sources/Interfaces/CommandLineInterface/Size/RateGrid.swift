// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// The rates that are tried: each a little more than the one before, so that repeats meet at the same rate.
struct RateGrid: Equatable {
    /// About how far two neighbours are apart, where nothing else decides.
    static let usualRatio = pow(2, 1.0 / 8)
    /// The most requests a second that are tried.
    static let highestPerSecond = 1_000_000.0

    /// The rate at index 0, in requests a second.
    let anchor: Double
    /// Of a rate to the one before; more than 1.
    let ratio: Double

    /// - Parameter margin: A share of the rate at 0 that is on the grid as well: `0.2` puts 1.2 times that rate on it.
    init(anchor: Double, margin: Double = 0) {
        self.anchor = anchor
        let steps = (log(1 + margin) / log(Self.usualRatio)).rounded()
        ratio = steps >= 1 ? pow(1 + margin, 1 / steps) : Self.usualRatio
    }

    /// Steps from a rate to twice that.
    var doubling: Int { Int((log(2) / log(ratio)).rounded(.up)) }

    func rate(_ index: Int) -> Double { anchor * pow(ratio, Double(index)) }

    /// The last index whose rate is at most `rate`.
    func index(upTo rate: Double) -> Int {
        // A rate on the grid counts as itself, whatever the rounding.
        Int((log(rate / anchor) / log(ratio) + 1e-6).rounded(.down))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// From where on something is a warning, and from where on it is critical.
package struct AlertLimits: Sendable, Hashable {
    package let warning: Double
    package let critical: Double

    package init(warning: Double, critical: Double) {
        self.warning = warning
        self.critical = critical
    }
}

/// When rules are violated, unless somebody says otherwise.
package struct AlertThresholds: Sendable, Hashable {
    /// Between looks.
    package var interval: Duration
    /// Rates are over so many looks: five minutes.
    package var looks = 20
    /// Fewer requests than these in the window are judged only when all went well.
    package var leastRequests = 20
    /// Of what was answered, what failed.
    package var errorShare = AlertLimits(warning: 0.05, critical: 0.25)
    /// Of what came, what was refused.
    package var refusedShare = AlertLimits(warning: 0.05, critical: 0.25)
    /// Of what was answered, what took longer than the objective of its 99th percentile.
    package var slowShare = AlertLimits(warning: 0.01, critical: 0.1)
    /// Fewer requests than these say nothing about a 99th percentile.
    package var leastTimed = 100
    /// In the window.
    package var workerLosses = AlertLimits(warning: 3, critical: 10)
    /// Of the room where the data is, and no more than so many bytes of it.
    package var freeShare = AlertLimits(warning: 0.05, critical: 0.01)
    package var freeBytes = AlertLimits(warning: 20e9, critical: 1e9)
    /// Before the end of a certificate.
    package var certificateDays = AlertLimits(warning: 14, critical: 3)

    package init(interval: Duration = .seconds(15)) { self.interval = interval }

    var windowText: String { Self.text(seconds: interval / .seconds(1) * Double(looks)) }

    /// `5 min`, `4 s`.
    private static func text(seconds: Double) -> String {
        seconds >= 60 ? "\(Int((seconds / 60).rounded())) min" : "\(Int(seconds.rounded(.up))) s"
    }
}

/// The least share that `count` of `total` still goes with, at 95 %: the lower end of Wilson's interval. One of three says no
/// more than 6 %, and six of twenty 15 %.
///
/// - SeeAlso: E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.
package func leastShare(_ count: Int, of total: Int) -> Double {
    guard total > 0 else { return 0 }
    let (z, n) = (1.96, Double(total))
    let p = min(1, Double(count) / n)
    let middle = p + z * z / (2 * n)
    let spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, (middle - spread) / (1 + z * z / n))
}

/// `31 %`, `4.2 %`.
func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded() / 10
    return tenths >= 10 || tenths == tenths.rounded() ? "\(Int(tenths.rounded())) %" : "\(tenths) %"
}

/// `18.4 GB`.
func bytesText(_ count: Int) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB")]
    let (size, name) = units.first { Double(count) >= $0.0 } ?? (1e3, "kB")
    return "\((Double(count) / size * 10).rounded() / 10) \(name)"
}

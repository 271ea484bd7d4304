// SPDX-License-Identifier: Apache-2.0

/// A share of many, as people write it: `100%`, `5%`, `0.1%`; in steps of a hundredth of a percent.
package struct SampleShare: Sendable, Hashable, CustomStringConvertible {
    /// Of ten thousand.
    package let basisPoints: Int

    package static let all = SampleShare(basisPoints: 10_000)
    /// In the words of an error.
    package static let form = "a share from 0% to 100%, such as 5% or 0.1%"

    private init(basisPoints: Int) { self.basisPoints = basisPoints }

    /// - Returns: `nil` for everything but digits, at most two decimals, and “%”.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 7, text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard areDigits, let whole = Int(parts[0]), parts.count == 1 || parts[1].utf8.count <= 2 else { return nil }
        let decimals = parts.count == 2 ? (Int(parts[1]) ?? 0) * (parts[1].utf8.count == 1 ? 10 : 1) : 0
        let points = whole * 100 + decimals
        guard points <= 10_000 else { return nil }
        basisPoints = points
    }

    package var isNothing: Bool { basisPoints == 0 }
    package var isAll: Bool { basisPoints == 10_000 }

    package var description: String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return "\(whole)%" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What computes a model's answers: the processor, or one graphics card of NVIDIA.
package enum ComputeDevice: Sendable, Hashable, CustomStringConvertible {
    case cpu
    /// - Parameter index: Of the card, as the driver counts them.
    case cuda(index: Int)

    package static let highestIndex = 63
    /// In the words of an error.
    package static let form = "cpu, cuda, or cuda:0 to cuda:\(highestIndex)"

    /// - Parameter text: `cpu`, `cuda` for the first card, or `cuda:1`.
    /// - Returns: `nil` for everything else.
    package init?(_ text: some StringProtocol) {
        switch text {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(index: 0)
        default:
            let digits = text.dropFirst("cuda:".count)
            guard text.hasPrefix("cuda:"), (1...2).contains(digits.utf8.count),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(digits),
                index <= Self.highestIndex, String(index) == digits
            else { return nil }
            self = .cuda(index: index)
        }
    }

    package var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

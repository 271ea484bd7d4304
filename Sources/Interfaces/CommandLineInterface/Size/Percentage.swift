// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// A share as people write it: `99.9%`, `20%`, `0%`; at most three decimals.
struct Percentage: ExpressibleByArgument, Equatable, CustomStringConvertible {
    /// Thousandths of a percent: 100 000 are all.
    let thousandths: Int

    init(thousandths: Int) { self.thousandths = thousandths }

    init?(argument: String) {
        guard argument.last == "%", argument.utf8.count <= 8 else { return nil }
        let parts = argument.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let whole = Int(parts[0]), whole <= 1000
        else { return nil }
        let decimals = parts.count == 2 ? parts[1] : "0"
        guard decimals.count <= 3, let rest = Int(decimals + String(repeating: "0", count: 3 - decimals.count))
        else { return nil }
        thousandths = whole * 1000 + rest
    }

    var share: Double { Double(thousandths) / 100_000 }

    var description: String {
        let decimals = String(String(thousandths % 1000 + 1000).dropFirst())
        let needed = String(decimals.reversed().drop { $0 == "0" }.reversed())
        return "\(thousandths / 1000)\(needed.isEmpty ? "" : ".\(needed)")%"
    }

    var defaultValueDescription: String { description }
}

// SPDX-License-Identifier: Apache-2.0

/// Reads a header that lists what is welcome, with weights (RFC 9110, 12.4.2), such as `gzip, identity;q=0.5`.
///
/// - Returns: The items in their order, each without its parameters; what follows the first hundred is not looked at.
///   A weight is from 0 to 1, and 1 where none is given.
package func weightedList(_ header: String) -> [(name: Substring, weight: Double)] {
    header.split(separator: ",", maxSplits: 100).prefix(100).compactMap { item in
        let parts = headerParts(item)
        return parts.first.map { ($0, parts.dropFirst().lazy.compactMap(weight).first ?? 1) }
    }
}

/// A header's value and its parameters, as in `text/csv; charset=utf-8`: what stands between the semicolons, trimmed.
package func headerParts(_ value: Substring) -> [Substring] {
    value.split(separator: ";").map { part in
        let start = part.drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...end]
    }
}

/// The weight of `q=0.5`.
private func weight(_ parameter: Substring) -> Double? {
    guard parameter.hasPrefix("q=") || parameter.hasPrefix("Q=") else { return nil }
    return Double(parameter.dropFirst(2)).map { min(max($0, 0), 1) }
}

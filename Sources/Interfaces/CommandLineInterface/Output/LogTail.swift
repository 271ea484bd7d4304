// SPDX-License-Identifier: Apache-2.0

/// Tells which lines of a log are new, from looks at its end.
struct LogTail {
    /// How many lines a look takes.
    static let window = 1000

    private var last: [String] = []

    /// - Parameter lines: The newest lines, oldest first.
    /// - Returns: Those that were not there at the last look. When more came than a look takes, the ones between are
    ///   not among them.
    @discardableResult mutating func note(_ lines: [String]) -> [String] {
        // The longest end of the last look that this one begins with is what both have seen.
        let shared = stride(from: min(last.count, lines.count), to: 0, by: -1).first { count in
            last.suffix(count).elementsEqual(lines.prefix(count))
        }
        last = lines
        return Array(lines.dropFirst(shared ?? 0))
    }
}

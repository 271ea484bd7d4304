// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a graph, in words that name both ends.
package struct GraphFault: Error, Equatable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// A table of a graph, a column of it, or one value of a column: `prep`, `trees.probabilities`, `trees.probabilities[1]`.
package struct GraphReference: Sendable, Hashable, CustomStringConvertible {
    /// What the graph takes.
    package static let input = "input"

    package let step: String
    package let column: String?
    /// Position in a column that is `[rows, n]`.
    package let position: Int?

    /// - Throws: ``GraphFault`` for a text that is no reference.
    package init(_ text: String) throws(GraphFault) {
        var rest = text[...]
        var position: Int?
        if rest.hasSuffix("]"), let open = rest.lastIndex(of: "[") {
            let digits = rest[rest.index(after: open)...].dropLast()
            // Brackets around anything else are part of a name.
            if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) {
                position = number
                rest = rest[..<open]
            }
        }
        let step: Substring
        let column: Substring?
        if let dot = rest.firstIndex(of: ".") {
            step = rest[..<dot]
            column = rest[rest.index(after: dot)...]
        } else {
            step = rest
            column = nil
        }
        guard isStepName(String(step)) || step == Self.input, column?.isEmpty != true else {
            throw GraphFault("“\(text.prefix(100))” is no reference, like “input.age” or “trees.score[1]”")
        }
        self.step = String(step)
        self.column = column.map(String.init)
        self.position = position
    }

    package init(step: String, column: String? = nil, position: Int? = nil) {
        self.step = step
        self.column = column
        self.position = position
    }

    package var description: String {
        step + (column.map { ".\($0)" } ?? "") + (position.map { "[\($0)]" } ?? "")
    }
}

/// 1 to 64 lower-case letters, digits, `-` and `_`, beginning with a letter.
package func isStepName(_ name: String) -> Bool {
    guard (1...64).contains(name.utf8.count), let first = name.utf8.first else { return false }
    let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte) }
    return isLetter(first) && name != GraphReference.input
        && name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
}

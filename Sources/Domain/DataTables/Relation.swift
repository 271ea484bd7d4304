// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// Something that has to hold between columns of every row: `start <= end`, `total = net + tax`, ``"unit price" > 0``.
///
/// Both sides are sums and differences of columns and numbers. A row in which one of the columns has no number says
/// nothing about it. Equality of numbers with fractions allows for their rounding: a billionth.
package struct Relation: Sendable, Hashable {
    package enum Comparison: String, Sendable, CaseIterable {
        // The longer ones first: they are looked for in this order.
        case atMost = "<="
        case atLeast = ">="
        case different = "!="
        case same = "=="
        case equal = "="
        case less = "<"
        case greater = ">"
    }

    fileprivate enum Term: Sendable, Hashable {
        case column(String)
        case number(Double)
    }

    package let text: String
    private let comparison: Comparison
    private let left: [(sign: Double, term: Term)]
    private let right: [(sign: Double, term: Term)]

    package static let form = "“start <= end” or “total = net + tax”; quote names that are no plain words"

    /// - Returns: `nil` for what is no relation.
    package init?(_ text: String) {
        guard text.utf8.count <= 2000, let words = words(of: text) else { return nil }
        let places = words.indices.filter { words[$0].comparison != nil }
        guard places.count == 1, let place = places.first, let comparison = words[place].comparison,
            let left = sum(words[..<place]), let right = sum(words[(place + 1)...])
        else { return nil }
        self.text = text
        self.comparison = comparison
        self.left = left
        self.right = right
    }

    /// The columns that it is about.
    package var columns: [String] {
        (left + right).compactMap { part in
            if case .column(let name) = part.term { return name }
            return nil
        }
    }

    /// - Parameter value: The number of a column in this row; `nil` where it has none.
    /// - Returns: Whether it holds; `nil` where the row says nothing about it.
    package func holds(_ value: (String) -> Double?) -> Bool? {
        guard let left = total(left, value), let right = total(right, value) else { return nil }
        let distance = abs(left - right)
        let isClose = left == right || distance.isFinite && distance <= 1e-9 * max(abs(left), abs(right))
        return switch comparison {
        case .same, .equal: isClose
        case .different: !isClose
        case .atMost: left <= right || isClose
        case .atLeast: left >= right || isClose
        case .less: left < right
        case .greater: left > right
        }
    }

    package static func == (one: Relation, other: Relation) -> Bool { one.text == other.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

private func total(_ parts: [(sign: Double, term: Relation.Term)], _ value: (String) -> Double?) -> Double? {
    var total = 0.0
    for part in parts {
        switch part.term {
        case .number(let number): total += part.sign * number
        case .column(let name):
            guard let number = value(name), !number.isNaN else { return nil }
            total += part.sign * number
        }
    }
    return total
}

private enum Word {
    case term(Relation.Term)
    case sign(Double)
    case comparison(Relation.Comparison)

    var comparison: Relation.Comparison? {
        if case .comparison(let comparison) = self { return comparison }
        return nil
    }
}

/// `nil` for what has other signs, or no end of a quoted name.
private func words(of text: String) -> [Word]? {
    var words: [Word] = []
    var rest = text[...]
    while let first = rest.first {
        if first.isWhitespace {
            rest.removeFirst()
        } else if let comparison = Relation.Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) {
            words.append(.comparison(comparison))
            rest.removeFirst(comparison.rawValue.count)
        } else if first == "+" || first == "-" {
            words.append(.sign(first == "+" ? 1 : -1))
            rest.removeFirst()
        } else if first == "\"" || first == "`" {
            guard let end = rest.dropFirst().firstIndex(of: first) else { return nil }
            words.append(.term(.column(String(rest[rest.index(after: rest.startIndex)..<end]))))
            rest = rest[rest.index(after: end)...]
        } else {
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            guard !word.isEmpty else { return nil }
            let number = word.first.map { $0.isNumber || $0 == "." } == true ? Double(word) : nil
            words.append(.term(number.map(Relation.Term.number) ?? .column(String(word))))
            rest.removeFirst(word.count)
        }
    }
    return words
}

/// Terms with signs between them.
private func sum(_ words: ArraySlice<Word>) -> [(sign: Double, term: Relation.Term)]? {
    var parts: [(sign: Double, term: Relation.Term)] = []
    var sign: Double? = 1
    for word in words {
        switch word {
        case .sign(let next):
            if let before = sign, !parts.isEmpty || before < 0 { return nil }
            sign = next
        case .term(let term):
            guard let current = sign else { return nil }
            parts.append((current, term))
            sign = nil
        case .comparison: return nil
        }
    }
    return sign == nil && !parts.isEmpty ? parts : nil
}

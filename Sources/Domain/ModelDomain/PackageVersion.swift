// SPDX-License-Identifier: Apache-2.0

/// The version of a package of Python, in the order of PEP 440: development releases, alphas, betas and candidates before
/// a release, post-releases behind it, and 1.26 the same as 1.26.0.
package struct PackageVersion: Sendable, Hashable, Comparable {
    private let epoch: Int
    /// Without zeros at its end.
    private let release: [Int]
    /// Alpha, beta or candidate (0, 1, 2), and its number.
    private let preview: [Int]?
    private let post: Int?
    private let development: Int?
    /// Behind a `+`.
    private let local: [LocalPart]

    /// Words that begin with another come before it.
    private static let previewWords = [["alpha", "a"], ["beta", "b"], ["preview", "pre", "rc", "c"]]

    private enum LocalPart: Hashable, Comparable {
        case word(String)
        case number(Int)
    }

    /// - Returns: `nil` for what is no version by PEP 440.
    package init?(_ text: some StringProtocol) {
        var reader = VersionReader(text.trimmingWhitespace.lowercased())
        _ = reader.take("v")
        guard let first = reader.number() else { return nil }
        var parts = [first]
        if reader.take("!") {
            epoch = first
            guard let start = reader.number() else { return nil }
            parts = [start]
        } else {
            epoch = 0
        }
        while reader.takeBefore(digit: ".") { parts.append(reader.number() ?? 0) }
        while parts.count > 1, parts.last == 0 { parts.removeLast() }
        release = parts
        preview = reader.suffix(of: Self.previewWords).map { [$0.place, $0.number] }
        post =
            reader.suffix(of: [["post", "rev", "r"]])?.number
            ?? (reader.takeBefore(digit: "-") ? reader.number() : nil)
        development = reader.suffix(of: [["dev"]])?.number
        var local: [LocalPart] = []
        if reader.take("+") {
            repeat {
                guard let word = reader.word() else { return nil }
                local.append(Int(word).map(LocalPart.number) ?? .word(word))
            } while reader.takeSeparator()
        }
        self.local = local
        guard reader.isAtEnd else { return nil }
    }

    /// What `1.26.4+local` is without what stands behind the `+`.
    fileprivate var isLocal: Bool { !local.isEmpty }

    fileprivate static func order(_ one: PackageVersion, _ other: PackageVersion, withLocal: Bool) -> Int {
        func compare<Value: Comparable>(_ one: Value, _ other: Value) -> Int {
            one == other ? 0 : one < other ? -1 : 1
        }
        func compareLists<Value: Comparable>(_ one: [Value], _ other: [Value]) -> Int {
            one == other ? 0 : one.lexicographicallyPrecedes(other) ? -1 : 1
        }
        let steps = [
            compare(one.epoch, other.epoch), compareLists(one.release, other.release),
            compareLists(one.previewKey, other.previewKey), compare(one.post ?? -1, other.post ?? -1),
            compare(one.development ?? .max, other.development ?? .max),
            withLocal ? compareLists(one.local, other.local) : 0,
        ]
        return steps.first { $0 != 0 } ?? 0
    }

    /// A development release of nothing else comes before all previews, a release behind them.
    private var previewKey: [Int] {
        if let preview { return preview }
        return post == nil && development != nil ? [-1] : [3]
    }

    package static func < (one: PackageVersion, other: PackageVersion) -> Bool {
        order(one, other, withLocal: true) < 0
    }

    /// Whether it begins with the numbers of `prefix`, as `1.26.4` does with those of `1.26.*`.
    fileprivate func begins(with prefix: PackageVersion, count: Int) -> Bool {
        guard epoch == prefix.epoch else { return false }
        let padded = { (numbers: [Int]) in
            Array((numbers + [Int](repeating: 0, count: count)).prefix(count))
        }
        return padded(release) == padded(prefix.release)
    }
}

/// What somebody looks for: a package, and which of its versions.
package struct PackageRequirement: Sendable, Hashable {
    package enum Comparison: String, Sendable, CaseIterable {
        // The longer ones first: they begin with the others.
        case equal = "==", notEqual = "!=", atMost = "<=", atLeast = ">=", compatible = "~=", below = "<", above = ">"
    }

    private struct Condition: Hashable {
        let comparison: Comparison
        let text: String
        let version: PackageVersion
        /// Of how many numbers, of `==1.26.*`.
        let prefixCount: Int?
    }

    /// Normalised.
    package let name: String
    /// As it was written.
    package let text: String
    private let conditions: [Condition]

    /// `numpy`, `numpy<1.26.5`, `numpy>=1.20,<1.26.5`, `numpy==1.26.*`.
    ///
    /// - Throws: `IN-006` for what is none.
    package init(_ text: String) throws(Refusal) {
        let trimmed = text.trimmingWhitespace
        let signs = "=!<>~"
        let end = trimmed.firstIndex { signs.contains($0) } ?? trimmed.endIndex
        let name = String(trimmed[..<end]).trimmingWhitespace
        guard isPackageName(name) else { throw Self.unreadable(text) }
        var conditions: [Condition] = []
        if end < trimmed.endIndex {
            for part in trimmed[end...].split(separator: ",", omittingEmptySubsequences: false) {
                guard let condition = Self.condition(String(part)) else { throw Self.unreadable(text) }
                conditions.append(condition)
            }
        }
        self.name = normalisedPackageName(name)
        self.text = trimmed
        self.conditions = conditions
    }

    private static func condition(_ part: String) -> Condition? {
        let part = part.trimmingWhitespace
        guard let comparison = Comparison.allCases.first(where: { part.hasPrefix($0.rawValue) }) else { return nil }
        var text = String(part.dropFirst(comparison.rawValue.count)).trimmingWhitespace
        var prefixCount: Int?
        if text.hasSuffix(".*") {
            guard [.equal, .notEqual].contains(comparison) else { return nil }
            text = String(text.dropLast(2))
            prefixCount = text.split(separator: ".").count
        }
        guard let version = PackageVersion(text) else { return nil }
        return Condition(comparison: comparison, text: text, version: version, prefixCount: prefixCount)
    }

    private static func unreadable(_ text: String) -> Refusal {
        Refusal(
            .outOfRange, .invalidInput, "“\(text.prefix(100))” names no library.",
            hint:
                "Write a name, or a name with ==, !=, <, <=, >, >= or ~= and a version, as in numpy<1.26.5; several with "
                + "commas.", details: [.init("field", "library")])
    }

    /// Whether a version is one of those.
    ///
    /// - Returns: `nil` where `version` is none by PEP 440, and cannot be compared.
    package func holds(of version: String) -> Bool? {
        guard !conditions.isEmpty else { return true }
        guard let version = PackageVersion(version) else { return nil }
        return conditions.allSatisfy { condition in
            if let count = condition.prefixCount {
                return version.begins(with: condition.version, count: count) == (condition.comparison == .equal)
            }
            // A build of one's own is the version that it is a build of, unless somebody asks for that build.
            let order = PackageVersion.order(version, condition.version, withLocal: condition.version.isLocal)
            switch condition.comparison {
            case .equal: return order == 0
            case .notEqual: return order != 0
            case .atMost: return order <= 0
            case .atLeast: return order >= 0
            case .below: return order < 0
            case .above: return order > 0
            case .compatible:
                let count = max(1, condition.text.split(separator: ".").count - 1)
                return order >= 0 && version.begins(with: condition.version, count: count)
            }
        }
    }
}

/// In small letters, with a dash for each run of dashes, dots and underlines: PEP 503.
package func normalisedPackageName(_ name: String) -> String {
    var normal = ""
    for character in name.lowercased() {
        let isSeparator = "-_.".contains(character)
        if !isSeparator { normal.append(character) } else if normal.last != "-" { normal.append("-") }
    }
    return normal
}

private func isPackageName(_ name: String) -> Bool {
    guard let first = name.utf8.first, (1...100).contains(name.utf8.count) else { return false }
    let isAlphanumeric = { (byte: UInt8) in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    return isAlphanumeric(first)
        && name.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
}

private struct VersionReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ sign: Character) -> Bool {
        guard let byte = sign.asciiValue, rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    /// A sign, if a digit comes behind it.
    mutating func takeBefore(digit sign: Character) -> Bool {
        guard let second = rest.dropFirst().first, isDigit(second) else { return false }
        return take(sign)
    }

    mutating func takeSeparator() -> Bool {
        guard let byte = rest.first, isSeparator(byte) else { return false }
        rest.removeFirst()
        return true
    }

    /// At most eighteen digits, which fit.
    mutating func number() -> Int? {
        let digits = rest.prefix(while: isDigit)
        guard !digits.isEmpty, digits.count <= 18, let number = Int(Substring(digits)) else { return nil }
        rest = rest[digits.endIndex...]
        return number
    }

    mutating func word() -> String? {
        let letters = rest.prefix { isDigit($0) || (0x61...0x7A).contains($0) }
        guard !letters.isEmpty else { return nil }
        rest = rest[letters.endIndex...]
        return String(Substring(letters))
    }

    /// The first of these words that comes, by its place, and the number behind it.
    mutating func suffix(of words: [[String]]) -> (place: Int, number: Int)? {
        for (place, forms) in words.enumerated() {
            for word in forms {
                if let number = suffix(word) { return (place, number) }
            }
        }
        return nil
    }

    /// The number behind a word, which may have separators around it; 0 where there is none.
    private mutating func suffix(_ word: String) -> Int? {
        let before = rest
        _ = takeSeparator()
        guard rest.starts(with: word.utf8) else {
            rest = before
            return nil
        }
        rest = rest.dropFirst(word.utf8.count)
        let behind = rest
        if takeSeparator(), rest.first.map(isDigit) != true { rest = behind }
        return number() ?? 0
    }

    private func isSeparator(_ byte: UInt8) -> Bool { [0x2D, 0x2E, 0x5F].contains(byte) }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

extension StringProtocol {
    fileprivate var trimmingWhitespace: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}

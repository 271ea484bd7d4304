// SPDX-License-Identifier: Apache-2.0

/// A name that people give: letters, digits, `-`, `_` and `.`, starting with a letter or digit, 1 to 100 characters,
/// unless its kind says otherwise.
package protocol GivenName: RawRepresentable<String>, Sendable, Hashable, CustomStringConvertible, Comparable
where RawValue == String {
    /// What the name is of, in the words of an error.
    static var noun: String { get }
    /// How such a name is written, as advice.
    static var rule: String { get }
    static func accepts(_ text: String) -> Bool
    init(trusted text: String)
}

extension GivenName {
    package static var rule: String {
        "Use 1 to 100 letters, digits, “-”, “_” or “.”, starting with a letter or digit."
    }

    package static func accepts(_ text: String) -> Bool { isGivenName(text) }

    package init?(rawValue: String) {
        guard Self.accepts(rawValue) else { return nil }
        self.init(trusted: rawValue)
    }

    /// - Throws: `REG-005`, with the rule, when `text` is no such name.
    package init(_ text: String) throws(Refusal) {
        guard Self.accepts(text) else {
            throw Refusal(
                .badName, .invalidInput, "“\(text.prefix(100))” is no \(Self.noun) name.", hint: Self.rule)
        }
        self.init(trusted: text)
    }

    package var description: String { rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

private func isGivenName(_ text: String) -> Bool {
    guard (1...100).contains(text.utf8.count), let first = text.utf8.first else { return false }
    let isAlphanumeric = { (byte: UInt8) in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    return isAlphanumeric(first)
        && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
}

package struct ProjectName: GivenName {
    package static let noun = "project"
    /// Where everything lives until somebody asks for more.
    package static let standard = ProjectName(trusted: "default")
    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

/// What a model is called: any text that clients of MLflow may have chosen, other than a path. Endpoints, which stand in
/// addresses, are named more strictly.
package struct ModelName: GivenName {
    package static let noun = "model"
    package static let rule = "Use 1 to 256 letters and signs, without “/”, “:” and control characters."

    package static func accepts(_ text: String) -> Bool {
        (1...256).contains(text.unicodeScalars.count) && text != "." && text != ".."
            && !text.allSatisfy(\.isWhitespace)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" && $0 != ":" }
    }

    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

package struct DatasetName: GivenName {
    package static let noun = "data set"
    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

package struct EndpointName: GivenName {
    package static let noun = "endpoint"
    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

package struct AliasName: GivenName {
    package static let noun = "alias"
    package static let rule = "Use 1 to 255 letters, digits, “-”, “_” or “.”."

    package static func accepts(_ text: String) -> Bool {
        (1...255).contains(text.unicodeScalars.count) && text != "." && text != ".."
            && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." }
    }

    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

/// Who holds tokens: a person, or a program.
package struct PrincipalName: GivenName {
    package static let noun = "principal"
    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

/// The name of `candidates` that `text` was probably meant to be: the closest by edits, at most a third of it wrong.
package func closestName(to text: String, among candidates: some Sequence<String>) -> String? {
    // Compared letter by letter, which takes the product of their lengths: nobody mistypes a page.
    guard text.utf8.count <= 120 else { return nil }
    let limit = max(1, text.count / 3)
    let scored = candidates.filter { $0.utf8.count <= 240 }.map {
        (name: $0, distance: editDistance($0, text, limit: limit))
    }
    return scored.filter { $0.distance <= limit }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
}

/// Levenshtein distance in characters, case ignored; `limit + 1` for anything farther.
private func editDistance(_ left: String, _ right: String, limit: Int) -> Int {
    let left = Array(left.lowercased())
    let right = Array(right.lowercased())
    guard abs(left.count - right.count) <= limit else { return limit + 1 }
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            current.append(
                min(previous[column] + (character == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[right.count]
}

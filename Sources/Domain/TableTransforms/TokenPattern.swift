// SPDX-License-Identifier: Apache-2.0

/// Runs of characters of one class, and how long they are at least: what most token patterns say, found in one pass.
struct TokenPattern: Sendable {
    /// scikit-learn's own: words of two characters and more.
    static let standard = TokenPattern(isInverted: false, members: [.word], least: 2)

    private enum Member: Sendable {
        case word, space, digit
        case range(ClosedRange<Unicode.Scalar>)
    }

    private let isInverted: Bool
    private let members: [Member]
    private let least: Int

    private init(isInverted: Bool, members: [Member], least: Int) {
        self.isInverted = isInverted
        self.members = members
        self.least = least
    }

    /// - Throws: ``TableFault`` for an expression that says more than that.
    init(_ expression: String) throws(TableFault) {
        let fault = TableFault(
            "“\(expression.prefix(60))” is no run of one class of characters, like \\w\\w+ or [a-z]{2,}")
        var rest = expression[...]
        if rest.hasPrefix("(?u)") { rest = rest.dropFirst(4) }
        let isBounded = rest.hasPrefix("\\b") && rest.hasSuffix("\\b") && rest.count >= 4
        if isBounded { rest = rest.dropFirst(2).dropLast(2) }
        guard let (isInverted, members, text) = Self.characterClass(&rest) else { throw fault }
        var least = 1
        // The class again, as often as it stands there.
        while rest.hasPrefix(text) {
            rest = rest.dropFirst(text.count)
            least += 1
        }
        if rest == "+" {
        } else if rest.hasPrefix("{"), rest.hasSuffix(",}"), least == 1, rest.dropFirst().first?.isNumber == true,
            let count = Int(rest.dropFirst().dropLast(2)), (1...100).contains(count)
        {
            least = count
        } else {
            throw fault
        }
        // Around anything but whole words, a boundary would cut tokens short.
        if isBounded {
            guard members.count == 1, case .word = members[0], !isInverted else { throw fault }
        }
        self.init(isInverted: isInverted, members: members, least: least)
    }

    private static func characterClass(
        _ rest: inout Substring
    ) -> (isInverted: Bool, members: [Member], text: String)? {
        let start = rest
        guard let first = rest.popFirst() else { return nil }
        if first == "\\" {
            guard let letter = rest.popFirst(), let (isInverted, member) = shorthand(letter) else { return nil }
            return (isInverted, [member], "\\\(letter)")
        }
        guard first == "[" else { return nil }
        var isInverted = false
        if rest.first == "^" {
            rest.removeFirst()
            isInverted = true
        }
        var members: [Member] = []
        while let character = rest.popFirst(), character != "]" {
            if character == "\\" {
                guard let letter = rest.popFirst() else { return nil }
                if let (isOther, member) = shorthand(letter) {
                    guard !isOther else { return nil }
                    members.append(member)
                    continue
                }
                // A letter or a digit behind it means something else, or nothing.
                guard let scalar = single(letter), scalar.isASCII, !letter.isLetter, !letter.isNumber else {
                    return nil
                }
                members.append(.range(scalar...scalar))
                continue
            }
            guard let low = single(character), character != "[" else { return nil }
            if rest.first == "-", rest.dropFirst().first != "]" {
                rest.removeFirst()
                guard let end = rest.popFirst().flatMap(single), end != "\\", low <= end else { return nil }
                members.append(.range(low...end))
            } else {
                members.append(.range(low...low))
            }
        }
        let text = String(start[..<rest.startIndex])
        guard !members.isEmpty, text.hasSuffix("]") else { return nil }
        return (isInverted, members, text)
    }

    private static func single(_ character: Character) -> Unicode.Scalar? {
        character.unicodeScalars.count == 1 ? character.unicodeScalars.first : nil
    }

    private static func shorthand(_ letter: Character) -> (isInverted: Bool, Member)? {
        switch letter {
        case "w": (false, .word)
        case "W": (true, .word)
        case "s": (false, .space)
        case "S": (true, .space)
        case "d": (false, .digit)
        case "D": (true, .digit)
        default: nil
        }
    }

    private func contains(_ scalar: Unicode.Scalar) -> Bool {
        for member in members {
            let isMember =
                switch member {
                case .word: isWordCharacter(scalar)
                case .space: isPythonSpace(scalar)
                case .digit: scalar.properties.generalCategory == .decimalNumber
                case .range(let range): range.contains(scalar)
                }
            if isMember { return !isInverted }
        }
        return isInverted
    }

    /// The tokens of a text, in order.
    func tokens(of text: String) -> [Substring] {
        var found: [Substring] = []
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            guard contains(scalars[index]) else {
                index = scalars.index(after: index)
                continue
            }
            let start = index
            var length = 0
            while index < scalars.endIndex, contains(scalars[index]) {
                index = scalars.index(after: index)
                length += 1
            }
            if length >= least { found.append(Substring(scalars[start..<index])) }
        }
        return found
    }
}

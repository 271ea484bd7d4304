// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What somebody says was true of a row, as it came: what it means depends on the model that answered.
package struct GivenLabel: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case number = "n"
        case text = "t"
        case boolean = "b"
        /// A cell of a table, which may be any of them.
        case cell = "c"
    }

    /// In bytes.
    package static let longest = 1000

    package let kind: Kind
    package let text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// A number as whole as it is: `1` for 1.0.
    package init(_ number: Double) { self.init(.number, Self.text(of: number)) }

    package static func text(of number: Double) -> String {
        if let whole = Int64(exactly: number), abs(whole) < 1 << 53 { return String(whole) }
        return "\(number)"
    }

    /// As it is kept while it waits.
    package var stored: String { kind.rawValue + text }

    package init?(stored: String) {
        guard let kind = stored.first.flatMap({ Kind(rawValue: String($0)) }) else { return nil }
        self.init(kind, String(stored.dropFirst()))
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.kind == right.kind && left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

/// A label on its way: what it is about, and when it became known.
package struct Feedback: Sendable {
    package enum Target: Sendable, Hashable {
        case prediction(PredictionID)
        /// The newest prediction with that key is meant.
        case key(String)

        package static func == (left: Self, right: Self) -> Bool {
            switch (left, right) {
            case (.prediction(let one), .prediction(let other)): one == other
            case (.key(let one), .key(let other)): one.utf8.elementsEqual(other.utf8)
            default: false
            }
        }

        package func hash(into hasher: inout Hasher) {
            switch self {
            case .prediction(let id): hasher.combine(id)
            case .key(let key): for byte in key.utf8 { hasher.combine(byte) }
            }
        }

        /// As it is kept while it waits: a key begins with `k`, an id with `i`.
        package var stored: String {
            switch self {
            case .prediction(let id): "i\(id)"
            case .key(let key): "k\(key)"
            }
        }

        package init?(stored: String) {
            let rest = String(stored.dropFirst())
            switch stored.first {
            case "i":
                guard let id = PredictionID(rest) else { return nil }
                self = .prediction(id)
            case "k": self = .key(rest)
            default: return nil
            }
        }
    }

    package let target: Target
    /// Of the prediction; `nil` for the only one that it has.
    package let row: Int?
    package let label: GivenLabel
    /// When it became known; `nil` for now.
    package let at: Timestamp?
    /// Where it stood among those that came together, from 1.
    package let position: Int

    package init(_ target: Target, row: Int?, label: GivenLabel, at: Timestamp?, position: Int) {
        self.target = target
        self.row = row
        self.label = label
        self.at = at
        self.position = position
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A label that somebody votes for; those of one column are of one kind.
enum Ballot {
    case text(String)
    case number(Double)
    case signed(Int64)
    case unsigned(UInt64)

    static func < (one: Ballot, other: Ballot) -> Bool {
        switch (one, other) {
        case (.text(let one), .text(let other)): one.utf8.lexicographicallyPrecedes(other.utf8)
        case (.number(let one), .number(let other)): one < other
        case (.signed(let one), .signed(let other)): one < other
        case (.unsigned(let one), .unsigned(let other)): one < other
        default: false
        }
    }
}

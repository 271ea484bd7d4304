// SPDX-License-Identifier: Apache-2.0

/// Any JSON document, for manifests and administration, where convenience counts more than speed.
///
/// Integers are kept apart from floating-point numbers, so that all 64 bits survive. An object keeps its order, and has
/// no name twice.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Only what ``integer(_:)`` cannot hold: above 2^63 - 1.
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])
}

/// A name compared byte by byte, as JSON means it: `String` holds different spellings of one letter for equal.
struct ExactName: Hashable {
    let text: String

    static func == (one: ExactName, other: ExactName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(text.utf8.count)
    }
}

extension JSONValue: Hashable {
    /// Equal kinds with equal contents; objects in the same order. Texts are compared byte by byte, and NaN equals NaN.
    package static func == (one: JSONValue, other: JSONValue) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.integer(let one), .integer(let other)): one == other
        case (.unsigned(let one), .unsigned(let other)): one == other
        case (.double(let one), .double(let other)): one == other || (one.isNaN && other.isNaN)
        case (.string(let one), .string(let other)): ExactName(text: one) == ExactName(text: other)
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.elementsEqual(other) { ExactName(text: $0.name) == ExactName(text: $1.name) && $0.value == $1.value }
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .unsigned(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value.isNaN ? Double.nan.bitPattern : (value + 0).bitPattern)
        case .string(let value): hasher.combine(ExactName(text: value))
        case .array(let values): hasher.combine(values)
        case .object(let members):
            for member in members {
                hasher.combine(ExactName(text: member.name))
                hasher.combine(member.value)
            }
        }
    }
}

extension JSONValue {
    package subscript(name: String) -> JSONValue? {
        members?.first { ExactName(text: $0.name) == ExactName(text: name) }?.value
    }

    package subscript(index: Int) -> JSONValue? {
        guard let elements, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var unsigned: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// The number as a `Double`: the nearest one for integers beyond 2^53. The strings that stand for NaN and the
    /// infinities count too.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        case .string("NaN"): .nan
        case .string("Infinity"): .infinity
        case .string("-Infinity"): -.infinity
        default: nil
        }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var elements: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var members: [(name: String, value: JSONValue)]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { (name: $0.0, value: $0.1) })
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// A document of named values, as XGBoost and CatBoost write it in JSON, and XGBoost in UBJSON. Lists of numbers, which most
/// of a forest is, are kept close.
enum ModelDocument {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case numbers([Double])
    /// Of single precision, as they were written.
    case singles([Float])
    case integers([Int64])
    case list([ModelDocument])
    case object([String: ModelDocument])
}

extension ModelDocument: JSONBuilding {
    static func built(from scalar: JSONValue) -> ModelDocument {
        switch scalar {
        case .bool(let flag): .flag(flag)
        case .integer(let value): .number(Double(value))
        case .unsigned(let value): .number(Double(value))
        case .double(let value): .number(value)
        case .string(let text): .text(text)
        case .null, .array, .object: .null
        }
    }

    static func built(from numbers: [Double]) -> ModelDocument { .numbers(numbers) }
    static func built(from elements: [ModelDocument]) -> ModelDocument { .list(elements) }

    static func built(from members: [(name: String, value: ModelDocument)]) -> ModelDocument {
        .object(Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first })
    }
}

/// Reads what a model has to have. `path` is where it stands, for messages.
struct ModelFields {
    private let members: [String: ModelDocument]
    private let path: String

    init(_ document: ModelDocument, at path: String = "") throws(ForestFault) {
        guard case .object(let members) = document else { throw ForestFault("“\(path)” is no object") }
        self.members = members
        self.path = path
    }

    subscript(name: String) -> ModelDocument? { members[name] }

    func fields(_ name: String) throws(ForestFault) -> ModelFields {
        guard let found = members[name] else { throw missing(name) }
        return try ModelFields(found, at: place(name))
    }

    func optionalFields(_ name: String) throws(ForestFault) -> ModelFields? {
        switch members[name] {
        case nil, .null?: nil
        case let found?: try ModelFields(found, at: place(name))
        }
    }

    func list(_ name: String) throws(ForestFault) -> [ModelFields] {
        switch members[name] {
        case .list(let elements)?:
            let place = place(name)
            return try elements.map { element throws(ForestFault) in try ModelFields(element, at: place) }
        case .numbers(let none)? where none.isEmpty: return []
        case nil: throw missing(name)
        default: throw ForestFault("“\(place(name))” is no list of objects")
        }
    }

    /// Of nothing where it is missing.
    func optionalList(_ name: String) throws(ForestFault) -> [ModelFields] {
        switch members[name] {
        case nil, .null?: []
        default: try list(name)
        }
    }

    /// Of nothing where they are missing.
    func optionalDoubles(_ name: String) throws(ForestFault) -> [Double] {
        switch members[name] {
        case nil, .null?: []
        default: try doubles(name)
        }
    }

    var names: [String] { Array(members.keys) }

    func text(_ name: String) throws(ForestFault) -> String {
        guard case .text(let text)? = members[name] else { throw missing(name) }
        return text
    }

    func optionalText(_ name: String) -> String? {
        if case .text(let text)? = members[name] { text } else { nil }
    }

    /// A whole number, which XGBoost writes as a text.
    func count(_ name: String) throws(ForestFault) -> Int {
        let value: Int? =
            switch members[name] {
            case .text(let text)?: Int(text)
            case .number(let number)?: Int(exactly: number)
            default: nil
            }
        guard let value, value >= 0 else { throw ForestFault("“\(place(name))” is no count") }
        return value
    }

    func optionalCount(_ name: String) throws(ForestFault) -> Int? { members[name] == nil ? nil : try count(name) }

    func number(_ name: String) throws(ForestFault) -> Double {
        switch members[name] {
        case .number(let number)?: return number
        case .text(let text)?:
            if let number = Double(text) { return number }
        default: break
        }
        throw ForestFault("“\(place(name))” is no number")
    }

    func doubles(_ name: String) throws(ForestFault) -> [Double] {
        switch members[name] {
        case .numbers(let values)?: return values
        case .singles(let values)?: return values.map(Double.init)
        case .integers(let values)?: return values.map(Double.init)
        case .list(let values)? where values.isEmpty: return []
        case .list(let values)?:
            // Flags among numbers, as older versions wrote them.
            return try values.map { value throws(ForestFault) in
                switch value {
                case .flag(let flag): return flag ? 1 : 0
                case .number(let number): return number
                default: throw ForestFault("“\(place(name))” is no list of numbers")
                }
            }
        case nil: throw missing(name)
        default: throw ForestFault("“\(place(name))” is no list of numbers")
        }
    }

    /// As single precision has them.
    func singles(_ name: String) throws(ForestFault) -> [Float] {
        if case .singles(let values)? = members[name] { return values }
        return try doubles(name).map(Float.init)
    }

    func integers(_ name: String) throws(ForestFault) -> [Int] {
        if case .integers(let values)? = members[name] { return values.map { Int($0) } }
        return try doubles(name).map { value throws(ForestFault) in
            guard let integer = Int(exactly: value) else { throw ForestFault("“\(place(name))” holds a fraction") }
            return integer
        }
    }

    func optionalIntegers(_ name: String) throws(ForestFault) -> [Int]? {
        members[name] == nil ? nil : try integers(name)
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    private func missing(_ name: String) -> ForestFault { ForestFault("“\(place(name))” is missing") }
}

// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Reads the fields of a JSON object of ours, and says which one is not as it should be.
package struct FieldReader: Sendable {
    private let object: JSONValue
    private let path: String

    /// - Throws: `PRJ-009` when `bytes` are no JSON object.
    package init(document bytes: [UInt8], what: String) throws(Refusal) {
        do throws(CodecError) {
            object = try JSONValue.parse(bytes)
        } catch {
            throw Self.damaged("its \(what) is no JSON: \(error.message)")
        }
        path = ""
        guard case .object = object else { throw Self.damaged("its \(what) is no JSON object") }
    }

    /// - Throws: `PRJ-009` when `value` is no object.
    package init(_ value: JSONValue, what: String) throws(Refusal) {
        object = value
        path = ""
        guard case .object = value else { throw Self.damaged("its \(what) is no JSON object") }
    }

    private init(_ object: JSONValue, at path: String) throws(Refusal) {
        self.object = object
        self.path = path
        guard case .object = object else { throw Self.damaged("“\(path)” is no object") }
    }

    package static func damaged(_ reason: String) -> Refusal {
        Refusal(
            .bundleDamaged, .invalidInput, "The bundle cannot be used: \(reason).",
            hint: "Pack it again with `slipway pack`.")
    }

    package func optionalText(_ key: String) throws(Refusal) -> String? { object[key]?.string }

    package func text(_ key: String) throws(Refusal) -> String {
        guard let text = object[key]?.string else { throw Self.damaged("“\(path + key)” is no text") }
        return text
    }

    package func texts(_ key: String) throws(Refusal) -> [String] {
        try array(key).map { value throws(Refusal) in
            guard let text = value.string else { throw Self.damaged("“\(path + key)” holds something else than texts") }
            return text
        }
    }

    package func optionalTexts(_ key: String) throws(Refusal) -> [String]? {
        object[key] == nil ? nil : try texts(key)
    }

    /// A whole number that is not negative.
    package func count(_ key: String) throws(Refusal) -> Int {
        guard let value = object[key]?.integer, let count = Int(exactly: value), count >= 0 else {
            throw Self.damaged("“\(path + key)” is no count")
        }
        return count
    }

    package func has(_ key: String) -> Bool { object[key] != nil }

    package func integers(_ key: String) throws(Refusal) -> [Int64] {
        try array(key).map { value throws(Refusal) in
            guard let integer = value.integer else { throw Self.damaged("“\(path + key)” holds what is no integer") }
            return integer
        }
    }

    package func number(_ key: String) throws(Refusal) -> Double {
        guard let number = object[key]?.double, number.isFinite else {
            throw Self.damaged("“\(path + key)” is no number")
        }
        return number
    }

    package func flag(_ key: String) throws(Refusal) -> Bool {
        guard let flag = try optionalFlag(key) else { throw Self.damaged("“\(path + key)” is no boolean") }
        return flag
    }

    package func optionalFlag(_ key: String) throws(Refusal) -> Bool? { object[key]?.bool }

    package func fields(_ key: String) throws(Refusal) -> FieldReader {
        guard let fields = try optionalFields(key) else { throw Self.damaged("“\(path + key)” is missing") }
        return fields
    }

    package func optionalFields(_ key: String) throws(Refusal) -> FieldReader? {
        guard let value = object[key] else { return nil }
        return try FieldReader(value, at: path + key)
    }

    package func list(_ key: String) throws(Refusal) -> [FieldReader] {
        try array(key).map { value throws(Refusal) in try FieldReader(value, at: path + key) }
    }

    /// Sizes as numbers, symbolic dimensions as texts, or as −1 for want of a name.
    package func shape(_ key: String) throws(Refusal) -> [Dimension] {
        try array(key).map { value throws(Refusal) in
            if let name = value.string { return .symbolic(name) }
            if value.integer == -1 { return .symbolic("") }
            guard let size = value.integer.flatMap(Int.init(exactly:)), size >= 0 else {
                throw Self.damaged("“\(path + key)” is no shape")
            }
            return .fixed(size)
        }
    }

    /// `[low, high]`.
    package func optionalRange(_ key: String) throws(Refusal) -> ClosedRange<Double>? {
        guard object[key] != nil else { return nil }
        let ends = try array(key).compactMap(\.double)
        guard ends.count == 2, ends[0] <= ends[1] else { throw Self.damaged("“\(path + key)” is no range") }
        return ends[0]...ends[1]
    }

    private func array(_ key: String) throws(Refusal) -> [JSONValue] {
        guard let values = object[key]?.elements else { throw Self.damaged("“\(path + key)” is no list") }
        return values
    }
}

extension JSONValue {
    /// An object of the fields that have a value, in the order given.
    package static func record(_ fields: [(String, JSONValue?)]) -> JSONValue {
        .object(fields.compactMap { name, value in value.map { (name: name, value: $0) } })
    }
}

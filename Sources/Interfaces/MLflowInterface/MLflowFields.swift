// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import Tensors

/// What a call of MLflow's API brings: the fields of a JSON object, or those of a query. Unknown ones are passed over, as
/// newer clients send more than older servers know.
package struct MLflowFields: Sendable {
    private let object: JSONValue
    private let path: String
    private let isQuery: Bool

    init(_ object: JSONValue, path: String = "", isQuery: Bool = false) {
        self.object = object
        self.path = path
        self.isQuery = isQuery
    }

    /// - Throws: `IN-001` for what is no JSON object.
    package init(body: [UInt8]) throws {
        let value: JSONValue
        do throws(CodecError) {
            value = body.isEmpty ? .object([]) : try JSONValue.parse(body)
        } catch {
            let reason = error.explanation
            throw Refusal(.bodySyntax, .invalidInput, reason.message, hint: reason.hint, details: reason.details)
        }
        guard value.members != nil else {
            throw Refusal(.bodySyntax, .invalidInput, "The body is no JSON object.", hint: "Send {} for no fields.")
        }
        self.init(value)
    }

    /// - Parameter query: What stands behind the “?”; a name may be there several times.
    package init(query: String?) throws {
        var values: [(name: String, value: [JSONValue])] = []
        for part in (query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.replacing("+", with: " ").removingPercentEncoding }
            guard let name = pair.first ?? nil, let text = pair.count == 2 ? pair[1] : "" else {
                throw Refusal(
                    .bodySyntax, .invalidInput, "“\(part.prefix(100))” of the query cannot be read.",
                    hint: "Write UTF-8, percent-encoded.")
            }
            if let index = values.firstIndex(where: { $0.name == name }) {
                values[index].value.append(.string(text))
            } else {
                values.append((name, [.string(text)]))
            }
            guard values.count <= 1000 else { throw Refusal(.limitExceeded, .invalidInput, "The query is too long.") }
        }
        self.init(
            .object(values.map { ($0.name, $0.value.count == 1 ? $0.value[0] : .array($0.value)) }), isQuery: true)
    }

    func optionalText(_ name: String) throws -> String? {
        guard let value = present(name) else { return nil }
        // Of a field that a query has several times the first counts.
        guard let text = value.string ?? (isQuery ? value[0]?.string : nil) else { throw wrong(name, "a text") }
        return text
    }

    /// - Throws: `IN-003` when it is not there, or empty.
    func text(_ name: String) throws -> String {
        guard let text = try optionalText(name), !text.isEmpty else { throw missing(name) }
        return text
    }

    /// A number, or a text with one.
    func optionalInteger(_ name: String) throws -> Int64? {
        guard let value = present(name) else { return nil }
        if let integer = value.integer { return integer }
        if let text = value.string, let integer = Int64(text) { return integer }
        if let double = value.double, let integer = Int64(exactly: double) { return integer }
        throw wrong(name, "a whole number")
    }

    func integer(_ name: String) throws -> Int64 {
        guard let value = try optionalInteger(name) else { throw missing(name) }
        return value
    }

    /// Any number; `"NaN"`, `"Infinity"` and `"-Infinity"` among them.
    func number(_ name: String) throws -> Double {
        guard let value = present(name) else { throw missing(name) }
        guard let number = value.double ?? value.string.flatMap(Double.init) else { throw wrong(name, "a number") }
        return number
    }

    func flag(_ name: String) throws -> Bool {
        guard let value = present(name) else { return false }
        if let flag = value.bool { return flag }
        switch isQuery ? value.string?.lowercased() : nil {
        case "true": return true
        case "false": return false
        default: throw wrong(name, "true or false")
        }
    }

    /// One text counts as a list of one.
    func texts(_ name: String) throws -> [String] {
        guard let value = present(name) else { return [] }
        if let text = value.string { return [text] }
        return try elements(value, name).map { element in
            guard let text = element.string else { throw wrong(name, "a list of texts") }
            return text
        }
    }

    func list(_ name: String) throws -> [MLflowFields] {
        guard let value = present(name) else { return [] }
        return try elements(value, name).enumerated().map { index, element in
            guard element.members != nil else { throw wrong(name, "a list of objects") }
            return MLflowFields(element, path: "\(path)\(name)[\(index)].")
        }
    }

    /// - Throws: `IN-003` when it is not there.
    func fields(_ name: String) throws -> MLflowFields {
        guard let value = present(name) else { throw missing(name) }
        guard value.members != nil else { throw wrong(name, "an object") }
        return MLflowFields(value, path: "\(path)\(name).")
    }

    func has(_ name: String) -> Bool { present(name) != nil }

    private func present(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return Optional.none }
        return value
    }

    private func elements(_ value: JSONValue, _ name: String) throws -> [JSONValue] {
        guard let elements = value.elements else { throw wrong(name, "a list") }
        return elements
    }

    func missing(_ name: String) -> Refusal {
        Refusal(
            .missingValue, .invalidInput, "Missing value for required parameter '\(path)\(name)'.",
            hint: "docs/reference/mlflow.md lists what each call takes.", details: [.init("field", path + name)])
    }

    private func wrong(_ name: String, _ wanted: String) -> Refusal {
        let shown = object[name]?.text.prefix(100) ?? ""
        return Refusal(
            .wrongType, .invalidInput,
            "Invalid value \(shown) for parameter '\(path)\(name)' supplied: it has to be \(wanted).",
            details: [.init("field", path + name)])
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Yams

/// A `meta.yaml` of MLflow's: names with texts, of which nothing is taken for anything else. A run may be called `no` or `1e5`.
struct MLflowDocument {
    private let mapping: Node.Mapping
    private let name: String

    /// - Throws: `PRJ-002` for what is no such file.
    init(_ bytes: [UInt8], name: String) throws {
        guard let text = String(validating: bytes, as: UTF8.self), let node = try? compose(yaml: text),
            case .mapping(let mapping) = node
        else { throw unreadable(name, "it is no mapping in YAML") }
        self.mapping = mapping
        self.name = name
    }

    func optionalText(_ key: String) throws -> String? {
        guard let node = mapping[Node(key)] else { return nil }
        guard case .scalar(let scalar) = node else { throw unreadable(name, "“\(key)” is no text") }
        let isPlain = scalar.style == .plain || scalar.style == .any
        return isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string) ? nil : scalar.string
    }

    func text(_ key: String) throws -> String {
        guard let text = try optionalText(key) else { throw unreadable(name, "it has no “\(key)”") }
        return text
    }

    func optionalNumber(_ key: String) throws -> Int64? {
        guard let text = try optionalText(key) else { return nil }
        guard let number = Int64(text) ?? Double(text).flatMap({ Int64(exactly: $0) }) else {
            throw unreadable(name, "“\(key)” is no number")
        }
        return number
    }

    func number(_ key: String) throws -> Int64 {
        guard let number = try optionalNumber(key) else { throw unreadable(name, "it has no “\(key)”") }
        return number
    }

    /// A mapping of texts, one level deep.
    func texts(_ key: String) throws -> [String: String] {
        guard case .mapping(let inner)? = mapping[Node(key)] else { return [:] }
        var found: [String: String] = [:]
        for (key, value) in inner {
            guard case .scalar(let key) = key, case .scalar(let value) = value else {
                throw unreadable(name, "“\(key)” is no text")
            }
            found[key.string] = value.string
        }
        return found
    }
}

func unreadable(_ name: String, _ why: String) -> Refusal {
    Refusal(
        .yamlSyntax, .invalidInput, "“\(name.prefix(300))” cannot be read: \(why).",
        hint: "Look at it with MLflow's own client; what is well is brought all the same.")
}

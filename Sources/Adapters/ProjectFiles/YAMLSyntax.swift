// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelPackaging
internal import Yams

/// YAML with the 1.2 core rules: `NO` and `on` are texts, `1e-5` is a number, a key stands once.
package struct YAMLSyntax: ConfigSyntax {
    /// The most values in a file. Anchors can make a small text mean billions.
    private static let nodeLimit = 100_000
    private static let depthLimit = 50

    package init() {}

    package func parse(_ bytes: [UInt8], file: String) throws -> ConfigNode {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal("\(file) is not UTF-8", file: file)
        }
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch let error as YamlError {
            throw refusal(describe(error, file: file), file: file)
        }
        guard let root else { return ConfigNode(.null, line: 1, column: 1) }
        var budget = Self.nodeLimit
        return try convert(root, file: file, depth: 0, budget: &budget)
    }

    private func convert(_ node: Node, file: String, depth: Int, budget: inout Int) throws -> ConfigNode {
        let line = node.mark?.line ?? 1
        let column = node.mark?.column ?? 1
        budget -= 1
        guard budget > 0, depth < Self.depthLimit else {
            throw refusal("\(file):\(line):\(column): there is too much in it, or it is nested too deep", file: file)
        }
        switch node {
        case .scalar(let scalar):
            return ConfigNode(coreValue(of: scalar), line: line, column: column)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for item in sequence {
                items.append(try convert(item, file: file, depth: depth + 1, budget: &budget))
            }
            return ConfigNode(.list(items), line: line, column: column)
        case .mapping(let mapping):
            var entries: [(key: String, value: ConfigNode)] = []
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key else {
                    throw refusal("\(file):\(line):\(column): a key is no text", file: file)
                }
                entries.append((scalar.string, try convert(value, file: file, depth: depth + 1, budget: &budget)))
            }
            return ConfigNode(.map(entries), line: line, column: column)
        case .alias:
            throw refusal("\(file):\(line):\(column): an alias names no anchor", file: file)
        }
    }

    /// Yams resolves plain scalars by YAML 1.1, so its tags are not asked.
    private func coreValue(of scalar: Node.Scalar) -> ConfigNode.Value {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if text.wholeMatch(of: /[-+]?[0-9]+/) != nil, let integer = Int(text) { return .integer(integer) }
        if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil,
            let number = Double(text)
        {
            return .number(number)
        }
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        default: return .text(text)
        }
    }

    private func describe(_ error: YamlError, file: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(file):\(mark.line):\(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _):
            "\(file): the key “\(duplicates.first.map(String.init(describing:)) ?? "")” is there twice"
        default: "\(file) is no YAML"
        }
    }

    private func refusal(_ message: String, file: String) -> Refusal {
        Refusal(
            .yamlSyntax, .invalidInput, "\(message).", hint: "Compare it with docs/formats/slipway-yaml.md.")
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
package import ModelDomain
internal import Tensors

/// `graph:` of a project file, as it is written: names not yet found, and nothing learned from data yet.
package struct GraphProject: Sendable, Equatable {
    struct Step: Sendable, Equatable {
        let name: String
        /// Where it stands in the file.
        let line: Int
        var sources: [String]
        let work: Work
        var conditions: [JSONValue] = []
        var timeoutMilliseconds: Int?
        var failurePolicy: JSONValue?
        var cachedRows: Int?
    }

    enum Work: Sendable, Equatable {
        /// Operations in the project's words.
        case transform([JSONValue])
        /// What `model.source` takes, or a registered version.
        case model(String, engine: ProjectFile.Engine)
        /// In the words of `graph.json`.
        case combine(JSONValue)
    }

    private(set) var steps: [Step]
    /// Names of outputs, and what they are of.
    let outputs: [Output]
    /// As it stands in the file.
    let written: JSONValue

    struct Output: Sendable, Equatable {
        let name: String
        let source: String
    }

    /// The registered versions that its steps are.
    package var components: [ComponentReference] {
        steps.compactMap { step in
            guard case .model(let source, _) = step.work else { return nil }
            return ComponentReference(source)
        }
    }
}

/// A registered version as a step names it: `churn-text@3`, `growth/churn-text@3`, `churn-text@champion`.
package struct ComponentReference: Sendable, Hashable, CustomStringConvertible {
    package let model: ModelReference
    /// A number or an alias.
    package let version: String

    /// - Returns: `nil` for the name of a file or of a Python object.
    package init?(_ text: String) {
        let text = text.hasPrefix("models:/") ? text.dropFirst(8) : text[...]
        guard let at = text.lastIndex(of: "@"), !text.contains(":") else { return nil }
        let name = text[..<at].split(separator: "/", omittingEmptySubsequences: false)
        let version = String(text[text.index(after: at)...])
        guard (1...2).contains(name.count), let model = ModelName(rawValue: String(name[name.count - 1])),
            let project = name.count == 2 ? ProjectName(rawValue: String(name[0])) : .standard,
            AliasName(rawValue: version) != nil
        else { return nil }
        self.model = ModelReference(project: project, name: model)
        self.version = version
    }

    package var description: String { "\(model.project)/\(model.name)@\(version)" }
}

extension GraphProject {
    private static let stepKeys = [
        "in", "transform", "model", "worker", "engine", "combine", "when", "timeout", "on_error", "cache",
    ]
    private static let combineKeys = [
        "weights", "missing", "coefficients", "intercept", "link", "at_least", "then", "else", "rules", "otherwise",
        "between", "on",
    ]

    init(_ reader: ConfigReader) throws(Refusal) {
        guard let steps = try reader.child("steps", known: nil) else {
            throw reader.wrong("steps", takes: "a map of steps")
        }
        written = reader.node.json
        self.steps = try steps.keys.map { name throws(Refusal) in try Step(name, in: steps) }
        guard let outputs = try reader.child("outputs", known: nil), !outputs.keys.isEmpty else {
            throw reader.wrong("outputs", takes: "a map of names to what they are of")
        }
        self.outputs = try outputs.keys.map { name throws(Refusal) in
            guard let source = try outputs.text(name) else { throw outputs.wrong(name, takes: "what it is of") }
            return Output(name: name, source: source)
        }
        try expandShorthands(reader)
    }

    /// Cascades and fallbacks become conditions of the steps that are asked later.
    private mutating func expandShorthands(_ reader: ConfigReader) throws(Refusal) {
        for index in steps.indices {
            guard case .combine(let rule) = steps[index].work, let name = rule["by"]?.string,
                name == "cascade" || name == "fallback"
            else { continue }
            let members = steps[index].sources
            let place = "\(reader.file):\(steps[index].line): step “\(steps[index].name)”"
            let fault = { (reason: String) in
                Refusal(
                    .graphUnusable, .invalidInput, "\(place): \(reason).", hint: "docs/how-to/graphs.md shows one.")
            }
            guard members.count >= 2 else { throw fault("a \(name) is of two steps or more") }
            for (earlier, later) in zip(members, members.dropFirst()) {
                guard let position = steps.firstIndex(where: { $0.name == stepName(later) }) else {
                    throw fault("“\(later)” is no step that could be asked later")
                }
                guard steps[position].conditions.isEmpty else {
                    throw fault("“\(later)” has a “when” of its own; write the conditions and first_available instead")
                }
                if name == "cascade" {
                    guard let between = rule["between"], between.elements?.count == 2 else {
                        throw fault("“between” takes [low, high]: for which values of the first the next is asked")
                    }
                    let asked = rule["on"]?.string ?? earlier
                    steps[position].conditions = [.record([("of", .string(asked)), ("between", between)])]
                } else {
                    steps[position].conditions = [.record([("of", .string(stepName(earlier))), ("missing", true)])]
                    if let first = steps.firstIndex(where: { $0.name == stepName(earlier) }),
                        steps[first].failurePolicy == nil
                    {
                        steps[first].failurePolicy = "skip"
                    }
                }
            }
            let rest = GraphProject.Work.combine(.record([("by", "first_available")]))
            steps[index] = Step(
                name: steps[index].name, line: steps[index].line,
                sources: name == "cascade" ? members.reversed() : members, work: rest,
                conditions: steps[index].conditions)
        }
    }

}

/// The step of a reference.
private func stepName(_ reference: String) -> String { String(reference.prefix { $0 != "." && $0 != "[" }) }

extension GraphProject.Step {
    fileprivate init(_ name: String, in steps: ConfigReader) throws(Refusal) {
        guard let node = steps[name] else { throw steps.wrong(name, takes: "a map") }
        let kinds = ["transform", "model", "worker", "combine"]
        guard let reader = try steps.child(name, known: GraphProject.stepKeys + GraphProject.combineKeys) else {
            throw steps.wrong(name, takes: "a map")
        }
        self.name = name
        line = node.line
        sources = try reader.list("in")
        guard !sources.isEmpty else { throw reader.wrong("in", takes: "what the step reads: input, or steps") }
        let given = kinds.filter { reader[$0] != nil }
        guard given.count == 1 else {
            throw Refusal(
                .wrongValue, .invalidInput,
                "\(steps.file):\(line): “\(steps.full(name))” has \(given.isEmpty ? "none" : "several") of "
                    + "\(kinds.joined(separator: ", ")).", hint: "Each step is one of them.")
        }
        for key in GraphProject.combineKeys where reader[key] != nil && given[0] != "combine" {
            throw Refusal(
                .unknownKey, .invalidInput,
                "\(steps.file):\(line): “\(key)” belongs to “combine”, and “\(steps.full(name))” is a \(given[0]).",
                hint: "Take it out, or make the step one that combines.")
        }
        guard reader["engine"] == nil || given[0] == "model" else {
            throw reader.wrong("engine", takes: "nothing, except in a step with “model”")
        }
        switch given[0] {
        case "transform":
            let value = reader["transform"].map(\.json) ?? .null
            work = .transform(value.elements ?? [value])
        case "model":
            guard let source = try reader.text("model") else { throw reader.wrong("model", takes: "a text") }
            work = .model(source, engine: try reader.choice("engine", of: ProjectFile.Engine.self) ?? .auto)
        case "worker":
            guard let source = try reader.text("worker") else { throw reader.wrong("worker", takes: "a text") }
            work = .model(source, engine: .worker)
        default:
            guard let by = try reader.text("combine") else { throw reader.wrong("combine", takes: "a text") }
            var fields: [(String, JSONValue?)] = [("by", .string(by))]
            for key in GraphProject.combineKeys { fields.append((key, reader[key].map(\.json))) }
            work = .combine(try Self.rule(.record(fields), sources, reader))
        }
        conditions = try Self.conditions(reader["when"].map(\.json) ?? .array([]), reader)
        if let text = try reader.text("timeout") {
            guard let span = TimeSpan(text) else { throw reader.wrong("timeout", takes: TimeSpan.form) }
            timeoutMilliseconds = max(1, span.nanoseconds / 1_000_000)
        }
        failurePolicy = reader["on_error"].map(\.json)
        if let cache = reader["cache"] {
            guard case .integer(let count) = cache.value, count >= 0 else {
                throw reader.wrong("cache", takes: "how many rows' answers to keep")
            }
            cachedRows = count
        }
    }

    /// `{blend: {between: [0.4, 0.6]}}` as the conditions of `graph.json`.
    private static func conditions(_ value: JSONValue, _ reader: ConfigReader) throws(Refusal) -> [JSONValue] {
        var found: [JSONValue] = []
        for map in value.elements ?? [value] {
            guard let members = map.members else {
                throw reader.wrong("when", takes: "a map like {blend: {between: [0.4, 0.6]}}")
            }
            for (source, tests) in members {
                guard let tests = tests.members, !tests.isEmpty else {
                    throw reader.wrong("when", takes: "a map like {blend: {between: [0.4, 0.6]}}")
                }
                for test in tests { found.append(.record([("of", .string(source)), (test.name, test.value)])) }
            }
        }
        return found
    }

    /// Rules of `select` name what they take; `graph.json` counts it.
    private static func rule(
        _ rule: JSONValue, _ sources: [String], _ reader: ConfigReader
    ) throws(Refusal) -> JSONValue {
        guard rule["by"]?.string == "select" else { return rule }
        let position = { (value: JSONValue?, key: String) throws(Refusal) -> JSONValue? in
            guard let value else { return nil }
            guard let index = value.string.flatMap({ sources.firstIndex(of: $0) }) else {
                throw reader.wrong(key, takes: "what is taken, one of \(sources.joined(separator: ", "))")
            }
            return .integer(Int64(index))
        }
        let rules = try (rule["rules"]?.elements ?? []).map { entry throws(Refusal) -> JSONValue in
            .record([
                ("when", .array(try conditions(entry["when"] ?? .null, reader))),
                ("take", try position(entry["take"], "rules")),
            ])
        }
        return .record([
            ("by", "select"), ("rules", .array(rules)), ("otherwise", try position(rule["otherwise"], "otherwise")),
        ])
    }
}

extension ConfigReader {
    /// A text, or a list of some.
    fileprivate func list(_ key: String) throws(Refusal) -> [String] {
        if case .text(let text)? = self[key]?.value { return [text] }
        return try texts(key) ?? []
    }
}

extension ConfigNode {
    /// The same as JSON.
    var json: JSONValue {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .integer(let integer): .integer(Int64(integer))
        case .number(let number): .double(number)
        case .text(let text): .string(text)
        case .list(let items): .array(items.map(\.json))
        case .map(let entries): .object(entries.map { (name: $0.key, value: $0.value.json) })
        }
    }
}

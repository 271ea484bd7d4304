// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Tensors

/// What `slipway.yaml` says. Every key has a default, so an empty file is a whole one.
package struct ProjectFile: Sendable, Equatable {
    package static let fileName = "slipway.yaml"
    package static let schema = "slipway/1"

    package enum Engine: String, Sendable, CaseIterable {
        /// The native engine if it is proven to answer as the original does, else a worker.
        case auto
        case native
        case worker
    }

    package enum Task: String, Sendable, CaseIterable {
        case binaryClassification = "binary-classification"
        case multiclassClassification = "multiclass-classification"
        case regression
        case other
    }

    /// A value of a row, as `model.signature.columns` declares it.
    package struct Column: Sendable, Equatable {
        package let name: String
        /// `nil` takes the input's own type.
        package let datatype: Datatype?
        package let isNullable: Bool
        package let range: ClosedRange<Double>?
    }

    package struct Examples: Sendable, Equatable {
        /// Path of the recorded rows.
        package let data: String
        /// The outputs recorded there; `nil` for whichever are found.
        package let outputs: [String]?
        package let origin: ExampleOrigin
    }

    package var name: ModelName?
    package var project: ProjectName = .standard
    /// In the place of ``source``.
    package var graph: GraphProject?
    package var task: Task?
    package var source: String?
    package var engine: Engine = .auto
    /// `nil` for the model's own inputs.
    package var columns: [Column]?
    package var examples: Examples?
    package var tolerance: Tolerance = .standard
    package var replayAtStart: ReplayCount = .all
    package var baseline: String?
    /// A column of examples and baseline that is no input.
    package var target: String?
    /// Path of a folder with the model's own modules.
    package var code: String?
    /// Empty for one endpoint of the model's name.
    package var endpoints: [EndpointName] = []
    /// What the file says of how endpoints treat their callers; what it does not say stays as it is at the server.
    package var endpointSettings: [EndpointName: [EndpointSettings.Key: String]] = [:]

    /// What of which column may be kept in logs.
    package var fields: [String: FieldPolicy] = [:]
    /// The column that says whom a row is about.
    package var subject: String?

    package init() {}
}

extension ProjectFile {
    /// - Throws: `PRJ-002`, `PRJ-003` or `PRJ-004` with line, key and what it takes.
    package init(_ node: ConfigNode, file: String = Self.fileName) throws(Refusal) {
        self.init()
        let root = try ConfigReader(
            node, file: file, path: "",
            known: ["schema", "model", "graph", "proof", "baseline", "fields", "endpoints"],
            planned: [
                "slices", "evaluation", "environments", "secrets", "pipeline", "triggers", "card",
            ])
        if let schema = try root.text("schema"), schema != Self.schema {
            throw root.wrong("schema", takes: Self.schema)
        }
        try readModel(root)
        if let reader = try root.child("graph", known: ["steps", "outputs"]) { graph = try GraphProject(reader) }
        try readProof(root)
        baseline = try root.child("baseline", known: ["data"], planned: ["reference_rows"])?.text("data")
        if let columns = try root.child("fields", known: nil) {
            for name in columns.keys {
                guard let column = try columns.child(name, known: ["log", "role"]) else { continue }
                if let policy = try column.choice("log", of: FieldPolicy.self) { fields[name] = policy }
                guard try column.choice("role", of: FieldRole.self) == .subjectKey else { continue }
                if let subject {
                    throw column.wrong("role", takes: "subject_key once: “\(subject)” has it")
                }
                subject = name
            }
        }
        if let named = try root.child("endpoints", known: nil) {
            endpoints = try named.keys.map { key throws(Refusal) in
                let name = try EndpointName(key)
                let settings = try readSettings(key, in: named)
                if !settings.isEmpty { endpointSettings[name] = settings }
                return name
            }
        }
    }

    private func readSettings(_ key: String, in named: ConfigReader) throws(Refusal) -> [EndpointSettings.Key: String] {
        let endpoint = try named.child(
            key, known: ["limits", "slo", "log", "monitor"] + EndpointSettings.Key.besideLimits.map(\.rawValue),
            planned: [
                "versions", "protocols", "route", "resources", "rollout", "alerts", "batch", "stream",
                "replicas",
            ])
        let limits = try endpoint?.child("limits", known: EndpointSettings.Key.limits.map(\.rawValue))
        let objectives = try endpoint?.child(
            "slo", known: EndpointSettings.Key.objectives.map(\.rawValue), planned: ["availability"])
        let log = try endpoint?.child("log", known: EndpointSettings.Key.logging.map(\.nameInFile))
        let monitor = try endpoint?.child(
            "monitor", known: EndpointSettings.Key.monitoring.map(\.nameInFile), planned: ["label_delay"])
        let groups = [
            (limits, EndpointSettings.Key.limits), (objectives, EndpointSettings.Key.objectives),
            (log, EndpointSettings.Key.logging), (monitor, EndpointSettings.Key.monitoring),
            (endpoint, EndpointSettings.Key.besideLimits),
        ]
        var settings: [EndpointSettings.Key: String] = [:]
        for (reader, keys) in groups {
            guard let reader else { continue }
            for key in keys {
                guard let text = try reader.word(key.nameInFile, takes: key.form) else { continue }
                guard (try? EndpointSettings([key: text])) != nil else {
                    throw reader.wrong(key.nameInFile, takes: key.form)
                }
                settings[key] = text
            }
        }
        return settings
    }

    private mutating func readModel(_ root: ConfigReader) throws(Refusal) {
        guard
            let model = try root.child(
                "model", known: ["name", "project", "task", "source", "engine", "signature", "code", "target"],
                planned: ["environment", "output"])
        else { return }
        name = try model.text("name").map { text throws(Refusal) in try ModelName(text) }
        if let text = try model.text("project") { project = try ProjectName(text) }
        task = try model.choice("task", of: Task.self)
        source = try model.text("source")
        if let text = try model.text("engine") {
            guard let engine = Engine(rawValue: text) else {
                throw model.wrong("engine", takes: "auto, native or worker")
            }
            self.engine = engine
        }
        code = try model.text("code")
        target = try model.text("target")
        guard model["signature"] != nil, (try? model.text("signature")) != "auto" else { return }
        let signature = try model.child("signature", known: ["columns"])
        guard let declared = try signature?.child("columns", known: nil) else { return }
        columns = try declared.keys.map { name throws(Refusal) in try Column(name, in: declared) }
    }

    private mutating func readProof(_ root: ConfigReader) throws(Refusal) {
        guard let proof = try root.child("proof", known: ["examples", "tolerance", "replay_at_start"]) else { return }
        if let examples = try proof.child("examples", known: ["data", "outputs", "origin"]) {
            guard let data = try examples.text("data") else { throw examples.wrong("data", takes: "a path") }
            self.examples = Examples(
                data: data, outputs: try examples.texts("outputs"),
                origin: try examples.choice("origin", of: ExampleOrigin.self) ?? .original)
        }
        if let tolerance = try proof.child("tolerance", known: ["absolute", "relative", "same_decision"]) {
            self.tolerance = Tolerance(
                absolute: try tolerance.size("absolute") ?? Tolerance.standard.absolute,
                relative: try tolerance.size("relative") ?? Tolerance.standard.relative,
                sameDecision: try tolerance.flag("same_decision") ?? Tolerance.standard.sameDecision)
        }
        switch proof["replay_at_start"]?.value {
        case nil: break
        case .text("all"): replayAtStart = .all
        case .integer(let count) where count >= 1: replayAtStart = .atMost(count)
        default: throw proof.wrong("replay_at_start", takes: "all, or a count of at least 1")
        }
    }
}

extension ProjectFile.Column {
    fileprivate init(_ name: String, in columns: ConfigReader) throws(Refusal) {
        let column = try columns.child(name, known: ["type", "nullable", "range"])
        self.name = name
        datatype = try column?.text("type").map { text throws(Refusal) in
            guard let datatype = Datatype(columnType: text) else {
                throw column?.wrong("type", takes: Datatype.allCases.map(\.columnType).joined(separator: ", "))
                    ?? columns.wrong(name, takes: "a map")
            }
            return datatype
        }
        isNullable = try column?.flag("nullable") ?? false
        guard let ends = column?["range"] else {
            range = nil
            return
        }
        guard case .list(let pair) = ends.value, pair.count == 2, let low = pair[0].number,
            let high = pair[1].number, low <= high
        else { throw column?.wrong("range", takes: "[low, high]") ?? columns.wrong(name, takes: "a map") }
        range = low...high
    }
}

extension Datatype {
    /// As data frames spell it: `float32`, `int64`, `bool`, `string`.
    package var columnType: String {
        switch self {
        case .bool: "bool"
        case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: rawValue.lowercased()
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float32: "float32"
        case .float64: "float64"
        case .bytes: "string"
        }
    }

    package init?(columnType: String) {
        guard let match = Self.allCases.first(where: { $0.columnType == columnType }) else { return nil }
        self = match
    }
}

/// What a column is, beside an input.
private enum FieldRole: String, CaseIterable {
    /// Whom a row is about: the log keeps what belongs to that person under a key of their own.
    case subjectKey = "subject_key"
}

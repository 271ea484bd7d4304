// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

extension GraphProject {
    /// A line for each step; what stands in it as JSON, which YAML reads too.
    fileprivate var yaml: [String] {
        var lines = ["graph:", "  steps:"]
        lines += (written["steps"]?.members ?? []).map { "    \(quoted($0.name)): \($0.value.text)" }
        return lines + ["  outputs: \((written["outputs"] ?? .null).text)"]
    }
}

extension ProjectFile {
    /// The project file as YAML, every default written out: what `slipway init` writes and `config show` prints.
    package func yaml(comment: String? = nil) -> String {
        var lines = comment.map { ["# \($0)"] } ?? []
        lines.append("schema: \(Self.schema)")
        lines.append("model:")
        lines.append("  name: \(name.map { quoted($0.rawValue) } ?? "null  # the file's name")")
        lines.append("  project: \(quoted(project.rawValue))")
        lines.append("  task: \(task?.rawValue ?? "null  # told from the outputs")")
        if graph == nil {
            lines.append("  source: \(source.map(quoted) ?? "null  # the only model here")")
            lines.append("  engine: \(engine.rawValue)")
        }
        if let code { lines.append("  code: \(quoted(code))") }
        if let target { lines.append("  target: \(quoted(target))") }
        if let columns {
            lines.append("  signature:")
            lines.append("    columns:")
            lines += columns.map { "      \(quoted($0.name)): \($0.yaml)" }
        } else {
            lines.append("  signature: auto")
        }
        if let graph { lines += graph.yaml }
        lines.append("proof:")
        if let examples {
            lines.append("  examples:")
            lines.append("    data: \(quoted(examples.data))")
            if let outputs = examples.outputs {
                lines.append("    outputs: [\(outputs.map(quoted).joined(separator: ", "))]")
            }
            lines.append(
                "    origin: \(examples.origin.rawValue)  # original: the trained model's own answers; self: not proven"
            )
        }
        lines.append(
            "  tolerance: {absolute: \(tolerance.absolute), relative: \(tolerance.relative), "
                + "same_decision: \(tolerance.sameDecision)}")
        lines.append("  replay_at_start: \(replayAtStart.yaml)")
        if let baseline {
            lines.append("baseline:")
            lines.append("  data: \(quoted(baseline))")
        }
        if !fields.isEmpty {
            lines.append("fields:")
            lines += fields.sorted { $0.key < $1.key }.map { "  \(quoted($0.key)): {log: \($0.value.rawValue)}" }
        }
        let names = endpoints.isEmpty ? [name?.rawValue].compactMap(\.self) : endpoints.map(\.rawValue)
        if !names.isEmpty {
            lines.append("endpoints:")
            lines += names.map { name in
                let settings = EndpointName(rawValue: name).flatMap { endpointSettings[$0] } ?? [:]
                return "  \(quoted(name)): \(settingsYAML(settings))"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Throws: `PRJ-008` when `folder` holds a bundle, in which a project file would mean nothing.
    package static func requireProject(_ folder: any ProjectFolder) throws {
        guard try PackedBundle.isBundle(folder) else { return }
        throw Refusal(
            .projectExists, .conflict, "“\(folder.name)” is a packed bundle, and no project.",
            hint: "Deploy it as it is with `slipway deploy`.")
    }

    /// What a folder without a project file most likely means.
    ///
    /// - Throws: `PRJ-008` when there is a project file, `PRJ-007` when there is no model, or more than one.
    package static func guess(in folder: any ProjectFolder, name: ModelName?) throws -> ProjectFile {
        guard try !folder.contains(fileName) else {
            throw Refusal(
                .projectExists, .conflict, "There is a \(fileName) in “\(folder.name)” already.",
                hint: "See what it means with `slipway config show`.")
        }
        try requireProject(folder)
        let files = try folder.fileNames()
        let models = files.filter { $0.hasSuffix(".onnx") }
        guard let model = models.first else {
            throw Refusal(
                .modelNotFound, .invalidInput, "There is no model file (*.onnx) in “\(folder.name)”.",
                hint: "Export the model to ONNX first; docs/how-to/export-to-onnx.md shows how.")
        }
        guard models.count == 1 else {
            throw Refusal(
                .modelNotFound, .invalidInput,
                "There are several model files in “\(folder.name)”: \(models.joined(separator: ", ")).",
                hint: "Start in a folder with one of them.")
        }
        var project = ProjectFile()
        let stem = String(model.dropLast(".onnx".count))
        project.name = try name ?? ModelName(stem == "model" ? folder.name : stem)
        project.source = model
        let data = files.filter { $0.hasSuffix(".csv") || $0.hasSuffix(".jsonl") }
        if let examples = data.first(where: { $0.hasPrefix("example") || $0.hasPrefix("sample") }) {
            project.examples = Examples(data: examples, outputs: nil, origin: .original)
        }
        project.baseline = data.first { $0.hasPrefix("train") || $0.hasPrefix("baseline") }
        return project
    }
}

extension ProjectFile.Column {
    fileprivate var yaml: String {
        var parts: [String] = []
        if let datatype { parts.append("type: \(datatype.columnType)") }
        if isNullable { parts.append("nullable: true") }
        if let range { parts.append("range: [\(range.lowerBound), \(range.upperBound)]") }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}

extension ReplayCount {
    fileprivate var yaml: String {
        switch self {
        case .all: "all"
        case .atMost(let count): "\(count)"
        }
    }
}

/// `{limits: {deadline: 100ms}, slo: {p99: 20ms}, run_on: lane}`
private func settingsYAML(_ settings: [EndpointSettings.Key: String]) -> String {
    let pairs = { (keys: [EndpointSettings.Key]) in
        keys.sorted().compactMap { key in settings[key].map { "\(key.nameInFile): \($0)" } }
    }
    let group = { (name: String, keys: [EndpointSettings.Key]) in
        let texts = pairs(keys)
        return texts.isEmpty ? [] : ["\(name): {\(texts.joined(separator: ", "))}"]
    }
    let parts =
        group("limits", EndpointSettings.Key.limits) + group("slo", EndpointSettings.Key.objectives)
        + group("log", EndpointSettings.Key.logging) + group("monitor", EndpointSettings.Key.monitoring)
        + pairs(EndpointSettings.Key.besideLimits)
    return "{\(parts.joined(separator: ", "))}"
}

/// A text as YAML reads it back: plain where that is safe, double-quoted (JSON's escapes) elsewhere.
private func quoted(_ text: String) -> String {
    let isPlain = text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.\/-]*( [A-Za-z0-9_.\/-]+)*/) != nil
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    return isPlain && !reserved.contains(text.lowercased()) ? text : JSONValue.string(text).text
}

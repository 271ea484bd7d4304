// SPDX-License-Identifier: Apache-2.0
internal import TableTransforms
internal import Tensors

extension GraphDescriptor {
    /// One line for each step, in the order in which they run: what it reads, what it is, and on which terms.
    package var text: String {
        var rows: [(String, String)] = [
            ("input", inputs.map { "\($0.name) \($0.datatype.rawValue)" }.joined(separator: ", "))
        ]
        for step in (try? GraphPlan.inOrder(steps)) ?? steps {
            let sources = step.sources.map(\.description)
            let shown = sources.count > 6 ? sources.prefix(6) + ["… \(sources.count - 6) more"] : sources[...]
            rows.append((step.name, "\(step.label) ← \(shown.joined(separator: ", "))"))
            rows += step.terms.map { ("", $0) }
        }
        rows += outputs.map { ("→ \($0.name)", $0.source.description) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, what in
            (name + String(repeating: " ", count: width - name.count + 2) + what)
        }.joined(separator: "\n")
    }

    /// For Graphviz.
    package var dot: String {
        var lines = ["digraph graph_of_steps {", "  rankdir=LR; node [shape=box, fontname=\"sans-serif\"];"]
        lines.append("  \"input\" [shape=oval];")
        for step in steps {
            let label = ([step.name, step.label] + step.terms).map(escaped).joined(separator: "\\n")
            lines.append("  \"\(step.name)\" [label=\"\(label)\"];")
            var drawn: Set<String> = []
            for source in step.sources where drawn.insert(source.step).inserted {
                let columns = step.sources.filter { $0.step == source.step }.map(\.description)
                let named = columns.count == 1 && columns[0] != source.step ? columns[0] : ""
                lines.append("  \"\(source.step)\" -> \"\(step.name)\" [label=\"\(escaped(named))\"];")
            }
            for condition in step.conditions where drawn.insert(condition.source.step).inserted {
                lines.append("  \"\(condition.source.step)\" -> \"\(step.name)\" [style=dashed];")
            }
        }
        for output in outputs {
            lines.append("  \"→ \(escaped(output.name))\" [shape=oval];")
            lines.append("  \"\(output.source.step)\" -> \"→ \(escaped(output.name))\";")
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
    }
}

extension GraphDescriptor.Step {
    /// What it is, in a few words.
    fileprivate var label: String {
        switch work {
        case .transform(let operations):
            operations.isEmpty
                ? "transform"
                : "transform: " + operations.compactMap { $0["op"]?.string }.inFewWords.joined(separator: ", ")
        case .combine(let rule): "combine: \(rule["by"]?.string ?? "")"
        case .model(.file(let path, let engine)): "model: \(path) (\(engine))"
        case .model(.bundle(let folder, let version)): "model: \(version ?? folder)"
        }
    }

    /// Conditions, failure policy, deadline, cache.
    fileprivate var terms: [String] {
        var terms = conditions.map { "when \($0.description)" }
        switch failurePolicy {
        case .fail: break
        case .skip: terms.append("on error: skipped")
        case .value(let value): terms.append("on error: \(value.text)")
        }
        if let timeoutMilliseconds { terms.append("within \(timeoutMilliseconds) ms") }
        if cachedRows > 0 { terms.append("keeps the answers to \(cachedRows) rows") }
        return terms
    }
}

extension GraphDescriptor.Condition {
    fileprivate var description: String {
        let operand = json.members?.last?.value.text ?? ""
        switch test {
        case .above: return "\(source) is above \(operand)"
        case .below: return "\(source) is below \(operand)"
        case .between(let low, let high): return "\(source) is from \(low) to \(high)"
        case .oneOf(let values):
            return "\(source) is \(values.count == 1 ? operand : "one of \(operand)")"
        case .missing(let flag): return "\(source) gave \(flag ? "nothing" : "something")"
        }
    }
}

extension [String] {
    /// `impute ×3, scale`
    fileprivate var inFewWords: [String] {
        var runs: [(name: String, count: Int)] = []
        for name in self {
            if runs.last?.name == name { runs[runs.count - 1].count += 1 } else { runs.append((name, 1)) }
        }
        return runs.map { $0.count == 1 ? $0.name : "\($0.name) ×\($0.count)" }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import WireTypes

/// A lineage as two trees: what the root came of, and what came of it.
struct LineageText {
    private let lineage: LineageV1
    private let nodes: [String: LineageV1.Node]

    init(_ lineage: LineageV1) {
        self.lineage = lineage
        nodes = Dictionary(lineage.nodes.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
    }

    var text: String {
        var lines = [line(of: lineage.root)] + facts(of: lineage.root, behind: "")
        let up = tree(from: lineage.root) { id in lineage.edges.filter { $0.to == id }.map { ($0.from, $0.verb) } }
        let down = tree(from: lineage.root) { id in
            lineage.edges.filter { $0.from == id }.map { ($0.to, Self.forward[$0.verb] ?? $0.verb) }
        }
        if !up.isEmpty { lines += ["", "came of"] + up }
        if !down.isEmpty { lines += ["", "led to"] + down }
        if up.isEmpty, down.isEmpty { lines += ["", "Nothing is known of where it comes from, or where it went."] }
        if lineage.truncated { lines += ["", "There is more: ask about one of these, or with another --depth."] }
        return lines.joined(separator: "\n")
    }

    /// What is said of an edge when it is followed the way time went.
    private static let forward = [
        "registered from": "registered as", "logged by": "logged", "made by": "made", "ran at": "used by",
        "ran with": "used by", "ran in": "used by", "trained on": "trained",
        "tested on": "tested", "started from": "continued by", "packed at": "packed as",
        "packed with": "packed as", "examples and baseline from": "gave examples and baseline to",
        "runs in": "used by", "has a copy of": "copied into", "proof of": "is",
    ]

    private func tree(from root: String, _ next: (String) -> [(id: String, verb: String)]) -> [String] {
        var seen: Set<String> = [root]
        func branch(_ id: String, indent: String) -> [String] {
            let below = next(id)
            return below.enumerated().flatMap { index, other -> [String] in
                let isLast = index == below.count - 1
                let head = indent + (isLast ? "└─ " : "├─ ")
                let rest = indent + (isLast ? "   " : "│  ")
                guard seen.insert(other.id).inserted else {
                    return ["\(head)\(other.verb) \(line(of: other.id)), see above"]
                }
                return ["\(head)\(other.verb) \(line(of: other.id))"] + facts(of: other.id, behind: rest)
                    + branch(other.id, indent: rest)
            }
        }
        return branch(root, indent: "")
    }

    private func line(of id: String) -> String {
        guard let node = nodes[id] else { return id.printable }
        let when = node.time.map { " · \($0.prefix(16).replacing("T", with: " "))" } ?? ""
        return node.label.printable + when + (node.by.map { " by \($0.printable)" } ?? "")
    }

    private func facts(of id: String, behind indent: String) -> [String] {
        guard let node = nodes[id] else { return [] }
        return node.facts.prefix(8).map { fact in
            "\(indent)  \(fact.name.printable): \(String(fact.value.prefix(120)).printable)"
        }
    }
}

extension LineageV1 {
    /// For Graphviz.
    var dot: String {
        let shapes = ["run": "ellipse", "dataset": "cylinder", "data": "cylinder", "endpoint": "cds", "commit": "note"]
        let lines = nodes.map { node in
            "  \(quoted(node.id)) [label=\(quoted(node.label)), shape=\(shapes[node.kind] ?? "box")"
                + "\(node.id == root ? ", penwidth=2" : "")];"
        }
        let arrows = edges.map { "  \(quoted($0.from)) -> \(quoted($0.to)) [label=\(quoted($0.verb))];" }
        return (["digraph lineage {", "  rankdir=LR;"] + lines + arrows + ["}"]).joined(separator: "\n")
    }

    private func quoted(_ text: String) -> String {
        "\"\(text.printable.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelLineage

/// What a thing came of, and what came of it.
package struct LineageV1: Codable, Sendable, Equatable {
    package struct Node: Codable, Sendable, Equatable {
        /// `version:default/churn/3`: names it in `edges`, and nowhere else.
        package let id: String
        /// `commit`, `patch`, `dataset`, `data`, `parameters`, `environment`, `run`, `logged-model`, `version`,
        /// `evaluation`, `deployment`, `endpoint` or `consumer`.
        package let kind: String
        package let label: String
        package let project: String?
        package let facts: [Fact]
        /// RFC 3339.
        package let time: String?
        package let by: String?
        /// It is in a project that the token does not see.
        package let hidden: Bool
    }

    package struct Fact: Codable, Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package struct Edge: Codable, Sendable, Equatable {
        /// What was there before.
        package let from: String
        package let to: String
        /// What `from` was for `to`.
        package let verb: String
    }

    package let root: String
    package let nodes: [Node]
    package let edges: [Edge]
    /// Whether there is more than was followed.
    package let truncated: Bool

    package init(_ graph: LineageGraph) {
        root = graph.root.id
        nodes = graph.nodes.map(Node.init)
        edges = graph.edges.map { Edge(from: $0.from.id, to: $0.to.id, verb: $0.verb) }
        truncated = graph.isTruncated
    }
}

extension LineageV1.Node {
    fileprivate init(_ node: LineageNode) {
        id = node.isHidden ? "\(node.key.kind):hidden" : node.key.id
        kind = node.key.kind
        label = node.label
        project = node.isHidden ? nil : node.key.project?.rawValue
        facts = node.facts.map { LineageV1.Fact(name: $0.name, value: $0.value) }
        time = node.time?.text
        by = node.by
        hidden = node.isHidden
    }
}

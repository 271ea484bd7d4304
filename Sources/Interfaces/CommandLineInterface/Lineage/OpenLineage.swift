// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import WireTypes

/// A lineage as events of OpenLineage 2: one for each run, packing and deployment, which is what jobs are there.
struct OpenLineage {
    private let lineage: LineageV1
    private let namespace: String
    private let nodes: [String: LineageV1.Node]

    /// - Parameter namespace: Where the names are from: the server's address.
    init(_ lineage: LineageV1, namespace: String) {
        self.lineage = lineage
        self.namespace = namespace
        nodes = Dictionary(lineage.nodes.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
    }

    /// One event a line, oldest first.
    var lines: String {
        get throws {
            try lineage.nodes.filter { ["run", "version", "deployment"].contains($0.kind) && !$0.hidden }
                .sorted { ($0.time ?? "", $0.id) < ($1.time ?? "", $1.id) }
                .map { try jsonText(event(of: $0)) }.joined(separator: "\n")
        }
    }

    struct Event: Encodable {
        let eventType = "COMPLETE"
        let eventTime: String
        let run: Run
        let job: Job
        let inputs: [Dataset]
        let outputs: [Dataset]
        let producer = "urn:\(Product.name):\(Product.version)"
        let schemaURL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    }

    struct Run: Encodable { let runId: String }

    struct Job: Encodable {
        let namespace: String
        let name: String
    }

    struct Dataset: Encodable {
        let namespace: String
        let name: String
    }

    private func event(of node: LineageV1.Node) -> Event {
        let verb = ["run": "train", "version": "pack", "deployment": "deploy"][node.kind] ?? node.kind
        // What a run made comes of it; packing and deploying make what they are about.
        let made =
            node.kind == "run" ? lineage.edges.filter { $0.from == node.id }.map(\.to) : [node.id]
        let given = lineage.edges.filter { $0.to == node.id }.map(\.from)
        return Event(
            eventTime: node.time ?? "1970-01-01T00:00:00Z", run: Run(runId: uuid(of: node)),
            job: Job(namespace: namespace, name: "\(verb) \(node.kind == "run" ? node.label : node.id)"),
            inputs: given.map(dataset), outputs: made.map(dataset))
    }

    private func dataset(_ id: String) -> Dataset { Dataset(namespace: namespace, name: id) }

    /// A run's own id is one already, of 32 digits; the others have one made of their names.
    private func uuid(of node: LineageV1.Node) -> String {
        let digits = node.kind == "run" ? node.id.split(separator: "/").last.map(String.init) ?? "" : ""
        let hex = digits.utf8.count == 32 ? digits : String(Digest(of: node.id.utf8).hex.prefix(32))
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { range in
            String(decoding: Array(hex.utf8)[range], as: UTF8.self)
        }
        return parts.joined(separator: "-")
    }
}

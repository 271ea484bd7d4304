// SPDX-License-Identifier: Apache-2.0
package import ContentSearch
package import DataVersions
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelRegistry

/// What a model came of and what came of it, as one graph: code, data, parameters, environment, run, version, proof,
/// deployment, endpoint, and who asks there.
///
/// Nothing is recorded for it: it is put together from the registry, the runs, the data sets and the provenance of
/// bundles whenever somebody asks.
package struct ModelLineage: Sendable {
    let registry: ModelRegistry
    let registrations: ModelRegistrations
    let tracking: ExperimentTracking
    let datasets: DataVersions
    let blobs: any BlobStore
    let bundles: BundleReader
    /// Who may ask an endpoint by its name.
    let consumers: @Sendable (EndpointName, ProjectName) async -> [String]

    /// More than this many things are not followed.
    package static let nodeLimit = 2000

    package init(
        registry: ModelRegistry, registrations: ModelRegistrations, tracking: ExperimentTracking,
        datasets: DataVersions, blobs: any BlobStore, bundles: BundleReader,
        consumers: @escaping @Sendable (EndpointName, ProjectName) async -> [String]
    ) {
        self.registry = registry
        self.registrations = registrations
        self.tracking = tracking
        self.datasets = datasets
        self.blobs = blobs
        self.bundles = bundles
        self.consumers = consumers
    }

    /// - Parameters:
    ///   - depth: How many steps are followed each way.
    ///   - sees: Whether whoever asks sees a project.
    /// - Throws: What the subject is refused with where it is not there.
    package func graph(
        of subject: LineageSubject, direction: LineageDirection = .both, depth: Int = 50,
        sees: @escaping @Sendable (ProjectName) -> Bool = { _ in true }
    ) async throws -> LineageGraph {
        let root = try await key(of: subject)
        var walk = LineageWalk(lineage: self, graph: LineageGraph(root: root), sees: sees)
        try await walk.add(root)
        if direction != .down {
            try await walk.follow(from: root, depth: depth) { walk, key in
                try await walk.upstream(of: key).map { LineageEdge(from: $0.key, to: key, verb: $0.verb) }
            }
        }
        if direction != .up {
            try await walk.follow(from: root, depth: depth) { walk, key in
                try await walk.downstream(of: key).map { LineageEdge(from: key, to: $0.key, verb: $0.verb) }
            }
        }
        return walk.graph
    }

    private func key(of subject: LineageSubject) async throws -> LineageKey {
        switch subject {
        case .version(let model, let selector?):
            return .version(model, try await registry.version(selector, of: model).number)
        case .version(let model, nil):
            guard let newest = try await registry.versions(of: model).first else {
                throw RegistryError.unknownVersion("newest", of: model, newest: nil)
            }
            return .version(model, newest.number)
        case .dataset(let dataset, let selector):
            return .dataset(dataset, try await datasets.version(selector, of: dataset).number)
        case .run(let project, let run): return .run(project, try await tracking.in(project).run(run).info.id)
        case .endpoint(let project, let name):
            return .endpoint(project, try await registry.endpoint(name, in: project).name)
        case .commit(let commit): return .commit(commit)
        }
    }
}

/// One answer while it is put together, and what was looked up for it.
struct LineageWalk {
    let lineage: ModelLineage
    var graph: LineageGraph
    let sees: @Sendable (ProjectName) -> Bool
    /// Of all projects, once somebody needed them.
    var allVersions: [VersionRecord]?
    var allDeployments: [(endpoint: EndpointRecord, deployments: [Deployment])]?
    private var known: Set<LineageKey> = []
    private var edges: Set<LineageEdge> = []

    init(lineage: ModelLineage, graph: LineageGraph, sees: @escaping @Sendable (ProjectName) -> Bool) {
        self.lineage = lineage
        self.graph = graph
        self.sees = sees
    }

    typealias Related = (key: LineageKey, verb: String)

    func isHidden(_ key: LineageKey) -> Bool { key.project.map { !sees($0) } ?? false }

    /// - Returns: Whether it was not there before.
    @discardableResult
    mutating func add(_ key: LineageKey) async throws -> Bool {
        guard known.insert(key).inserted else { return false }
        if isHidden(key) {
            var node = LineageNode(key, label: "a \(key.kind) of another project")
            node.isHidden = true
            graph.nodes.append(node)
        } else {
            graph.nodes.append(try await describe(key))
        }
        return true
    }

    /// Breadth first, so that what is left out is what is farthest.
    mutating func follow(
        from root: LineageKey, depth: Int,
        _ edgesOf: (inout LineageWalk, LineageKey) async throws -> [LineageEdge]
    ) async throws {
        var seen: Set<LineageKey> = [root]
        var level = [root]
        for _ in 0..<depth where !level.isEmpty {
            var next: [LineageKey] = []
            for key in level where !isHidden(key) {
                for edge in try await edgesOf(&self, key) {
                    let other = edge.from == key ? edge.to : edge.from
                    guard known.contains(other) || graph.nodes.count < ModelLineage.nodeLimit else {
                        graph.isTruncated = true
                        continue
                    }
                    if edges.insert(edge).inserted { graph.edges.append(edge) }
                    try await add(other)
                    if seen.insert(other).inserted { next.append(other) }
                }
            }
            level = next
        }
        if !level.isEmpty { graph.isTruncated = true }
    }

    // MARK: Looked up once

    mutating func versions() async throws -> [VersionRecord] {
        if let allVersions { return allVersions }
        let found = try await lineage.registrations.allVersions().filter { sees($0.version.model.project) }
        allVersions = found
        return found
    }

    mutating func deployments() async throws -> [(endpoint: EndpointRecord, deployments: [Deployment])] {
        if let allDeployments { return allDeployments }
        var found: [(endpoint: EndpointRecord, deployments: [Deployment])] = []
        for endpoint in try await lineage.registry.endpoints() where sees(endpoint.project) {
            found.append((endpoint, try await lineage.registry.deployments(of: endpoint.name, in: endpoint.project)))
        }
        allDeployments = found
        return found
    }

    /// Newest first; none of an endpoint that is not there any more.
    mutating func deployments(of name: EndpointName, in project: ProjectName) async throws -> [Deployment] {
        try await deployments().first { $0.endpoint.name == name && $0.endpoint.project == project }?.deployments ?? []
    }

    /// What a version's bundle says; `nil` where there is none, or it cannot be read any more.
    func facts(of version: ModelVersion) async -> VersionFacts? {
        guard let bundle = version.bundle, let provenance = version.provenance,
            let contents = try? await lineage.bundles.contents(of: bundle),
            let provenance = try? await lineage.bundles.provenance(provenance)
        else { return nil }
        return VersionFacts(contents: contents, provenance: provenance)
    }
}

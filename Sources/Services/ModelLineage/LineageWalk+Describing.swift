// SPDX-License-Identifier: Apache-2.0
internal import ContentSearch
internal import DataVersions
internal import ExperimentTracking
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry

/// What is known of things by themselves.
extension LineageWalk {
    mutating func describe(_ key: LineageKey) async throws -> LineageNode {
        var node = LineageNode(key, label: "")
        switch key {
        case .commit(let commit): node.label = "commit \(commit.prefix(12))"
        case .patch(let digest): node.label = "changes \(digest.short) that were not committed"
        case .data(let digest): node.label = "data \(digest.short)"
        case .namedData(let name, let digest): node.label = "data “\(name)” \(digest)"
        case .environment(let digest): node.label = "environment \(digest.short)"
        case .consumer(let name): node.label = name
        case .dataset(let dataset, let number):
            let version = try await lineage.datasets.version(.number(number), of: dataset)
            node.label = "\(dataset)@\(number)"
            node.add("digest", version.data.description)
            node.add("rows", String(version.rowCount))
            (node.time, node.by) = (version.createdAt, version.createdBy)
        case .parameters(let project, let id):
            let run = try await lineage.tracking.in(project).run(id)
            node.label = run.params.count == 1 ? "1 parameter" : "\(run.params.count) parameters"
            for parameter in run.params.prefix(100) { node.add(parameter.key, parameter.value) }
        case .run(let project, let id):
            let run = try await lineage.tracking.in(project).run(id)
            node.label = "run \(run.info.name) (\(id.text.prefix(8)))"
            node.add("status", run.info.status.rawValue.lowercased())
            for metric in run.metrics.prefix(100) { node.add("metric \(metric.key)", "\(metric.value)") }
            node.add("source", run.tags.byKey["mlflow.source.name"])
            (node.time, node.by) = (Timestamp(milliseconds: run.info.startedAt), run.info.user)
        case .loggedModel(let project, let id):
            let model = try await lineage.tracking.in(project).loggedModel(id, allowingDeleted: true)
            node.label = "logged model \(model.name) (\(id.text.prefix(10)))"
            node.add("type", model.type.isEmpty ? nil : model.type)
            for metric in model.metrics.prefix(100) {
                let on = metric.point.dataset.map { " on \($0.name)" } ?? ""
                node.add("metric \(metric.point.key)\(on)", "\(metric.point.value)")
            }
            node.time = model.createdAt
        case .version(let model, let number): try await describe(model, number, in: &node)
        case .evaluation(let model, let number):
            let version = try await lineage.registrations.version(number, of: model).version
            let facts = await facts(of: version)?.provenance
            node.label = facts?.isProven == true ? "proven" : "not proven"
            node.add("summary", facts?.proof)
        case .deployment(let project, let endpoint, let generation):
            let all = try await deployments(of: endpoint, in: project)
            let deployment = all.first { $0.generation == generation }
            let isCurrent = all.map(\.generation).max() == generation
            node.label = "deployment \(generation) of \(endpoint)\(isCurrent ? ", live" : "")"
            if let restores = deployment?.restores { node.add("brings back", "deployment \(restores)") }
            (node.time, node.by) = (deployment?.createdAt, deployment?.createdBy)
        case .endpoint(let project, let endpoint):
            let record = try await lineage.registry.endpoint(endpoint, in: project)
            node.label = "endpoint \(endpoint)"
            node.add("answers with", "\(record.current.model)@\(record.current.version)")
            node.time = record.createdAt
        }
        return node
    }

    private func describe(_ model: ModelReference, _ number: Int, in node: inout LineageNode) async throws {
        let record = try await lineage.registrations.version(number, of: model)
        node.label = "\(model)@\(number)"
        if !record.aliases.isEmpty {
            node.add("aliases", record.aliases.map(\.rawValue).joined(separator: ", "))
        }
        node.add("bundle", record.version.bundle?.description)
        node.add("description", record.description)
        if let facts = await facts(of: record.version)?.provenance {
            node.add("source", facts.source == "." ? nil : facts.source)
            node.add("engine", facts.engine.map { "\($0.name) \($0.version)" })
            node.add("packed", facts.packedAt.map { "\($0) by \(facts.packedBy ?? "nobody"), \(facts.tool ?? "")" })
            if facts.commit != nil, facts.isDirty {
                node.add("code", facts.patch == nil ? "differed from the commit" : "differed from the commit; kept")
            }
        } else if record.version.bundle != nil {
            node.add("bundle", "cannot be read any more")
        }
        (node.time, node.by) = (record.version.createdAt, record.version.createdBy)
    }
}

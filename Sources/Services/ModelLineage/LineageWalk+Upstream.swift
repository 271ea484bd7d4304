// SPDX-License-Identifier: Apache-2.0
internal import ContentSearch
internal import DataVersions
internal import ExperimentTracking
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry

/// What things came of.
extension LineageWalk {
    mutating func upstream(of key: LineageKey) async throws -> [Related] {
        switch key {
        case .version(let model, let number): try await sources(of: model, number)
        case .run(let project, let run): try await sources(of: run, in: project)
        case .loggedModel(let project, let id):
            try await lineage.tracking.in(project).loggedModel(id, allowingDeleted: true).sourceRun
                .map { [(.run(project, $0), "logged by")] } ?? []
        case .evaluation(let model, let number): [(.version(model, number), "proof of")]
        case .deployment(let project, let endpoint, let generation):
            try await deployments(of: endpoint, in: project)
                .first { $0.generation == generation }.map { [(.version($0.model, $0.version), "deployed as")] } ?? []
        case .endpoint(let project, let endpoint):
            try await deployments(of: endpoint, in: project).map { deployment in
                (.deployment(project, endpoint, deployment.generation), "answered at")
            }
        case .commit, .patch, .dataset, .data, .namedData, .parameters, .environment, .consumer: []
        }
    }

    private func sources(of model: ModelReference, _ number: Int) async throws -> [Related] {
        let record = try await lineage.registrations.version(number, of: model)
        var found: [Related] = []
        if let id = record.registration.loggedModel.flatMap({ LoggedModelID($0) }) {
            found.append((.loggedModel(model.project, id), "registered from"))
        } else if let run = record.registration.run.flatMap({ RunID($0) }) {
            found.append((.run(model.project, run), "made by"))
        }
        guard let facts = await facts(of: record.version) else { return found }
        if let commit = facts.provenance.commit { found.append((.commit(commit), "packed at")) }
        if let patch = facts.provenance.patch { found.append((.patch(patch), "packed with")) }
        for file in facts.provenance.data {
            found += try await versions(of: file.digest, verb: "examples and baseline from")
        }
        if let environment = facts.environment { found.append((.environment(environment), "runs in")) }
        return found + facts.contents.components.map { (.version($0.model, $0.number), "has a copy of") }
    }

    /// Versions of data sets that are this data; the data itself where there is none.
    private func versions(of data: Digest, verb: String) async throws -> [Related] {
        let versions = try await lineage.datasets.versions(withData: [data]).filter { sees($0.dataset.project) }
        guard !versions.isEmpty else { return [(.data(data), verb)] }
        return versions.map { (.dataset($0.dataset, $0.number), verb) }
    }

    private func sources(of id: RunID, in project: ProjectName) async throws -> [Related] {
        let tracking = try await lineage.tracking.in(project)
        let run = try await tracking.run(id)
        var found: [Related] = []
        let tags = run.tags.byKey
        if let commit = tags["mlflow.source.git.commit"] { found.append((.commit(commit), "ran at")) }
        if !run.params.isEmpty { found.append((.parameters(project, id), "ran with")) }
        for input in run.datasets {
            let context = input.tags.first { $0.key == DatasetInput.contextTag }?.value
            found += try await data(input, verb: context == "eval" || context == "test" ? "tested on" : "trained on")
        }
        found += run.inputModels.map { (.loggedModel(project, $0), "started from") }
        let record = try? await lineage.runRecord(of: run.info, in: tracking)
        if let patch = record?.code?.patch { found.append((.patch(patch.digest), "ran with")) }
        if let environment = record?.environment {
            found.append((.environment(environment.requirements.digest), "ran in"))
        }
        return found
    }

    /// What a run read: as it was named by `slipway run start`, or as a client described it.
    private func data(_ input: DatasetInput, verb: String) async throws -> [Related] {
        if let named = DatasetLink(source: input.source) {
            let version = try? await lineage.datasets.version(.number(named.number), of: named.dataset)
            if let version { return [(.dataset(version.dataset, version.number), verb)] }
        }
        return [(.namedData(name: input.key.name, digest: input.key.digest), verb)]
    }
}

extension ModelLineage {
    /// What `slipway run start` wrote down.
    func runRecord(of run: RunInfo, in tracking: ProjectTracking) async throws -> RunRecord {
        let artifact = try await tracking.artifact(ArtifactPath.files(of: run).appending(RunRecord.path))
        return try RunRecord(record: await blobs.read(artifact.content, limit: RunRecord.byteLimit))
    }
}

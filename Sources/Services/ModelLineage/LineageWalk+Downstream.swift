// SPDX-License-Identifier: Apache-2.0
internal import ContentSearch
internal import DataVersions
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry

/// What came of things.
extension LineageWalk {
    mutating func downstream(of key: LineageKey) async throws -> [Related] {
        switch key {
        case .commit(let commit):
            let runs = try await runs("tags.`mlflow.source.git.commit` LIKE '\(commit)%'")
            return runs.map { ($0, "ran at") }
                + (try await versions { facts, _ in facts.provenance.commit?.hasPrefix(commit) ?? false }.map {
                    ($0, "packed at")
                })
        case .patch(let patch):
            return try await versions { facts, _ in facts.provenance.patch == patch }.map {
                ($0, "packed with")
            }
        case .environment(let lock):
            return try await versions { facts, _ in facts.environment == lock }.map { ($0, "runs in") }
        case .dataset(let dataset, let number):
            let version = try await lineage.datasets.version(.number(number), of: dataset)
            return try await users(of: version)
        case .data(let digest):
            return try await versions { facts, _ in facts.isPacked(from: digest) }
                .map { ($0, "examples and baseline from") }
        case .namedData(let name, let digest):
            return try await runs("dataset.digest = '\(quoted(digest))' AND dataset.name = '\(quoted(name))'")
                .map { ($0, "trained on") }
        case .parameters(let project, let run): return [(.run(project, run), "ran with")]
        case .run(let project, let run): return try await results(of: run, in: project)
        case .loggedModel(let project, let id):
            return try await versions { $0.registration.loggedModel == id.text && $0.version.model.project == project }
                .map { ($0, "registered from") }
        case .version(let model, let number): return try await uses(of: model, number)
        case .deployment(let project, let endpoint, _): return [(.endpoint(project, endpoint), "answered at")]
        case .endpoint(let project, let endpoint):
            return await lineage.consumers(endpoint, project).map { (.consumer($0), "may be asked by") }
        case .evaluation, .consumer: return []
        }
    }

    private mutating func uses(of model: ModelReference, _ number: Int) async throws -> [Related] {
        var found: [Related] = []
        let record = try await lineage.registrations.version(number, of: model)
        if await facts(of: record.version)?.provenance.proof != nil {
            found.append((.evaluation(model, number), "proof of"))
        }
        for (endpoint, deployments) in try await deployments() {
            found += deployments.filter { $0.model == model && $0.version == number }.map { deployment in
                (.deployment(endpoint.project, endpoint.name, deployment.generation), "deployed as")
            }
        }
        let copies = try await versions { facts, _ in facts.hasCopy(of: model, number) }
        return found + copies.map { ($0, "has a copy of") }
    }

    private mutating func results(of run: RunID, in project: ProjectName) async throws -> [Related] {
        let models = try await lineage.tracking.in(project).run(run).outputModels
        let registered = try await versions { record in
            record.registration.run == run.text && record.version.model.project == project
                && record.registration.loggedModel.map { logged in !models.contains { $0.model.text == logged } }
                    ?? true
        }
        return models.map { (.loggedModel(project, $0.model), "logged by") } + registered.map { ($0, "made by") }
    }

    private mutating func users(of version: DatasetVersion) async throws -> [Related] {
        let runs = try await runs("dataset.digest = '\(DatasetLink.digest(version.data))'").map { ($0, "trained on") }
        let versions = try await versions { facts, _ in facts.isPacked(from: version.data) }
        return runs + versions.map { ($0, "examples and baseline from") }
    }

    // MARK: Among all

    private mutating func versions(where matches: (VersionRecord) -> Bool) async throws -> [LineageKey] {
        try await versions().filter(matches).map { .version($0.version.model, $0.version.number) }
    }

    private mutating func versions(
        where matches: (VersionFacts, VersionRecord) -> Bool
    ) async throws -> [LineageKey] {
        var found: [LineageKey] = []
        for record in try await versions() {
            guard let facts = await facts(of: record.version), matches(facts, record) else { continue }
            found.append(.version(record.version.model, record.version.number))
        }
        return found
    }

    /// Of every project that whoever asks sees.
    private func runs(_ filter: String) async throws -> [LineageKey] {
        var search = SearchRequest()
        search.filter = try SearchGrammar.runs.filter(filter)
        search.limit = 1000
        var everything = SearchRequest()
        (everything.view, everything.limit) = (.all, 100_000)
        var found: [LineageKey] = []
        for project in try await lineage.registry.projects().map(\.name) where sees(project) {
            let tracking = try await lineage.tracking.in(project)
            let experiments = try await tracking.experiments(everything).items.map(\.id)
            found += try await tracking.runs(of: experiments, search).items.map { .run(project, $0.info.id) }
        }
        return found
    }
}

/// For between quotes in a search.
private func quoted(_ text: String) -> String { text.filter { $0 != "'" && $0 != "\\" } }

// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelRegistry

/// Finds what contains a file, a library or training data: in what answers now, and in what is registered.
package struct ContentSearch: Sendable {
    let registry: ModelRegistry
    let registrations: ModelRegistrations
    let tracking: any TrackingStore
    let datasetContents: DatasetContents
    package let reader: BundleReader

    /// - Parameter datasetContents: What versions of data sets consist of.
    package init(
        registry: ModelRegistry, registrations: ModelRegistrations, tracking: any TrackingStore,
        blobs: any BlobStore, datasetContents: @escaping DatasetContents = { _, _, _ in nil }
    ) {
        self.registry = registry
        self.registrations = registrations
        self.tracking = tracking
        self.datasetContents = datasetContents
        reader = BundleReader(blobs: blobs)
    }

    /// - Parameters:
    ///   - live: What answers, or is wanted, at every endpoint that the caller may see.
    ///   - engines: Those of this server, which execute what answers here.
    ///   - sees: Whether the caller may see a project's models.
    /// - Throws: `IN-006` for the beginning of several contents; `PRJ-006` for a version of a data set that is not known.
    package func search(
        _ question: ContentQuestion, live: [ExaminedPlace], engines: [EngineIdentity],
        sees: @escaping @Sendable (ProjectName) -> Bool
    ) async throws -> ContentReport {
        let places = try await places(question, live: live, sees: sees)
        let versions = try await registry.versions(places.map { ($0.model, $0.number) })
        var examination = Examination(
            search: self, question: question, engines: engines, sees: sees,
            dataset: try await wanted(question.dataset, sees: sees),
            inputs: question.dataset == nil
                ? [:] : try await inputs(of: places.map { VersionKey(model: $0.model, number: $0.number) }))
        var matches: [ContentReport.Match] = []
        var gaps: [ContentReport.Gap] = []
        for (place, version) in zip(places, versions) {
            let found = await examination.examine(version, at: place)
            for reason in found.gaps { gaps.append(.init(place: place, reason: reason)) }
            if let findings = found.findings {
                matches.append(.init(place: place, bundle: version?.bundle, findings: findings))
            }
        }
        try examination.requireOneContent()
        return ContentReport(matches: matches, gaps: gaps, examined: places.count)
    }

    private func places(
        _ question: ContentQuestion, live: [ExaminedPlace], sees: (ProjectName) -> Bool
    ) async throws -> [ExaminedPlace] {
        let live = live.sorted { ($0.endpoint?.rawValue ?? "", $0.number) < ($1.endpoint?.rawValue ?? "", $1.number) }
        guard question.includesRegistered else { return live }
        let answering = Set(live.map { VersionKey(model: $0.model, number: $0.number) })
        let all = try await registry.allVersions().filter { sees($0.model.project) }
        return live
            + all.filter { !answering.contains(VersionKey(model: $0.model, number: $0.number)) }.map {
                ExaminedPlace(endpoint: nil, model: $0.model, number: $0.number, state: .registered)
            }
    }

    /// What a reference to a data set stands for.
    private func wanted(_ reference: DatasetNaming?, sees: (ProjectName) -> Bool) async throws -> WantedDataset? {
        guard let reference else { return nil }
        guard case .version(let name, let version) = reference else { return WantedDataset(reference, contents: []) }
        var contents: Set<Digest> = []
        var isKnown = false
        for project in try await registry.projects().map(\.name) where sees(project) {
            guard let digests = try await datasetContents(name, version, project) else { continue }
            isKnown = true
            contents.formUnion(digests)
        }
        // A number is a version, and what has none of that number contains nothing by mistake.
        if !isKnown, Int(version) != nil, version.utf8.count < DigestPrefix.fewestDigits {
            throw Refusal(
                .fileMissing, .notFound, "There is no version \(version) of a data set “\(name)”.",
                hint: "Give its digest, or a name that a run has read it under.", details: [.init("field", "dataset")])
        }
        return WantedDataset(reference, contents: contents)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// Experiments, runs, what was recorded in them, logged models and their files: of all projects.
///
/// What is asked for is asked ``in(_:)`` one project, and what belongs to another is not there.
package final class ExperimentTracking: Sendable {
    let store: any TrackingStore
    let now: @Sendable () -> Timestamp
    /// Projects whose first experiment is known to be there.
    private let prepared = Mutex<Set<ProjectName>>([])

    package init(store: any TrackingStore, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.now = now
    }

    /// The tracking of one project, whose experiment `Default` is there from the first look on.
    package func `in`(_ project: ProjectName) async throws -> ProjectTracking {
        if !prepared.withLock({ $0.contains(project) }) {
            let time = now()
            try await store.write { transaction in
                guard try transaction.experiment(named: ProjectTracking.standardName, in: project) == nil else {
                    return
                }
                _ = try transaction.makeExperiment(
                    named: ProjectTracking.standardName, in: project,
                    number: project == .standard ? .standard : nil, tags: [], at: time)
            }
            _ = prepared.withLock { $0.insert(project) }
        }
        return ProjectTracking(store: store, project: project, now: now)
    }
}

/// Tracking as one project sees it.
package struct ProjectTracking: Sendable {
    static let standardName = "Default"

    let store: any TrackingStore
    package let project: ProjectName
    let now: @Sendable () -> Timestamp
}

extension TrackingReading {
    /// - Throws: `TRK-001` for an experiment that is not there, or belongs to another project.
    func known(_ id: ExperimentID, in project: ProjectName) throws -> Experiment {
        // Every project's first experiment answers to the number that clients use when they name none.
        let found =
            id == .standard && project != .standard
            ? try experiment(named: ProjectTracking.standardName, in: project) : try experiment(id)
        guard let found, found.project == project else { throw TrackingError.unknownExperiment(id.description) }
        return found
    }

    /// - Throws: `TRK-001`, or `TRK-008` when it was deleted.
    func active(_ id: ExperimentID, in project: ProjectName) throws -> Experiment {
        let experiment = try known(id, in: project)
        guard !experiment.isDeleted else { throw TrackingError.experimentIsDeleted(experiment.id) }
        return experiment
    }

    /// - Throws: `TRK-002` for a run that is not there, or belongs to another project.
    func known(_ id: RunID, in project: ProjectName) throws -> RunInfo {
        guard let run = try runInfo(id), try experiment(run.experiment)?.project == project else {
            throw TrackingError.unknownRun(id.text)
        }
        return run
    }

    /// - Throws: `TRK-002`, or `TRK-008` when it was deleted.
    func active(_ id: RunID, in project: ProjectName) throws -> RunInfo {
        let run = try known(id, in: project)
        guard !run.isDeleted else { throw TrackingError.runIsDeleted(id) }
        return run
    }

    /// - Throws: `TRK-003` for a model that is not there, or belongs to another project.
    func known(
        _ id: LoggedModelID, in project: ProjectName, allowingDeleted: Bool = false
    ) throws -> LoggedModel {
        guard let model = try loggedModel(id), allowingDeleted || !model.isDeleted,
            try experiment(model.experiment)?.project == project
        else {
            throw TrackingError.unknownLoggedModel(id.text)
        }
        return model
    }

    /// Those of `ids` that are this project's; all must be.
    func known(_ ids: [ExperimentID], in project: ProjectName) throws -> [ExperimentID] {
        // A search over an experiment that nobody has finds nothing.
        ids.compactMap { try? known($0, in: project).id }
    }
}

/// A page, from one item more than was asked for where there are more.
package func page<Item>(_ items: [Item], _ search: SearchRequest) -> SearchPage<Item> {
    items.count > search.limit
        ? SearchPage(items: Array(items.prefix(search.limit)), nextOffset: search.offset + search.limit)
        : SearchPage(items: items, nextOffset: nil)
}

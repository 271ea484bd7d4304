// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where experiments, runs, logged models and the names of their files are remembered.
///
/// Every conforming type passes `TrackingStoreContract`. A body is synchronous, sees one consistent state, and may run
/// again from the start after a conflict with another writer: it must not have effects of its own.
package protocol TrackingStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any TrackingReading) throws -> Result) async throws
        -> Result

    /// All of the body's changes, or none; on disk when this returns.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any TrackingWriting) throws -> Result) async throws
        -> Result
}

/// What can be asked of the tracking store inside one transaction.
package protocol TrackingReading {
    func experiment(_ id: ExperimentID) throws -> Experiment?
    func experiment(named name: String, in project: ProjectName) throws -> Experiment?
    /// One more than `limit` where there are more.
    func experiments(in project: ProjectName, _ search: SearchRequest) throws -> [Experiment]

    func runInfo(_ id: RunID) throws -> RunInfo?
    /// Runs with all that was recorded in them, in the order of `ids`; unknown ones are left out.
    func runs(_ ids: [RunID]) throws -> [Run]
    /// Of the experiments given; one more than `limit` where there are more.
    func runs(of experiments: [ExperimentID], _ search: SearchRequest) throws -> [RunID]
    /// The values of those parameters of `keys` that the run has.
    func params(_ keys: [String], of run: RunID) throws -> [KeyedText]
    /// How many points of a metric there are.
    func pointCount(of key: String, in run: RunID) throws -> Int
    /// By time, then step, then value.
    func metricHistory(_ key: String, of run: RunID, offset: Int, limit: Int) throws -> [MetricPoint]
    /// At most about `limit` points of one metric, evenly over its steps, the first and the last among them; of each
    /// step the newest. By step.
    func metricSample(
        _ key: String, of run: RunID, steps: ClosedRange<Int64>?, limit: Int
    ) throws -> [MetricPoint]
    /// Each once for each context it was read in.
    func datasets(of experiments: [ExperimentID], limit: Int) throws -> [DatasetSummary]

    /// Deleted ones too.
    func loggedModel(_ id: LoggedModelID) throws -> LoggedModel?
    /// One more than `limit` where there are more.
    ///
    /// - Parameter datasets: Models that were measured on one of these, by metrics of these; empty for any.
    func loggedModels(
        of experiments: [ExperimentID], datasets: [DatasetKey], _ search: SearchRequest
    ) throws -> [LoggedModel]

    func artifact(_ path: ArtifactPath) throws -> Artifact?
    /// What is directly in a folder, by name; empty where there is none.
    func artifacts(in folder: ArtifactPath) throws -> [ArtifactEntry]
    /// Every file at or below a path, by path; at most `limit`.
    func artifacts(below path: ArtifactPath, limit: Int) throws -> [Artifact]
}

/// A data set that runs of an experiment read.
package struct DatasetSummary: Sendable, Hashable {
    package let experiment: ExperimentID
    package let key: DatasetKey
    package let context: String?

    package init(experiment: ExperimentID, key: DatasetKey, context: String?) {
        self.experiment = experiment
        self.key = key
        self.context = context
    }
}

/// What can be changed inside one transaction.
package protocol TrackingWriting: TrackingReading {
    /// Makes an experiment and numbers it; ``ExperimentID/standard`` where `number` says so.
    func makeExperiment(
        named name: String, in project: ProjectName, number: ExperimentID?, tags: [KeyedText], at time: Timestamp
    ) throws -> ExperimentID
    func rename(_ experiment: ExperimentID, to name: String, at time: Timestamp) throws
    /// Its runs go and come back with it.
    func setDeleted(_ isDeleted: Bool, _ experiment: ExperimentID, at time: Timestamp) throws
    /// `nil` takes the tag away.
    func setTag(_ key: String, to value: String?, of experiment: ExperimentID, at time: Timestamp) throws

    func insert(_ run: RunInfo, tags: [KeyedText]) throws
    /// Name, status and end.
    func update(_ run: RunInfo) throws
    func setDeleted(_ isDeleted: Bool, _ run: RunID, at time: Timestamp) throws
    /// `nil` takes the tag away.
    func setTag(_ key: String, to value: String?, of run: RunID) throws
    func insertParams(_ params: [KeyedText], of run: RunID) throws
    /// Behind those that are there, and the newest of each metric becomes the one that is shown.
    func append(_ points: [MetricPoint], to run: RunID) throws
    /// The same data set again changes nothing.
    func insert(_ inputs: [DatasetInput], of run: RunID) throws
    func insert(inputModels: [LoggedModelID], of run: RunID) throws
    func insert(_ outputs: [ModelOutput], of run: RunID) throws

    func insert(_ model: LoggedModel) throws
    func setStatus(_ status: LoggedModel.Status, of model: LoggedModelID, at time: Timestamp) throws
    func insertParams(_ params: [KeyedText], of model: LoggedModelID) throws
    /// What a run measured of the model that the point names, unless a newer point of that is there.
    func setMetric(_ point: MetricPoint, measuredBy run: RunID) throws
    /// `nil` takes the tag away.
    func setTag(_ key: String, to value: String?, of model: LoggedModelID, at time: Timestamp) throws
    /// Takes a logged model out of sight; its files stay until they are deleted themselves.
    func remove(_ model: LoggedModelID, at time: Timestamp) throws

    /// Gives a path this content, instead of what it had.
    func setArtifact(_ artifact: Artifact) throws
    /// - Returns: How many files went.
    func removeArtifacts(below path: ArtifactPath) throws -> Int
}

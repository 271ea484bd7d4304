// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry

/// A version by its number.
struct VersionKey: Hashable, Sendable {
    let model: ModelReference
    let number: Int
}

/// A data set that a run read.
struct RunInput: Sendable {
    let run: RunID
    let input: DatasetInput
}

extension ContentSearch {
    /// How many runs are read at a time, with all that was recorded in them.
    private static let pageSize = 200

    /// What the runs read that made these versions, where one is known.
    ///
    /// - Returns: Something for each version, also where that is nothing.
    func inputs(of versions: [VersionKey]) async throws -> [VersionKey: [RunInput]] {
        let made = try await registrations.registrations(versions.map { ($0.model, $0.number) })
        let runs = try await tracking.read { store in
            try made.map { registration -> RunID? in
                if let run = registration?.run.flatMap({ RunID($0) }) { return run }
                return try registration?.loggedModel.flatMap { LoggedModelID($0) }.flatMap {
                    try store.loggedModel($0)?.sourceRun
                }
            }
        }
        var inputs: [RunID: [RunInput]] = [:]
        let wanted = Array(Set(runs.compactMap(\.self)))
        for start in stride(from: 0, to: wanted.count, by: Self.pageSize) {
            let page = Array(wanted[start..<min(start + Self.pageSize, wanted.count)])
            for run in try await tracking.read({ try $0.runs(page) }) {
                inputs[run.info.id] = run.datasets.map { RunInput(run: run.info.id, input: $0) }
            }
        }
        return Dictionary(
            zip(versions, runs).map { version, run in (version, run.flatMap { inputs[$0] } ?? []) },
            uniquingKeysWith: { one, _ in one })
    }
}

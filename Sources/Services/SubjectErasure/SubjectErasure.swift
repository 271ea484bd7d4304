// SPDX-License-Identifier: Apache-2.0
package import ContentSearch
package import DataVersions
package import GroundTruth
package import ModelDomain
package import ModelExecution
package import ModelMonitoring
package import ModelRegistry
package import PredictionLogging

/// Erases somebody: destroys the key under which the log has what is about them, deletes their labels, and follows the value
/// through what else the platform keeps.
package struct SubjectErasure: Sendable {
    private static let longestSubject = 200

    let log: PredictionLog
    let labels: any LabelStore
    let registry: ModelRegistry
    let datasets: DataVersions
    let search: ContentSearch
    let alerts: any AlertStore
    let blobs: any BlobStore

    package init(
        log: PredictionLog, labels: any LabelStore, registry: ModelRegistry, datasets: DataVersions,
        search: ContentSearch, alerts: any AlertStore, blobs: any BlobStore
    ) {
        self.log = log
        self.labels = labels
        self.registry = registry
        self.datasets = datasets
        self.search = search
        self.alerts = alerts
        self.blobs = blobs
    }

    /// - Parameter isDryRun: Only says what there is.
    /// - Throws: `IN-006` for a subject that is empty or too long.
    package func erase(
        _ subject: String, in project: ProjectName, isDryRun: Bool, by actor: String
    ) async throws -> ErasureReport {
        guard !subject.isEmpty, subject.utf8.count <= Self.longestSubject else {
            throw Refusal(
                .outOfRange, .invalidInput, "A subject is named with 1 to \(Self.longestSubject) bytes.",
                hint: "Send it as the requests had it, in the column with the role or in slipway-subject.",
                details: [.init("field", "subject")])
        }
        var report = ErasureReport(isDryRun: isDryRun)
        let reference = try await log.reference(of: subject, in: project)
        report.reference = reference?.description
        // While its key is there: afterwards nobody can tell which predictions they were.
        if let reference { report.predictions = try await predictions(about: reference, in: project) }
        try await follow(subject, in: project, into: &report)
        if !isDryRun { _ = try await log.destroyKey(of: subject, in: project) }
        let waiting = try await self.waiting(for: subject, in: project)
        report.waitingLabelCount = waiting.count
        report.labelCount = try await removeLabels(of: reference, waiting: waiting, isDryRun: isDryRun)
        guard !isDryRun else { return report }
        try await registry.record(
            "subject.erase", "subject/\(project)/\(reference?.description ?? "unknown")",
            after: "\(report.predictions.reduce(0) { $0 + $1.rowCount }) rows, \(report.labelCount) labels", by: actor)
        return report
    }

    private func predictions(
        about reference: SubjectReference, in project: ProjectName
    ) async throws -> [ErasureReport.Predictions] {
        var query = PredictionQuery()
        (query.project, query.subject) = (project, reference)
        let found = try await log.scan(query, into: [EndpointName: ErasureReport.Predictions]()) { found, record in
            let endpoint = record.schema.endpoint
            var entry =
                found[endpoint]
                ?? ErasureReport.Predictions(endpoint: endpoint, first: record.time, last: record.time)
            entry.count += 1
            entry.rowCount += record.subjectsByRow.values.count { $0 == reference.description }
            entry.first = min(entry.first, record.time)
            entry.last = max(entry.last, record.time)
            found[endpoint] = entry
            return true
        }
        return found.values.sorted { $0.endpoint.rawValue < $1.endpoint.rawValue }
    }

    // MARK: Labels

    /// Labels that wait for a prediction whose key is the subject.
    private func waiting(
        for subject: String, in project: ProjectName
    ) async throws -> [(endpoint: LabelledEndpoint, label: WaitingLabel)] {
        try await labels.read { store in
            try store.endpointsWithWaiting().filter { $0.project == project }.flatMap { endpoint in
                try store.waiting(for: endpoint, target: .key(subject)).map { (endpoint, $0) }
            }
        }
    }

    /// - Returns: How many rows had a label.
    private func removeLabels(
        of reference: SubjectReference?, waiting: [(endpoint: LabelledEndpoint, label: WaitingLabel)], isDryRun: Bool
    ) async throws -> Int {
        guard !isDryRun else {
            guard let reference else { return 0 }
            return try await labels.read { try $0.labelCount(subject: reference.description) }
        }
        return try await labels.write { store in
            for (endpoint, label) in waiting { try store.removeWaiting(label, for: endpoint) }
            return try reference.map { try store.erase(subject: $0.description) } ?? 0
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where labels are kept. Every conforming type passes `LabelStoreContract`.
package protocol LabelStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any LabelReading) throws -> Result) async throws -> Result

    /// All of the body's changes, or none; on disk when this returns. The body may run again from the start after a
    /// conflict with another writer: it must not have effects of its own.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any LabelWriting) throws -> Result) async throws -> Result
}

/// An endpoint of a project: labels of one that was deleted stay.
package struct LabelledEndpoint: Sendable, Hashable {
    package let project: ProjectName
    package let endpoint: EndpointName

    package init(_ endpoint: EndpointName, in project: ProjectName) {
        self.project = project
        self.endpoint = endpoint
    }
}

/// How often something other than one label in time came to an endpoint.
package struct LabelCounts: Sendable, Hashable {
    /// The same label again.
    package var repeated = 0
    /// Another one in the place of one that was there.
    package var corrected = 0
    package var late = 0
    /// Waited too long for their predictions.
    package var expired = 0
    /// Waited, and then did not fit their predictions.
    package var unfit = 0

    package init() {}

    package static func += (sum: inout LabelCounts, other: LabelCounts) {
        sum.repeated += other.repeated
        sum.corrected += other.corrected
        sum.late += other.late
        sum.expired += other.expired
        sum.unfit += other.unfit
    }
}

/// What can be asked inside one transaction.
package protocol LabelReading {
    /// Labelled rows of some predictions.
    func labels(of endpoint: LabelledEndpoint, predictions: [PredictionID]) throws -> [LabelledRow]
    /// Hands out labelled rows by the time of their predictions, those of the end of the range not among them.
    func forEachLabel(
        of endpoint: LabelledEndpoint, from: Timestamp, to: Timestamp, version: Int?,
        _ body: (LabelledRow) throws -> Void) throws
    func formerLabels(of endpoint: LabelledEndpoint, prediction: PredictionID) throws -> [FormerLabel]
    /// By target and row.
    ///
    /// - Parameter after: The last one of those before; `nil` for the first ones.
    func waiting(for endpoint: LabelledEndpoint, after: WaitingLabel?, limit: Int) throws -> [WaitingLabel]
    /// What waits for one prediction.
    func waiting(for endpoint: LabelledEndpoint, target: Feedback.Target) throws -> [WaitingLabel]
    func waitingCount(for endpoint: LabelledEndpoint) throws -> Int
    /// For which something waits.
    func endpointsWithWaiting() throws -> [LabelledEndpoint]
    /// How many rows about somebody have a label.
    func labelCount(subject: String) throws -> Int
    /// For which there is a label.
    func endpointsWithLabels() throws -> [LabelledEndpoint]
    func counts(of endpoint: LabelledEndpoint) throws -> LabelCounts
}

/// What can be changed inside one transaction.
package protocol LabelWriting: LabelReading {
    /// Keeps a label, in the place of one of the same row.
    func put(_ row: LabelledRow, of endpoint: LabelledEndpoint) throws
    func put(_ former: FormerLabel, of endpoint: LabelledEndpoint) throws
    /// Keeps what waits, in the place of what waits for the same row.
    func put(_ waiting: WaitingLabel, for endpoint: LabelledEndpoint) throws
    func removeWaiting(_ waiting: WaitingLabel, for endpoint: LabelledEndpoint) throws
    /// Deletes the labels of rows about somebody, and what they were before.
    ///
    /// - Returns: How many rows had one.
    func erase(subject: String) throws -> Int
    /// Adds to what was counted.
    func add(_ counts: LabelCounts, to endpoint: LabelledEndpoint) throws
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// What lanes find out about the calls of one version.
///
/// `@unchecked Sendable`: `sizing` is used under the lock of the ``Lanes`` only.
package final class VersionBatching: @unchecked Sendable {
    let cost: RunCost
    var sizing: BatchSizing
    private let capNow = Atomic<Int>(1)
    private let callCount = Atomic<Int>(0)
    private let requestCount = Atomic<Int>(0)
    private let rowCount = Atomic<Int>(0)

    init(_ cost: RunCost) {
        self.cost = cost
        sizing = BatchSizing(cost: cost, most: min(cost.joint.rows, EndpointSettings.largestBatch))
    }

    /// The most rows of requests that may be one call under `settings`, whatever the latency objective says; 1 for one
    /// that is not joined.
    func most(_ settings: EndpointSettings) -> Int {
        switch settings.batching {
        case .off: 1
        case .auto: cost.furtherRowShare <= RunCost.worthwhileShare ? sizing.most : 1
        case .rows(let count): min(count, sizing.most)
        }
    }

    /// The same at the moment. Under the lock of the lanes.
    func cap(_ settings: EndpointSettings) -> Int {
        let most = most(settings)
        return settings.batching == .auto ? min(sizing.cap, most) : most
    }

    /// How long a call may take: half of the latency objective, because whoever comes while one runs waits for its end.
    ///
    /// Without an objective a call may take 10 ms, or as long as two calls with one row.
    func budget(_ settings: EndpointSettings) -> Int {
        if let objective = settings.p99 { return objective.nanoseconds / 2 }
        let one = cost.oneRowNanoseconds == .max ? 0 : cost.oneRowNanoseconds
        return max(10_000_000, one.multiplied(by: 2))
    }

    /// Calls that ran on lanes, or for several requests where these arrived; requests that they answered, and rows of those.
    package var calls: Int { callCount.load(ordering: .relaxed) }
    package var requests: Int { requestCount.load(ordering: .relaxed) }
    package var rows: Int { rowCount.load(ordering: .relaxed) }

    /// Under the lock of the lanes.
    func ran(rows: Int, requests: Int) {
        count(rows: rows, requests: requests)
        capNow.store(sizing.cap, ordering: .relaxed)
    }

    /// Counts a call: alone for one that ran where its requests arrived, from which nothing is learned about lanes.
    func count(rows: Int, requests: Int) {
        callCount.add(1, ordering: .relaxed)
        requestCount.add(requests, ordering: .relaxed)
        rowCount.add(rows, ordering: .relaxed)
    }

    /// What is true of calls that wait on a lane.
    package func verdict(_ settings: EndpointSettings) -> BatchingVerdict {
        let most = most(settings)
        let cap = settings.batching == .auto ? min(capNow.load(ordering: .relaxed), most) : most
        return BatchingVerdict(rowCap: cap, most: most, reason: reason(settings))
    }

    /// What is true of calls that run where they arrive.
    func inlineVerdict(_ settings: EndpointSettings) -> BatchingVerdict {
        let most = most(settings)
        guard most > 1 else {
            return BatchingVerdict(rowCap: 1, most: 1, reason: "requests run where they arrive, and do not wait")
        }
        return BatchingVerdict(
            rowCap: most, most: most,
            reason:
                "requests run where they arrive, and those of one gRPC connection that arrive together are one call; "
                + reason(settings))
    }

    private func reason(_ settings: EndpointSettings) -> String {
        if settings.batching == .off { return "it is switched off" }
        if case .never(let reason) = cost.joint { return reason.text }
        let share = "a further row costs \(Int((cost.furtherRowShare * 100).rounded())) % of the first one"
        if case .rows = settings.batching { return "it is set; \(share)" }
        return share
    }
}

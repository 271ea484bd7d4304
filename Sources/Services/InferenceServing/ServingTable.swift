// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// What answers where, at one moment: an immutable value that every event loop holds a reference to.
package final class ServingTable: Sendable {
    /// By endpoint name, which is unique over the whole server.
    package let endpoints: [String: EndpointState]
    /// Whether every endpoint has a verdict, so that the server may call itself ready.
    package let isComplete: Bool

    package init(endpoints: [String: EndpointState], isComplete: Bool) {
        self.endpoints = endpoints
        self.isComplete = isComplete
    }

    package static let empty = ServingTable(endpoints: [:], isComplete: false)

    /// - Throws: `REG-003` with the closest name when there is no such endpoint.
    package func endpoint(_ name: String) throws(ServingError) -> EndpointState {
        guard let state = endpoints[name] else {
            throw .endpointUnknown(name, closest: closestName(to: name, among: endpoints.keys))
        }
        return state
    }
}

/// One endpoint: what is wanted there, what answers, and why the two may differ.
///
/// A class, so that a request holds it by one reference.
package final class EndpointState: Sendable {
    package let record: EndpointRecord
    /// What answers; `nil` when nothing proven is there.
    package let live: LiveVersion?
    /// Why the wanted version does not answer.
    package let problem: Explanation?
    package let counters: EndpointCounters

    package init(record: EndpointRecord, live: LiveVersion?, problem: Explanation?, counters: EndpointCounters) {
        self.record = record
        self.live = live
        self.problem = problem
        self.counters = counters
    }

    /// - Throws: `SRV-001` with the reason when nothing proven is there.
    package func ready() throws(ServingError) -> LiveVersion {
        guard let live else { throw .notReady(record.name, because: problem) }
        return live
    }

    /// The live version when it is the one that the caller names; any, when the caller names none.
    ///
    /// - Throws: `REG-002` when another version answers here.
    package func ready(version: String?) throws(ServingError) -> LiveVersion {
        let live = try ready()
        guard let version, version != live.versionText else { return live }
        throw .versionNotLive(record.name, asked: version, live: live.versionText)
    }
}

/// Counts of one endpoint since the server started, over all its versions.
package final class EndpointCounters: Sendable {
    private let acceptedCount = Atomic<Int>(0)
    private let answeredCount = Atomic<Int>(0)
    private let failedCount = Atomic<Int>(0)

    package init() {}

    package var accepted: Int { acceptedCount.load(ordering: .relaxed) }
    /// Accepted and answered, failures included.
    package var answered: Int { answeredCount.load(ordering: .relaxed) }
    package var failed: Int { failedCount.load(ordering: .relaxed) }

    func accept() { acceptedCount.add(1, ordering: .relaxed) }

    func answer(failed: Bool) {
        answeredCount.add(1, ordering: .relaxed)
        if failed { failedCount.add(1, ordering: .relaxed) }
    }
}

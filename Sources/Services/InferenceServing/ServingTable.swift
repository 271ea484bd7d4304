// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
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
    private static let count = Atomic<Int>(0)

    /// Tells it from every other one of the process, also from those that are gone.
    package let serial = count.add(1, ordering: .relaxed).newValue
    package let record: EndpointRecord
    /// What answers; `nil` when nothing proven is there.
    package let live: LiveVersion?
    /// Why the wanted version does not answer.
    package let problem: Explanation?
    /// Whether the first request has the wanted version loaded.
    package let isCold: Bool
    /// Who waits for that.
    package let awakening: Awakening
    /// Since when this is what answers.
    package let since: Moment
    package let counters: EndpointCounters
    /// Its queue; the same one for as long as the endpoint is there.
    package let admission: EndpointAdmission
    /// Answers that are kept of the version that answers; `nil` where the endpoint keeps none.
    package let cache: ResponseCache?
    /// From when a request is there; `nil` for no limit.
    let deadlineNanoseconds: Int?

    /// - Parameters:
    ///   - isCold: Whether the version is there for the asking; only without one that answers.
    ///   - before: The same endpoint until now: what waits and what is counted stays.
    package init(
        record: EndpointRecord, live: LiveVersion?, problem: Explanation? = nil, isCold: Bool = false,
        after before: EndpointState? = nil
    ) {
        self.record = record
        self.live = live
        self.problem = problem
        self.isCold = isCold && live == nil
        awakening = before?.awakening ?? Awakening()
        since = if let before, before.live === live { before.since } else { .now }
        counters = before?.counters ?? EndpointCounters()
        admission = before?.admission ?? EndpointAdmission()
        deadlineNanoseconds = record.settings.deadline?.nanoseconds
        cache = ResponseCache.of(live, record.settings.cache, after: before)
    }

    /// - Throws: ``ServingError/cold(_:)`` when the version has to be loaded first; `SRV-001` with the reason when nothing
    ///   proven is there.
    package func ready() throws(ServingError) -> LiveVersion {
        guard let live else { throw isCold ? .cold(self) : .notReady(record.name, because: problem) }
        return live
    }

    /// The number of the version that answers, or would when it is asked.
    package var versionText: String { live?.versionText ?? String(record.current.version) }

    /// Whether a request would be answered: by what is in memory, or once it is there.
    package var answers: Bool { live != nil || (isCold && problem == nil) }

    /// What ``ready(version:)`` requires, of an endpoint that need not be loaded for it.
    package func requireAnswer(version: String?) throws(ServingError) {
        guard isCold else {
            _ = try ready(version: version)
            return
        }
        guard problem == nil else { throw .notReady(record.name, because: problem) }
        guard version == nil || version == versionText else {
            throw .versionNotLive(record.name, asked: version ?? "", live: versionText)
        }
    }

    /// Since when nobody has had an answer here.
    package var lastUse: Moment {
        guard let idle = counters.nanosecondsSinceLastInference else { return since }
        return max(since, Moment(nanoseconds: Moment.now.nanoseconds - idle))
    }

    /// The live version when it is the one that the caller names; any, when the caller names none.
    ///
    /// - Throws: `REG-002` when another version answers here.
    package func ready(version: String?) throws(ServingError) -> LiveVersion {
        // A model is not loaded for a version that it has not.
        if isCold, let version, version != versionText {
            throw .versionNotLive(record.name, asked: version, live: versionText)
        }
        let live = try ready()
        guard let version, version != live.versionText else { return live }
        throw .versionNotLive(record.name, asked: version, live: live.versionText)
    }
}

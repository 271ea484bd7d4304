// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

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
    /// Its queue; the same one for as long as the endpoint is there.
    package let admission: EndpointAdmission
    /// From when a request is there; `nil` for no limit.
    let deadlineNanoseconds: Int?

    /// - Parameter before: The same endpoint until now: what waits and what is counted stays.
    package init(
        record: EndpointRecord, live: LiveVersion?, problem: Explanation? = nil, after before: EndpointState? = nil
    ) {
        self.record = record
        self.live = live
        self.problem = problem
        counters = before?.counters ?? EndpointCounters()
        admission = before?.admission ?? EndpointAdmission()
        deadlineNanoseconds = record.settings.deadline?.nanoseconds
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

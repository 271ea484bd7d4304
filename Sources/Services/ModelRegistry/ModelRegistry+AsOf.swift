// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What answered at an endpoint at some moment, as the ledger has it.
package struct EndpointMoment: Sendable, Hashable {
    /// `model/default/churn/3`; `nil` when nothing answered there.
    package let version: String?
    /// The bundle of that version, as it was then; `nil` where the ledger does not say.
    package let bundle: String?
    /// The entry by which it came to answer, or by which it ceased to; `nil` when nothing had happened there yet.
    package let because: LedgerEntry?
    /// The entry by which that version came to be.
    package let registered: LedgerEntry?
}

extension ModelRegistry {
    /// What answered at an endpoint at `time`, for any moment past: also of one that was removed since.
    ///
    /// While a server ran: when it did not is in no entry.
    package func answering(
        at endpoint: EndpointName, in project: ProjectName = .standard, time: Timestamp
    ) async throws -> EndpointMoment {
        try await store.read { store in
            let because = try store.newestEntry(
                of: endpointPath(endpoint, project), actions: answeringActions, until: time)
            guard let because, let version = because.change.after else {
                return EndpointMoment(version: nil, bundle: nil, because: because, registered: nil)
            }
            let made = try store.newestEntry(of: version, actions: madeActions, until: time)
            return EndpointMoment(version: version, bundle: made?.change.after, because: because, registered: made)
        }
    }
}

/// What changes which version answers at an endpoint; settings do not.
private let answeringActions = [
    "endpoint.deploy", "endpoint.rollback", "endpoint.load", "endpoint.unload", "endpoint.remove",
    "endpoint.start",
]

/// What gives a version its bundle.
private let madeActions = ["model.register", "model.import", "version.pack"]

extension RegistryReading {
    /// The version that answers at an endpoint, as the ledger has it: `model/default/churn/3`.
    func answering(at endpoint: EndpointName, in project: ProjectName, until time: Timestamp) throws -> String? {
        try newestEntry(of: endpointPath(endpoint, project), actions: answeringActions, until: time)?.change.after
    }
}

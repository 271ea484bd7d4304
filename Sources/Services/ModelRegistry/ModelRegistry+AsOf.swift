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
    /// It is what was wanted there. Where a version failed its proof at a start, the server answered with the one before,
    /// and said so in its log.
    package func answering(
        at endpoint: EndpointName, in project: ProjectName = .standard, time: Timestamp
    ) async throws -> EndpointMoment {
        try await store.read { store in
            var entries = try store.ledger(of: endpointPath(endpoint, project), until: time, limit: 50)
            // Settings change nothing of it, however often they are changed.
            while let last = entries.last, entries.allSatisfy({ $0.change.action == "endpoint.set" }) {
                let before = Timestamp(microseconds: last.time.microseconds - 1)
                entries = try store.ledger(of: endpointPath(endpoint, project), until: before, limit: 50)
            }
            let because = entries.first { $0.change.action != "endpoint.set" }
            guard let because, !["endpoint.remove", "endpoint.unload"].contains(because.change.action),
                let version = because.change.after
            else { return EndpointMoment(version: nil, bundle: nil, because: because, registered: nil) }
            let made = try store.ledger(of: version, until: time, limit: 50)
                .first { ["model.register", "version.pack"].contains($0.change.action) }
            return EndpointMoment(version: version, bundle: made?.change.after, because: because, registered: made)
        }
    }
}

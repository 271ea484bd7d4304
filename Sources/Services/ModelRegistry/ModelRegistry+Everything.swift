// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Many versions at once, as one consistent state.
extension ModelRegistry {
    /// - Returns: One for each, in that order; `nil` for one that is not there.
    package func versions(_ wanted: [(model: ModelReference, number: Int)]) async throws -> [ModelVersion?] {
        guard !wanted.isEmpty else { return [] }
        return try await store.read { store in try wanted.map { try store.version($0.number, of: $0.model) } }
    }

    /// Of all models by name, newest first.
    package func allVersions() async throws -> [ModelVersion] {
        try await store.read { store in try store.models().flatMap { try store.versions(of: $0) } }
    }
}

extension ModelRegistrations {
    /// Of all models by name, newest first.
    package func allVersions() async throws -> [VersionRecord] {
        try await store.read { store in try store.models().flatMap { try store.versionRecords(of: $0) } }
    }

    /// Where versions come from that a client of MLflow registered.
    ///
    /// - Returns: One for each, in that order; `nil` for one that is not there.
    package func registrations(_ wanted: [(model: ModelReference, number: Int)]) async throws -> [Registration?] {
        guard !wanted.isEmpty else { return [] }
        return try await store.read { store in
            try wanted.map { try store.versionRecord($0.number, of: $0.model)?.registration }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where models, versions, aliases, endpoints, deployments and the ledger are remembered.
///
/// Every conforming type passes `RegistryStoreContract`. A body is synchronous, sees one consistent state, and may run
/// again from the start after a conflict with another writer: it must not have effects of its own.
package protocol RegistryStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any RegistryReading) throws -> Result) async throws
        -> Result

    /// All of the body's changes, or none; on disk when this returns.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any RegistryWriting) throws -> Result) async throws
        -> Result
}

/// The ledger inside one transaction.
package protocol LedgerReading {
    /// The newest entry; `nil` before the first one.
    func ledgerHead() throws -> LedgerEntry?
}

/// What every change is made with: whatever else a transaction changes, its entry goes into the same one.
package protocol LedgerWriting: LedgerReading {
    /// The entry goes behind the newest one: ``LedgerEntry/init(sequence:time:change:after:)``.
    ///
    /// - Throws: `REG-008` for an entry that is not chained to the newest one.
    func append(_ entry: LedgerEntry) throws
}

/// What can be asked of the registry inside one transaction.
package protocol RegistryReading: LedgerReading {
    /// Projects by name, the standard one always among them.
    func projects() throws -> [ProjectRecord]
    func hasProject(_ name: ProjectName) throws -> Bool
    /// Models by name.
    func models() throws -> [ModelReference]
    /// Newest first; empty for an unknown model.
    func versions(of model: ModelReference) throws -> [ModelVersion]
    func version(_ number: Int, of model: ModelReference) throws -> ModelVersion?
    /// The greatest number that a version of the model ever had, deleted ones among them; 0 for none.
    func lastNumber(of model: ModelReference) throws -> Int
    func aliases(of model: ModelReference) throws -> [AliasName: Int]
    /// Endpoints by name.
    func endpoints() throws -> [EndpointRecord]
    func endpoint(_ name: EndpointName, in project: ProjectName) throws -> EndpointRecord?
    /// Newest first; empty for an unknown endpoint.
    func deployments(of name: EndpointName, in project: ProjectName) throws -> [Deployment]
    /// Entries from `sequence` on, oldest first, at most `limit`.
    func ledger(from sequence: Int, limit: Int) throws -> [LedgerEntry]
    /// The same behind `sequence`, whatever has become of them; from the first one for `nil`.
    func ledgerRows(after sequence: Int?, limit: Int) throws -> [LedgerRow]
    /// The newest entry by which one of `actions` was done to an object, of those made at `time` or before.
    func newestEntry(of object: String, actions: [String], until time: Timestamp) throws -> LedgerEntry?
}

/// What can be changed inside one transaction. Callers append the ledger entry of a change beside it.
package protocol RegistryWriting: RegistryReading, LedgerWriting {
    /// Remembers a project; one that is there stays as it is.
    func insertProject(_ name: ProjectName, at time: Timestamp) throws
    /// Forgets a project that is empty.
    func removeProject(_ name: ProjectName) throws
    /// Remembers a version; the project and the model are made with the first one.
    func insert(_ version: ModelVersion) throws
    func setStatus(_ status: ModelVersion.Status, of version: Int, model: ModelReference) throws
    /// Points `alias` at a version; `nil` takes the alias away.
    func setAlias(_ alias: AliasName, of model: ModelReference, to version: Int?) throws
    /// Remembers a deployment; the endpoint is made with the first one.
    func insert(_ deployment: Deployment, to name: EndpointName, in project: ProjectName) throws
    /// Remembers all settings of an endpoint that is there.
    func setSettings(_ settings: EndpointSettings, of name: EndpointName, in project: ProjectName) throws
    /// Forgets an endpoint, its deployments and its settings; the ledger keeps what happened.
    func removeEndpoint(_ name: EndpointName, in project: ProjectName) throws
}

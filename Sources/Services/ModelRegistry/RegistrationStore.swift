// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain

/// The registry with what people say of models and versions: the side of it that clients of MLflow see.
///
/// Every conforming type passes `RegistrationStoreContract`.
package protocol RegistrationStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any RegistrationReading) throws -> Result) async throws
        -> Result

    /// All of the body's changes, or none; on disk when this returns.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any RegistrationWriting) throws -> Result) async throws
        -> Result
}

package protocol RegistrationReading: RegistryReading {
    func registeredModel(_ model: ModelReference) throws -> RegisteredModel?
    /// One more than `limit` where there are more.
    func registeredModels(in project: ProjectName, _ search: SearchRequest) throws -> [RegisteredModel]
    func versionRecord(_ number: Int, of model: ModelReference) throws -> VersionRecord?
    /// Newest first.
    func versionRecords(of model: ModelReference) throws -> [VersionRecord]
    /// One more than `limit` where there are more.
    func versionRecords(in project: ProjectName, _ search: SearchRequest) throws -> [VersionRecord]
    /// Endpoints whose present deployment, or one that they may go back to, has a version of this model.
    ///
    /// - Parameter version: `nil` for any.
    func endpoints(deploying model: ModelReference, version: Int?) throws -> [EndpointName]
}

package protocol RegistrationWriting: RegistrationReading, RegistryWriting {
    /// Names a model that has no version yet.
    func insertModel(_ model: ModelReference, description: String?, at time: Timestamp) throws
    /// `nil` takes a text away.
    func setDescription(_ text: String?, of model: ModelReference, at time: Timestamp) throws
    func setTag(_ key: String, to value: String?, of model: ModelReference, at time: Timestamp) throws
    /// Versions, aliases, tags and deployments go along.
    func rename(_ model: ModelReference, to name: ModelName, at time: Timestamp) throws
    /// Takes a model out of sight with its versions and aliases. Numbers are not given again.
    func remove(_ model: ModelReference, at time: Timestamp) throws

    func setRegistration(_ registration: Registration, of version: Int, model: ModelReference) throws
    func setDescription(_ text: String?, of version: Int, model: ModelReference, at time: Timestamp) throws
    func setStage(_ stage: Stage, of version: Int, model: ModelReference, at time: Timestamp) throws
    func setTag(_ key: String, to value: String?, of version: Int, model: ModelReference, at time: Timestamp) throws
    /// Gives a version that was only registered what it is made of.
    func setBundle(
        _ bundle: Digest, provenance: Digest, origin: ExampleOrigin?, of version: Int, model: ModelReference,
        at time: Timestamp
    ) throws
    /// Takes a version out of sight with its aliases.
    func remove(_ version: Int, of model: ModelReference, at time: Timestamp) throws
}

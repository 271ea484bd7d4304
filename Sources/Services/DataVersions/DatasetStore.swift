// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelRegistry

/// Where versions of data are remembered; their contents are in the blob store.
///
/// Every conforming type passes `DatasetStoreContract`.
package protocol DatasetStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any DatasetReading) throws -> Result) async throws
        -> Result

    /// All of the body's changes, or none; on disk when this returns.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any DatasetWriting) throws -> Result) async throws
        -> Result
}

package protocol DatasetReading: RegistryReading {
    /// The newest version of each data set, by name.
    func newestDatasets(in project: ProjectName) throws -> [DatasetVersion]
    /// Newest first; empty for an unknown one.
    func versions(of dataset: DatasetReference) throws -> [DatasetVersion]
    /// Of all projects, by name and number.
    func versions(withData digests: [Digest]) throws -> [DatasetVersion]
}

package protocol DatasetWriting: DatasetReading, RegistryWriting {
    func insert(_ version: DatasetVersion) throws
}

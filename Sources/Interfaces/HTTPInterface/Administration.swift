// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import ModelExecution
package import ModelRegistry
package import ModelRollouts
package import WireTypes

/// What administration is done with: the services, and what only the program as a whole can tell.
package struct Administration: Sendable {
    package let inference: InferenceService
    package let registry: ModelRegistry
    package let rollouts: Rollouts
    package let blobs: any BlobStore
    /// When the server started, as RFC 3339.
    package let startedAt: String
    package let engines: @Sendable () -> [EngineV1]
    /// Resident memory of the server in bytes, where the system tells.
    package let residentBytes: @Sendable () -> Int?
    /// The newest lines of the server's log, oldest first.
    package let logLines: @Sendable (_ count: Int) async throws -> [String]
    /// Deploys a folder of a container that serves several models; `nil` everywhere else.
    package let deployFolder: (@Sendable (_ folder: String, _ endpoint: EndpointName) async throws -> Void)?

    package init(
        inference: InferenceService, registry: ModelRegistry, rollouts: Rollouts, blobs: any BlobStore,
        startedAt: String, engines: @escaping @Sendable () -> [EngineV1],
        residentBytes: @escaping @Sendable () -> Int?,
        logLines: @escaping @Sendable (_ count: Int) async throws -> [String],
        deployFolder: (@Sendable (_ folder: String, _ endpoint: EndpointName) async throws -> Void)? = nil
    ) {
        self.deployFolder = deployFolder
        self.inference = inference
        self.registry = registry
        self.rollouts = rollouts
        self.blobs = blobs
        self.startedAt = startedAt
        self.engines = engines
        self.residentBytes = residentBytes
        self.logLines = logLines
    }
}

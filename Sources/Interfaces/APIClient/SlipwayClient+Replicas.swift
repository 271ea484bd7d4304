// SPDX-License-Identifier: Apache-2.0
package import WireTypes

extension SlipwayClient {
    /// The servers of the platform, the first to start first.
    package func replicas() async throws -> [ReplicaV1] {
        try await value([ReplicaV1].self, of: Call(path: "/v1/replicas"))
    }
}

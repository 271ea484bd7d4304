// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import WireTypes

extension SlipwayClient {
    /// How the traffic of an endpoint compares with what it is held against.
    ///
    /// - Parameter windows: Of the past, 1 to 400.
    package func drift(_ endpoint: EndpointName, windows: Int) async throws -> DriftV1 {
        try await value(
            DriftV1.self,
            of: Call(path: "/v1/endpoints/\(endpoint)/drift", query: [(name: "windows", value: String(windows))]))
    }
}

// SPDX-License-Identifier: Apache-2.0
package import AccessControl
package import InferenceServing
internal import ModelDomain

extension ServingTable {
    /// An endpoint as what somebody asks for.
    ///
    /// - Parameter name: `nil` where the request names none.
    package func resource(of name: String?) -> Resource {
        .endpoint(name, in: name.flatMap { endpoints[$0]?.record.project })
    }

    /// The endpoints that a list shows, by name.
    ///
    /// - Parameter principal: `nil` for somebody to whom everything is open.
    package func endpoints(for principal: Principal?) -> [(name: String, state: EndpointState)] {
        endpoints.filter { principal?.sees($0.value.record.name, in: $0.value.record.project) ?? true }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

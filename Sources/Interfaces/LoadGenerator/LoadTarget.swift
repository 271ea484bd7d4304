// SPDX-License-Identifier: Apache-2.0

/// Where requests go, and what they say: the bodies take turns.
package struct LoadTarget: Sendable {
    package let path: String
    package let headers: [(name: String, value: String)]
    /// Never empty.
    package let bodies: [Body]

    package struct Body: Sendable {
        package let bytes: [UInt8]
        /// The length of the JSON in front, where binary tensors follow it.
        package let jsonByteCount: Int?

        package init(bytes: [UInt8], jsonByteCount: Int? = nil) {
            self.bytes = bytes
            self.jsonByteCount = jsonByteCount
        }
    }

    /// - Precondition: there is a body.
    package init(path: String, headers: [(name: String, value: String)], bodies: [Body]) {
        precondition(!bodies.isEmpty, "nothing to send")
        self.path = path
        self.headers = headers
        self.bodies = bodies
    }
}

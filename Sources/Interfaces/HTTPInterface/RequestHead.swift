// SPDX-License-Identifier: Apache-2.0

/// The head of a request, as ``HeadReader`` found it.
package struct RequestHead {
    package enum Method: Sendable, Equatable {
        case get, head, post
        case other(String)

        var name: String {
            switch self {
            case .get: "GET"
            case .head: "HEAD"
            case .post: "POST"
            case .other(let name): name
            }
        }
    }

    /// How the end of the body is known.
    package enum Framing: Sendable, Equatable {
        /// By its length; 0 when there is none.
        case length(Int)
        case chunked
    }

    package let method: Method
    /// Whether it is HTTP/1.1, as against 1.0.
    package let isVersion11: Bool
    package let target: RequestTarget
    package let facts: RequestFacts
    package let framing: Framing
    /// Whether the client may ask again on the connection.
    package let keepsAlive: Bool
    /// Of the head with the empty line behind it.
    package let byteCount: Int
}

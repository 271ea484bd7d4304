// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import NIOCore

/// A request of ours while it arrives and is answered.
struct FastRequest {
    /// The most that is set aside for a body because its head says so; more only for bytes that came.
    private static let largestReservation = 4 << 20

    let route: FastRoute
    /// How the client reads errors.
    var errorForm: ErrorForm
    var facts: RequestFacts
    let isHead: Bool
    let isVersion11: Bool
    /// Whether the connection can go on behind the answer.
    var keepsAlive: Bool
    /// Decided by the head: the body is dropped, and this is the answer.
    var refusal: Refused?
    var reader: BodyReader
    private(set) var body: ByteBuffer?

    struct Refused {
        let explanation: Explanation
        var status: Int?
        var allowedMethods: StaticString?
    }

    init(_ head: RequestHead, route: FastRoute) {
        self.route = route
        errorForm = route.errorForm
        facts = head.facts
        isHead = head.method == .head
        isVersion11 = head.isVersion11
        keepsAlive = head.keepsAlive
        reader = BodyReader(head.framing)
    }

    /// What is answered when not even a head can be read.
    static var unreadable: FastRequest {
        FastRequest(
            RequestHead(
                method: .get, isVersion11: true, target: RequestTarget("*"), facts: RequestFacts(), framing: .length(0),
                keepsAlive: false, byteCount: 0), route: .unknown)
    }

    var byteCount: Int { body?.readableBytes ?? 0 }

    /// Keeps a part of the body: a whole one as it is, without copying.
    mutating func append(_ part: ByteBuffer) {
        var part = part
        if body != nil {
            body?.writeBuffer(&part)
        } else if let length = facts.contentLength, length > part.readableBytes {
            var reserved = ByteBufferAllocator().buffer(capacity: min(length, Self.largestReservation))
            reserved.writeBuffer(&part)
            body = reserved
        } else {
            body = part
        }
    }

    /// Puts the body in place of the one that came compressed.
    mutating func replaceBody(_ bytes: [UInt8]) { body = ByteBuffer(bytes: bytes) }
}

// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import NIOCore

/// A request of ours while it arrives and is answered.
struct FastRequest {
    /// The most that is set aside for a body because its head says so; more only for bytes that came.
    private static let largestReservation = 4 << 20

    var route = FastRoute.unknown
    var facts: RequestFacts?
    var isHead = false
    /// Whether the connection can go on behind the answer.
    var keepsAlive = true
    /// Decided by the head: the body is dropped, and this is the answer.
    var refusal: Refused?
    private(set) var body: ByteBuffer?

    struct Refused {
        let explanation: Explanation
        var status: Int?
        var allowedMethods: StaticString?
    }

    var byteCount: Int { body?.readableBytes ?? 0 }

    /// Keeps a part of the body: a whole one as it is, without copying.
    mutating func append(_ part: ByteBuffer) {
        var part = part
        if body != nil {
            body?.writeBuffer(&part)
        } else if let length = facts?.contentLength, length > part.readableBytes {
            var reserved = ByteBufferAllocator().buffer(capacity: min(length, Self.largestReservation))
            reserved.writeBuffer(&part)
            body = reserved
        } else {
            body = part
        }
    }
}
